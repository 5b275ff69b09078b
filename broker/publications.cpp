#include "broker/publications.hpp"

#include <cstring>

namespace muster::broker {
namespace {

// What stands first in the buffer, of each.
enum class Kind : uint8_t { publication, run };

struct RunHeader {
  Kind kind;
  bool v5;
  uint8_t qos;
  uint8_t door;
  uint16_t topic;     // its size,
  uint32_t topic_at;  // and where it stands in the packets
  uint32_t size;
  uint32_t count;
  uint32_t payload;
  uint16_t publisher;
  uint64_t token;
  uint64_t peers;
};

struct Header {
  Kind kind;
  uint8_t qos;
  uint8_t retain;
  uint8_t way;
  uint8_t door;
  uint64_t token;
  uint64_t peers;
  uint32_t topic;
  uint32_t payload;
  uint32_t properties;
  uint32_t expiry_s;
  uint16_t publisher;
  uint16_t packet_id;  // not 0: a Term follows the publisher
  uint32_t share;
};

}  // namespace

void Publications::append(const PublicationView& publication) {
  Header header{Kind::publication,
                static_cast<uint8_t>(publication.qos),
                publication.retain,
                static_cast<uint8_t>(publication.way),
                static_cast<uint8_t>(publication.door),
                publication.token,
                publication.peers,
                static_cast<uint32_t>(publication.topic.size()),
                static_cast<uint32_t>(publication.payload.size()),
                static_cast<uint32_t>(publication.properties.size()),
                publication.expiry_s,
                static_cast<uint16_t>(publication.publisher.size()),
                publication.packet_id,
                static_cast<uint32_t>(publication.share.size())};
  bytes_.append(reinterpret_cast<const char*>(&header), sizeof header);
  bytes_.append(publication.topic);
  if (publication.payload.size() < large_payload_bytes) {
    bytes_.append(publication.payload);
  } else {
    large_.push_back(publication.large ? *publication.large : Slice(publication.payload));
  }
  for (const BytesView rare : {publication.properties, publication.publisher, publication.share}) {
    if (!rare.empty()) bytes_.append(rare);
  }
  if (publication.packet_id == 0) return;
  bytes_.append(reinterpret_cast<const char*>(&publication.term), sizeof publication.term);
}

void Publications::append(const PublicationRun& run) {
  const RunHeader header{Kind::run,
                         run.version == mqtt::Version::v5,
                         static_cast<uint8_t>(run.qos),
                         static_cast<uint8_t>(run.door),
                         static_cast<uint16_t>(run.topic.size()),
                         static_cast<uint32_t>(run.topic.data() - run.packets.data()),
                         static_cast<uint32_t>(run.packets.size()),
                         run.count,
                         run.payload,
                         static_cast<uint16_t>(run.publisher.size()),
                         run.token,
                         run.peers};
  bytes_.append(reinterpret_cast<const char*>(&header), sizeof header);
  bytes_.append(run.packets);
  if (!run.publisher.empty()) bytes_.append(run.publisher);
}

bool Publications::is_run(size_t at) const {
  return static_cast<Kind>(bytes_[at]) == Kind::run;
}

PublicationRun Publications::read_run(size_t& at) const {
  MUSTER_CHECK(at + sizeof(RunHeader) <= bytes_.size());
  RunHeader header;
  std::memcpy(&header, bytes_.data() + at, sizeof header);
  at += sizeof header;
  MUSTER_CHECK(header.size + header.publisher <= bytes_.size() - at);
  PublicationRun run;
  run.packets = {bytes_.data() + at, header.size};
  run.topic = run.packets.substr(header.topic_at, header.topic);
  run.version = mqtt::version_of(header.v5);
  run.qos = static_cast<mqtt::Qos>(header.qos);
  run.count = header.count;
  run.payload = header.payload;
  at += header.size;
  run.publisher = {bytes_.data() + at, header.publisher};
  at += header.publisher;
  run.door = static_cast<wire::Durability>(header.door);
  run.token = header.token;
  run.peers = header.peers;
  return run;
}

PublicationView Publications::read(size_t& at, size_t& large) const {
  MUSTER_CHECK(at + sizeof(Header) <= bytes_.size());
  Header header;
  std::memcpy(&header, bytes_.data() + at, sizeof header);
  at += sizeof header;
  auto cut = [&](size_t length) {
    MUSTER_CHECK(length <= bytes_.size() - at);
    BytesView view(bytes_.data() + at, length);
    at += length;
    return view;
  };
  PublicationView out;
  out.topic = cut(header.topic);
  if (header.payload < large_payload_bytes) {
    out.payload = cut(header.payload);
  } else {
    out.large = &large_[large++];
    out.payload = *out.large;
  }
  out.properties = cut(header.properties);
  out.publisher = cut(header.publisher);
  out.share = cut(header.share);
  out.qos = static_cast<mqtt::Qos>(header.qos);
  out.retain = header.retain != 0;
  out.door = static_cast<wire::Durability>(header.door);
  out.expiry_s = header.expiry_s;
  out.token = header.token;
  out.peers = header.peers;
  out.way = static_cast<wire::ShareWay>(header.way);
  out.packet_id = header.packet_id;
  if (out.packet_id != 0) std::memcpy(&out.term, cut(sizeof out.term).data(), sizeof out.term);
  return out;
}

}  // namespace muster::broker
