#include "core/mqtt/property_reader.hpp"

namespace muster::mqtt {
namespace {

constexpr uint64_t bit(PropertyId id) {
  return uint64_t{1} << static_cast<unsigned>(id);
}

}  // namespace

bool PropertyReader::next() {
  if (reader_.at_end()) {
    // 3.1.2.11.10: data make no sense without the method they belong to.
    const bool orphan = (seen_ & bit(PropertyId::authentication_data)) != 0 &&
                        (seen_ & bit(PropertyId::authentication_method)) == 0;
    reader_.require(!orphan, Reason::protocol_error);
    return false;
  }
  const BytesView before = reader_.rest();
  const uint8_t id = reader_.u8();  // a Variable Byte Integer, but all are below 128
  if (id >= property_id_limit || (property_table[id].carriers & carrier_) == 0) {
    reader_.fail(Reason::malformed_packet);  // 2.2.2.2
    return false;
  }
  id_ = static_cast<PropertyId>(id);
  const PropertyRule& rule = property_table[id];
  const bool repeated = (seen_ & bit(id_)) != 0;
  if (repeated && (rule.repeats & carrier_) == 0) {
    reader_.fail(Reason::protocol_error);  // "more than once", in the section of each property
    return false;
  }
  seen_ |= bit(id_);
  read_value(rule);
  if (reader_.ok()) judge_value(rule);
  if (reader_.ok()) judge_sender();
  if (!reader_.ok()) return false;
  whole_ = before.substr(0, before.size() - reader_.rest().size());
  return true;
}

void PropertyReader::read_value(const PropertyRule& rule) {
  switch (rule.type) {
    case PropertyType::u8:
      number_ = reader_.u8();
      break;
    case PropertyType::u16:
      number_ = reader_.u16();
      break;
    case PropertyType::u32:
      number_ = reader_.u32();
      break;
    case PropertyType::varint:
      number_ = reader_.varint();
      break;
    case PropertyType::binary:
      text_ = reader_.binary();
      break;
    case PropertyType::utf8:
      text_ = reader_.utf8();
      break;
    case PropertyType::utf8_pair:
      text_ = reader_.utf8();
      second_ = reader_.utf8();
      break;
    case PropertyType::unknown:
      reader_.fail(Reason::malformed_packet);
      break;
  }
}

void PropertyReader::judge_value(const PropertyRule& rule) {
  if (rule.type <= PropertyType::varint) {
    const bool alias = id_ == PropertyId::topic_alias;
    reader_.require(number_ >= rule.least && number_ <= rule.most,
                    alias ? Reason::topic_alias_invalid : Reason::protocol_error);
  }
  if (id_ == PropertyId::response_topic) {  // 3.3.2-14
    reader_.require(valid_topic_name(text_), Reason::protocol_error);
  }
}

void PropertyReader::judge_sender() {
  const bool from_client = sender_ == Sender::client;
  const bool in_disconnect = carrier_ == carrier(PacketType::disconnect);
  bool allowed = true;
  if (id_ == PropertyId::subscription_identifier) {  // 3.3.4-6
    allowed = !(from_client && carrier_ == carrier(PacketType::publish));
  } else if (id_ == PropertyId::session_expiry_interval) {  // 3.14.2-2
    allowed = from_client || !in_disconnect;
  } else if (id_ == PropertyId::server_reference) {  // 3.14.2.2.5
    allowed = !from_client || !in_disconnect;
  }
  reader_.require(allowed, Reason::protocol_error);
}

}  // namespace muster::mqtt
