// Each property in each packet (table 2-4 and the sections of chapter 3): where it may stand,
// twice, cut short, out of its range.

#include <functional>

#include "tests/support/gallery_rows.hpp"

namespace muster::support {

using namespace mqtt;

namespace {

// A packet around properties; the value is completed by setting them.
struct Host {
  Bytes letter;  // in Property::hosts
  Bytes name, before, after;
  Packet value;
  Sender sender;
};

const std::vector<Host>& hosts() {
  static const std::vector<Host> all = {
      {"C", "connect", "10{ ['MQTT'] 05 02 0000 {", "} ['id'] }", Connect{.client_id = "id"},
       Sender::client},
      {"W", "will", "10{ ['MQTT'] 05 06 0000 {} ['id'] {", "} ['w'] [] }",
       Connect{.client_id = "id", .will = WillMessage{.topic = "w"}}, Sender::client},
      {"K", "connack", "20{ 00 00 {", "} }", Connack{}, Sender::server},
      {"P", "publish", "30{ ['t'] {", "} 'x' }", Publish{"t", "x"}, Sender::client},
      {"p", "served publish", "30{ ['t'] {", "} 'x' }", Publish{"t", "x"}, Sender::server},
      {"1", "puback", "40{ 0001 10 {", "} }",
       Acknowledgement{PacketType::puback, 1, Reason::no_matching_subscribers}, Sender::server},
      {"2", "pubrec", "50{ 0001 10 {", "} }",
       Acknowledgement{PacketType::pubrec, 1, Reason::no_matching_subscribers}, Sender::server},
      {"3", "pubrel", "62{ 0001 00 {", "} }", Acknowledgement{PacketType::pubrel, 1},
       Sender::client},
      {"4", "pubcomp", "70{ 0001 00 {", "} }", Acknowledgement{PacketType::pubcomp, 1},
       Sender::client},
      {"S", "subscribe", "82{ 0001 {", "} ['f'] 00 }", Subscribe{1, {{"f"}}}, Sender::client},
      {"s", "suback", "90{ 0001 {", "} 00 }", Suback{1, {Reason::success}}, Sender::server},
      {"U", "unsubscribe", "A2{ 0001 {", "} ['f'] }", Unsubscribe{1, {"f"}}, Sender::client},
      {"u", "unsuback", "B0{ 0001 {", "} 00 }", Unsuback{1, {Reason::success}}, Sender::server},
      {"D", "disconnect", "E0{ 00 {", "} }", Disconnect{}, Sender::client},
      {"d", "server's disconnect", "E0{ 00 {", "} }", Disconnect{}, Sender::server},
      {"A", "auth", "F0{ 18 {", "} }", Auth{Reason::continue_authentication}, Sender::client},
  };
  return all;
}

struct Property {
  Bytes name, bytes;
  Bytes hosts;    // that may carry it
  Bytes repeats;  // that may carry it more than once
  std::function<void(Properties&)> set;
};

const std::vector<Property>& properties() {
  static const Bytes every = "CWKPp1234SsUuDdA";
  static const std::vector<Property> all = {
      {"payload format indicator", "01 01", "WPp", "",
       [](Properties& p) { p.payload_format_indicator = 1; }},
      {"message expiry interval", "02 00000102", "WPp", "",
       [](Properties& p) { p.message_expiry_interval = 258; }},
      {"content type", "03['text/plain']", "WPp", "",
       [](Properties& p) { p.content_type = "text/plain"; }},
      {"response topic", "08['a/b']", "WPp", "", [](Properties& p) { p.response_topic = "a/b"; }},
      {"correlation data", "09[00FF]", "WPp", "",
       [](Properties& p) { p.correlation_data = BytesView("\0\xFF", 2); }},
      {"subscription identifier", "0B 8001", "Sp", "p",
       [](Properties& p) { p.subscription_identifiers.push_back(128); }},
      {"session expiry interval", "11 FFFFFFFF", "CKD", "",
       [](Properties& p) { p.session_expiry_interval = UINT32_MAX; }},
      {"assigned client identifier", "12['c']", "K", "",
       [](Properties& p) { p.assigned_client_identifier = "c"; }},
      {"server keep alive", "13 0102", "K", "", [](Properties& p) { p.server_keep_alive = 258; }},
      {"authentication method", "15['m']", "CKA", "",
       [](Properties& p) { p.authentication_method = "m"; }},
      {"authentication data", "15['m'] 16[00]", "CKA", "",
       [](Properties& p) {
         p.authentication_method = "m";
         p.authentication_data = BytesView("\0", 1);
       }},
      {"request problem information", "17 00", "C", "",
       [](Properties& p) { p.request_problem_information = 0; }},
      {"will delay interval", "18 00000001", "W", "",
       [](Properties& p) { p.will_delay_interval = 1; }},
      {"request response information", "19 01", "C", "",
       [](Properties& p) { p.request_response_information = 1; }},
      {"response information", "1A['r']", "K", "",
       [](Properties& p) { p.response_information = "r"; }},
      {"server reference", "1C['s']", "Kd", "", [](Properties& p) { p.server_reference = "s"; }},
      {"reason string", "1F[]", "K1234suDdA", "", [](Properties& p) { p.reason_string = ""; }},
      {"receive maximum", "21 FFFF", "CK", "", [](Properties& p) { p.receive_maximum = 65'535; }},
      {"topic alias maximum", "22 0000", "CK", "",
       [](Properties& p) { p.topic_alias_maximum = 0; }},
      {"topic alias", "23 0001", "Pp", "", [](Properties& p) { p.topic_alias = 1; }},
      {"maximum QoS", "24 01", "K", "", [](Properties& p) { p.maximum_qos = 1; }},
      {"retain available", "25 00", "K", "", [](Properties& p) { p.retain_available = 0; }},
      {"user property", "26['name'][]", every, every,
       [](Properties& p) { p.user_properties.emplace_back("name", ""); }},
      {"maximum packet size", "27 00000001", "CK", "",
       [](Properties& p) { p.maximum_packet_size = 1; }},
      {"wildcard subscription available", "28 00", "K", "",
       [](Properties& p) { p.wildcard_subscription_available = 0; }},
      {"subscription identifier available", "29 01", "K", "",
       [](Properties& p) { p.subscription_identifier_available = 1; }},
      {"shared subscription available", "2A 00", "K", "",
       [](Properties& p) { p.shared_subscription_available = 0; }},
  };
  return all;
}

template <class One>
Properties* properties_of(One& packet) {
  if constexpr (std::is_same_v<One, Connect>) {
    if (packet.will) return &packet.will->properties;
  }
  if constexpr (requires { packet.properties; }) {
    return &packet.properties;
  } else {
    return nullptr;
  }
}

Packet with(const Host& host, const Property& property, int times) {
  Packet packet = host.value;
  Properties* into = std::visit([](auto& one) { return properties_of(one); }, packet);
  for (int i = 0; i < times; ++i) property.set(*into);
  // AUTH never goes without a method.
  if (host.letter == "A") into->authentication_method = "m";
  return packet;
}

// The properties around `bytes` that its host cannot do without.
Bytes dressed(const Host& host, const Bytes& bytes) {
  const bool needs_method = host.letter == "A" && bytes.substr(0, 2) != "15";
  return host.before + (needs_method ? "15['m']" : "") + bytes + host.after;
}

bool in(const Bytes& letters, const Host& host) {
  return letters.find(host.letter) != Bytes::npos;
}

Reason refusal(const Host& host, const Property& property) {
  // The packet may carry it, but not from this sender: the packet is well formed.
  const bool other_sender = (host.letter == "P" && in(property.hosts, hosts()[4])) ||
                            (host.letter == "D" && in(property.hosts, hosts()[14])) ||
                            (host.letter == "d" && in(property.hosts, hosts()[13]));
  return other_sender ? Reason::protocol_error : Reason::malformed_packet;
}

void one_property(GalleryRows& rows, const Host& host, const Property& property) {
  const Bytes name = host.name + " with " + property.name;
  const Bytes once = dressed(host, property.bytes);
  const Bytes twice = dressed(host, property.bytes + " " + property.bytes);
  rows.speak(Version::v5, host.sender);
  if (!in(property.hosts, host)) {
    rows.bad(name + ": not here", once, refusal(host, property));
    return;
  }
  rows.good(name, once, with(host, property, 1));
  if (in(property.repeats, host)) {
    rows.good(name + " twice", twice, with(host, property, 2));
  } else {
    rows.bad(name + ": twice", twice, Reason::protocol_error);
  }
  // Cut by its last byte, and to its identifier alone.
  Bytes cut = property.bytes;
  const size_t digits = cut.find_last_of("0123456789ABCDEF", cut.find_last_not_of(']'));
  if (cut.back() != ']') {
    cut.erase(digits - 1, 2);
    rows.bad(name + ": cut", dressed(host, cut), Reason::malformed_packet);
  } else {
    rows.bad(name + ": cut", dressed(host, cut.substr(0, cut.rfind('[')) + "00"),
             Reason::malformed_packet);
  }
  const Bytes last_id = property.bytes.find(" 16") == Bytes::npos ? cut.substr(0, 2) : "16";
  rows.bad(name + ": value missing", dressed(host, last_id), Reason::malformed_packet);
}

void ranges(GalleryRows& rows) {
  constexpr Reason protocol = Reason::protocol_error;
  rows.speak(Version::v5, Sender::client);
  for (const BytesView bytes : {"17 02", "17 FF", "19 02", "21 0000", "27 00000000"}) {
    rows.bad("connect: property " + Bytes(bytes),
             "10{ ['MQTT'] 05 02 0000 {" + Bytes(bytes) + "} ['id'] }", protocol);
  }
  rows.bad("will: property 01 02", "10{ ['MQTT'] 05 06 0000 {} ['id'] { 01 02 } ['w'] [] }",
           protocol);
  rows.bad("publish: property 01 02", "30{ ['t'] { 01 02 } 'x' }", protocol);
  rows.speak(Version::v5, Sender::server);
  for (const BytesView bytes :
       {"21 0000", "24 02", "25 02", "27 00000000", "28 02", "29 02", "2A 02", "2A FF"}) {
    rows.bad("connack: property " + Bytes(bytes), "20{ 00 00 {" + Bytes(bytes) + "} }", protocol);
  }
  rows.speak(Version::v5, Sender::client);
  for (const BytesView id : {"00", "04", "0A", "10", "14", "1B", "20", "2B", "7F", "80 01", "FF"}) {
    rows.bad("publish: property identifier " + Bytes(id), "30{ ['t'] {" + Bytes(id) + "} 'x' }",
             Reason::malformed_packet);
  }
}

}  // namespace

void property_rows(GalleryRows& rows) {
  for (const Host& host : hosts()) {
    for (const Property& property : properties()) one_property(rows, host, property);
  }
  ranges(rows);
}

}  // namespace muster::support
