// Each reason code in each packet, after the lists in the packets' own sections (3.2.2.2, 3.4.2.1
// and so on; the codec's table follows table 2-6 instead).

#include <array>
#include <cstdio>

#include "tests/support/gallery_rows.hpp"

namespace muster::support {

using namespace mqtt;

namespace {

struct Carrier {
  PacketType type;
  Bytes name;
  Bytes before, after;  // around the reason code
  Bytes codes;          // all that are allowed
  Sender sender;
  bool optional;  // success is left out
};

const std::array<Carrier, 9>& carriers() {
  using Type = PacketType;
  constexpr Sender client = Sender::client;
  constexpr Sender server = Sender::server;
  const Bytes received = "00 10 80 83 87 90 91 97 99";
  static const std::array<Carrier, 9> all = {{
      {Type::connack, "connack", "20{ 00 ", " {} }",
       "00 80 81 82 83 84 85 86 87 88 89 8A 8C 90 95 97 99 9A 9B 9C 9D 9F", server, false},
      {Type::puback, "puback", "40{ 0001 ", " }", received, client, true},
      {Type::pubrec, "pubrec", "50{ 0001 ", " }", received, client, true},
      {Type::pubrel, "pubrel", "62{ 0001 ", " }", "00 92", client, true},
      {Type::pubcomp, "pubcomp", "70{ 0001 ", " }", "00 92", client, true},
      {Type::suback, "suback", "90{ 0001 {} ", " }", "00 01 02 80 83 87 8F 91 97 9E A1 A2", server,
       false},
      {Type::unsuback, "unsuback", "B0{ 0001 {} ", " }", "00 11 80 83 87 8F 91", server, false},
      {Type::disconnect, "disconnect", "E0{ ", " }",
       "00 04 80 81 82 83 87 89 8B 8C 8D 8E 8F 90 93 94 95 96 97 98 99 9A 9B 9C 9D 9E 9F A0 A1 "
       "A2",
       server, true},
      {Type::auth, "auth", "F0{ ", " { 15['m'] } }", "00 18 19", client, false},
  }};
  return all;
}

Packet value_of(PacketType type, Reason reason) {
  switch (type) {
    case PacketType::connack:
      return Connack{false, reason};
    case PacketType::suback:
      return Suback{1, {reason}};
    case PacketType::unsuback:
      return Unsuback{1, {reason}};
    case PacketType::disconnect:
      return Disconnect{reason};
    case PacketType::auth:
      return Auth{reason, {.authentication_method = "m"}};
    default:
      return Acknowledgement{type, 1, reason};
  }
}

}  // namespace

void reason_rows(GalleryRows& rows) {
  for (const Carrier& carrier : carriers()) {
    rows.speak(Version::v5, carrier.sender);
    for (unsigned code = 0; code < 256; ++code) {
      // Those that no packet knows: some are enough.
      if (code > 0x1A && code < 0x80 && code != 0x7F) continue;
      if (code > 0xA3 && code != 0xFF) continue;
      char hex[3];
      std::snprintf(hex, sizeof hex, "%02X", code);
      const Bytes bytes = carrier.before + hex + carrier.after;
      const Bytes name = carrier.name + " with reason " + hex;
      if (carrier.codes.find(hex) == Bytes::npos) {
        rows.bad(name, bytes, Reason::protocol_error);
      } else {
        const Packet value = value_of(carrier.type, static_cast<Reason>(code));
        const bool left_out = code == 0 && carrier.optional;
        left_out ? rows.odd(name, bytes, value) : rows.good(name, bytes, value);
      }
    }
  }
}

}  // namespace muster::support
