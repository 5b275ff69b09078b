// PINGREQ, PINGRESP (3.12, 3.13), DISCONNECT (3.14), AUTH (3.15), fixed headers (2.1).

#include "tests/support/gallery_rows.hpp"

namespace muster::support {

using namespace mqtt;

namespace {

constexpr Reason malformed = Reason::malformed_packet;
constexpr Reason protocol = Reason::protocol_error;

void pings(GalleryRows& rows) {
  for (const Version version : {Version::v3_1, Version::v3_1_1, Version::v5}) {
    rows.speak(version, Sender::client);
    rows.good("pingreq", "C000", Pingreq{});
    rows.bad("pingreq: with a body", "C0{ 00 }", malformed);
    rows.bad("pingreq: wrong flags", "C100", malformed);
    rows.bad("pingresp: from a client", "D000", protocol);
    rows.speak(version, Sender::server);
    rows.good("pingresp", "D000", Pingresp{});
    rows.bad("pingresp: with a body", "D0{ 00 }", malformed);
    rows.bad("pingreq: from a server", "C000", protocol);
  }
}

void disconnects(GalleryRows& rows) {
  for (const Sender sender : {Sender::client, Sender::server}) {
    rows.speak(Version::v5, sender);
    rows.good("disconnect", "E000", Disconnect{});
    rows.odd("disconnect with success", "E0{ 00 }", Disconnect{});
    rows.odd("disconnect with no properties", "E0{ 00 {} }", Disconnect{});
    rows.good("disconnect with reason", "E0{ 82 }", Disconnect{Reason::protocol_error});
    rows.good("disconnect with reason string", "E0{ 81 { 1F['why'] } }",
              Disconnect{Reason::malformed_packet, {.reason_string = "why"}});
    rows.bad("disconnect: properties cut", "E0{ 00 05 11 0000 }", malformed);
    rows.bad("disconnect: bytes left over", "E0{ 00 {} 00 }", malformed);
    rows.bad("disconnect: wrong flags", "E200", malformed);
  }
  rows.speak(Version::v5, Sender::client);
  rows.good("disconnect with will", "E0{ 04 }", Disconnect{Reason::disconnect_with_will});
  rows.good("disconnect changing expiry", "E0{ 00 { 11 FFFFFFFF } }",
            Disconnect{Reason::success, {.session_expiry_interval = UINT32_MAX}});
  rows.bad("disconnect: server reference from a client", "E0{ 9C { 1C['b'] } }", protocol);
  rows.speak(Version::v5, Sender::server);
  rows.good("disconnect to another server", "E0{ 9C { 1C['b:1883'] } }",
            Disconnect{Reason::use_another_server, {.server_reference = "b:1883"}});
  rows.bad("disconnect: session expiry from a server", "E0{ 00 { 11 00000001 } }", protocol);
  rows.speak(Version::v3_1_1, Sender::client);
  rows.good("3.1.1 disconnect", "E000", Disconnect{});
  rows.bad("3.1.1 disconnect: with reason and properties", "E0{ 00 {} }", malformed);
  rows.bad("3.1.1 disconnect: with reason", "E0{ 00 }", malformed);
  rows.speak(Version::v3_1_1, Sender::server);
  rows.bad("3.1.1 disconnect: from a server", "E000", protocol);
}

void auths(GalleryRows& rows) {
  for (const Sender sender : {Sender::client, Sender::server}) {
    rows.speak(Version::v5, sender);
    rows.good("auth", "F000", Auth{});
    rows.good("auth going on", "F0{ 18 { 15['m'] 16[00] } }",
              Auth{Reason::continue_authentication,
                   {.authentication_method = "m", .authentication_data = BytesView("\0", 1)}});
    rows.good("auth again", "F0{ 19 { 15['m'] } }",
              Auth{Reason::reauthenticate, {.authentication_method = "m"}});
    rows.bad("auth: without method", "F0{ 18 {} }", protocol);
    rows.bad("auth: data without method", "F0{ 18 { 16[00] } }", protocol);
    rows.bad("auth: reason without properties", "F0{ 18 }", malformed);
    rows.bad("auth: wrong flags", "F100", malformed);
    rows.bad("auth: bytes left over", "F0{ 18 { 15['m'] } 00 }", malformed);
    rows.speak(Version::v3_1_1, sender);
    rows.bad("3.1.1 auth", "F000", malformed);
  }
}

// Flags that are not reserved for the packet (table 2-2 of both standards).
void reserved_flags(GalleryRows& rows, Version version) {
  const struct {
    BytesView type, body, old_body;
    char right;
    Sender sender;
  } kinds[] = {
      {"2", "{ 00 00 {} }", "{ 00 00 }", '0', Sender::server},
      {"4", "{ 0001 }", "{ 0001 }", '0', Sender::client},
      {"5", "{ 0001 }", "{ 0001 }", '0', Sender::client},
      {"6", "{ 0001 }", "{ 0001 }", '2', Sender::client},
      {"7", "{ 0001 }", "{ 0001 }", '0', Sender::client},
      {"8", "{ 0001 {} ['a'] 00 }", "{ 0001 ['a'] 00 }", '2', Sender::client},
      {"9", "{ 0001 {} 00 }", "{ 0001 00 }", '0', Sender::server},
      {"A", "{ 0001 {} ['a'] }", "{ 0001 ['a'] }", '2', Sender::client},
      {"B", "{ 0001 {} 00 }", "{ 0001 }", '0', Sender::server},
      {"C", "{ }", "{ }", '0', Sender::client},
      {"D", "{ }", "{ }", '0', Sender::server},
      {"E", "{ }", "{ }", '0', Sender::client},
      {"F", "{ }", "{ }", '0', Sender::client},
  };
  const bool old = version != Version::v5;
  for (const auto& kind : kinds) {
    for (const char flags : BytesView("0123456789ABCDEF")) {
      const bool again = version == Version::v3_1 && kind.right == '2' && flags == 'A';  // DUP
      if (flags == kind.right || again) continue;
      const Bytes first = Bytes(kind.type) + flags;
      rows.speak(version, kind.sender);
      rows.bad("frame: first byte " + first, first + Bytes(old ? kind.old_body : kind.body),
               Reason::malformed_packet);
    }
  }
}

void reserved_connect_flags(GalleryRows& rows) {
  rows.speak(Version::v5, Sender::client);
  for (const char flags : BytesView("123456789ABCDEF")) {
    const Bytes first = Bytes("1") + flags;
    rows.bad_in_all("frame: first byte " + first, first + "{ ['MQTT'] 05 02 0000 {} ['id'] }",
                    Reason::malformed_packet);
  }
}

}  // namespace

void small_rows(GalleryRows& rows) {
  pings(rows);
  disconnects(rows);
  auths(rows);
}

void frame_rows(GalleryRows& rows) {
  rows.speak(Version::v5, Sender::client);
  // 3.1.1 only shows how a length is written; a longer way is refused as in 5.0 (1.5.5-1).
  rows.bad_in_all("frame: type 0", "0000", malformed);
  rows.bad_in_all("frame: type 0 with flags", "0F", malformed);
  rows.bad_in_all("frame: length over-long", "C0 8000", malformed);
  rows.bad_in_all("frame: length over-long by two", "C0 808000", malformed);
  rows.bad_in_all("frame: length over-long by three", "C0 80808000", malformed);
  rows.bad_in_all("frame: length of five bytes", "C0 8080808001", malformed);
  rows.bad_in_all("frame: length of four continued bytes", "30 FFFFFFFF", malformed);
  for (const Version version : {Version::v3_1, Version::v3_1_1, Version::v5}) {
    reserved_flags(rows, version);
  }
  reserved_connect_flags(rows);
}

}  // namespace muster::support
