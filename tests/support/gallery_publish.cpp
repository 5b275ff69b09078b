// PUBLISH (3.3) and its acknowledgements (3.4 to 3.7).

#include "tests/support/gallery_rows.hpp"

namespace muster::support {

using namespace mqtt;

namespace {

void good_publishes(GalleryRows& rows) {
  rows.good("publish", "30{ ['a/b'] {} 'hello' }", Publish{"a/b", "hello"});
  rows.good("publish nothing", "30{ ['t'] {} }", Publish{"t", ""});
  rows.good("publish bytes that are no text", "30{ ['t'] {} 00FF80 }",
            Publish{"t", BytesView("\0\xFF\x80", 3)});
  rows.good("publish retained", "31{ ['t'] {} 'x' }",
            Publish{.topic = "t", .payload = "x", .retain = true});
  rows.good("publish QoS 1", "32{ ['t'] 0001 {} 'x' }",
            Publish{.topic = "t", .payload = "x", .qos = Qos::at_least_once, .packet_id = 1});
  rows.good("publish QoS 2", "34{ ['t'] FFFF {} 'x' }",
            Publish{.topic = "t", .payload = "x", .qos = Qos::exactly_once, .packet_id = 65'535});
  rows.good("publish again", "3D{ ['t'] 0100 {} 'x' }",
            Publish{"t", "x", Qos::exactly_once, true, true, 256});
  rows.good("publish by alias", "30{ [] { 23 0001 } 'x' }",
            Publish{.payload = "x", .properties = {.topic_alias = 1}});
  rows.good("publish setting an alias", "30{ ['t'] { 23 FFFF } 'x' }",
            Publish{.topic = "t", .payload = "x", .properties = {.topic_alias = 65'535}});
  Properties order;
  order.user_properties = {{"b", "1"}, {"a", "2"}, {"b", "1"}};
  rows.good("publish with user properties in order",
            "30{ ['t'] { 26['b']['1'] 26['a']['2'] 26['b']['1'] } 'x' }",
            Publish{.topic = "t", .payload = "x", .properties = order});
  rows.odd("publish with properties in another order",
           "30{ ['t'] { 03['text'] 01 01 02 0000000A } 'x' }",
           Publish{.topic = "t",
                   .payload = "x",
                   .properties = {.payload_format_indicator = 1,
                                  .message_expiry_interval = 10,
                                  .content_type = "text"}});
  rows.speak(Version::v5, Sender::server);
  Properties subscriptions;
  subscriptions.subscription_identifiers = {1, 127, 128, 16'384, 268'435'455};
  rows.good("publish with subscription identifiers",
            "30{ ['t'] { 0B 01 0B 7F 0B 8001 0B 808001 0B FFFFFF7F } 'x' }",
            Publish{.topic = "t", .payload = "x", .properties = subscriptions});
  for (const Version version : {Version::v3_1, Version::v3_1_1}) {
    rows.speak(version, Sender::client);
    rows.good("old publish", "30{ ['a/b'] 'hello' }", Publish{"a/b", "hello"});
    rows.good("old publish QoS 1", "3B{ ['t'] 0001 'x' }",
              Publish{"t", "x", Qos::at_least_once, true, true, 1});
    rows.good("old publish nothing", "34{ ['t'] 0001 }",
              Publish{.topic = "t", .qos = Qos::exactly_once, .packet_id = 1});
  }
}

void bad_publishes(GalleryRows& rows) {
  constexpr Reason malformed = Reason::malformed_packet;
  constexpr Reason protocol = Reason::protocol_error;
  for (const Sender sender : {Sender::client, Sender::server}) {
    rows.speak(Version::v5, sender);
    rows.bad_in_all("publish: QoS 3 again, retained", "3F{ ['t'] 0001 {} }", malformed);
    rows.bad_in_all("publish: QoS 3", "36{ ['t'] 0001 {} }", malformed);
    rows.bad_in_all("publish: DUP with QoS 0", "38{ ['t'] {} }", malformed, Version::v3_1_1);
    rows.bad_in_all("publish: topic longer than any packet of its size", "30{ FFFF 't' }",
                    malformed);
    rows.bad_in_all("publish: packet identifier 0", "32{ ['t'] 0000 {} }", protocol);
    rows.bad_in_all("publish: packet identifier cut", "32{ ['t'] 00 }", malformed);
    rows.bad("publish: no topic, no alias", "30{ [] {} 'x' }", protocol);
    rows.bad_in_all("publish: topic cut", "30{ 0002 't' }", malformed);
    rows.bad_in_all("publish: nothing", "30{ }", malformed);
    rows.bad("publish: no property length", "30{ ['t'] }", malformed);
    rows.bad("publish: property length over-long", "30{ ['t'] 8000 'x' }", malformed);
    rows.bad("publish: property length of five bytes", "30{ ['t'] 8080808001 'x' }", malformed);
    rows.bad("publish: properties beyond the end", "30{ ['t'] 05 01 01 }", malformed);
    rows.bad("publish: property cut", "30{ ['t'] { 02 0000 } 'x' }", malformed);
    rows.bad("publish: alias 0", "30{ ['t'] { 23 0000 } 'x' }", Reason::topic_alias_invalid);
    rows.bad("publish: response topic with wildcard", "30{ ['t'] { 08['a/#'] } 'x' }", protocol);
    rows.bad("publish: empty response topic", "30{ ['t'] { 08[] } 'x' }", protocol);
  }
  rows.speak(Version::v5, Sender::server);
  rows.bad("publish: subscription identifier 0", "30{ ['t'] { 0B 00 } 'x' }", protocol);
  rows.bad("publish: subscription identifier over-long", "30{ ['t'] { 0B 8100 } 'x' }", malformed);
  rows.bad("publish: subscription identifier too large", "30{ ['t'] { 0B FFFFFFFF7F } 'x' }",
           malformed);
  rows.speak(Version::v5, Sender::client);
  rows.bad("publish: subscription identifier from a client", "30{ ['t'] { 0B 01 } 'x' }", protocol);
  rows.speak(Version::v3_1_1, Sender::client);
  rows.bad("3.1.1 publish: no topic", "30{ [] 'x' }", protocol);
  rows.bad("3.1.1 publish: packet identifier missing", "32{ ['t'] }", malformed);
}

// One of the four acknowledgements; `first` is its first byte, `wrong` one with wrong flags.
void one_acknowledgement(GalleryRows& rows, PacketType type, const Bytes& name, const Bytes& first,
                         const Bytes& wrong) {
  constexpr Reason malformed = Reason::malformed_packet;
  const bool answer = type == PacketType::puback || type == PacketType::pubrec;
  const Reason failure = answer ? Reason::quota_exceeded : Reason::packet_identifier_not_found;
  const Bytes code = answer ? "97" : "92";
  const Bytes failed = first + "{ 0102 " + code;
  const Acknowledgement plain{.type = type, .packet_id = 258};
  for (const Sender sender : {Sender::client, Sender::server}) {
    rows.speak(Version::v5, sender);
    rows.good(name, first + "{ 0102 }", plain);
    rows.odd(name + " with success", first + "{ 0102 00 }", plain);
    rows.odd(name + " with no properties", first + "{ 0102 00 {} }", plain);
    rows.good(name + " with failure", failed + " }", Acknowledgement{type, 258, failure});
    rows.good(name + " with reason string", failed + " { 1F['why'] } }",
              Acknowledgement{type, 258, failure, {.reason_string = "why"}});
    rows.bad(name + ": packet identifier 0", first + "{ 0000 }", Reason::protocol_error);
    rows.bad(name + ": packet identifier cut", first + "{ 01 }", malformed);
    rows.bad(name + ": nothing", first + "{ }", malformed);
    rows.bad(name + ": wrong flags", wrong + "{ 0102 }", malformed);
    rows.bad(name + ": properties beyond the end", first + "{ 0102 00 02 1F }", malformed);
    rows.bad(name + ": bytes left over", first + "{ 0102 00 {} 00 }", malformed);
  }
  for (const Version version : {Version::v3_1, Version::v3_1_1}) {
    rows.speak(version, Sender::client);
    rows.good("old " + name, first + "{ 0102 }", plain);
    rows.bad("old " + name + ": nothing", first + "{ }", malformed);
    rows.bad("old " + name + ": packet identifier cut", first + "{ 01 }", malformed);
    rows.bad("old " + name + ": wrong flags", wrong + "{ 0102 }", malformed);
    rows.bad("old " + name + ": reason code", first + "{ 0102 00 }", malformed);
    rows.bad("old " + name + ": packet identifier 0", first + "{ 0000 }", Reason::protocol_error);
  }
}

}  // namespace

void publish_rows(GalleryRows& rows) {
  rows.speak(Version::v5, Sender::client);
  good_publishes(rows);
  bad_publishes(rows);
}

void acknowledgement_rows(GalleryRows& rows) {
  one_acknowledgement(rows, PacketType::puback, "puback", "40", "42");
  one_acknowledgement(rows, PacketType::pubrec, "pubrec", "50", "52");
  one_acknowledgement(rows, PacketType::pubrel, "pubrel", "62", "60");
  one_acknowledgement(rows, PacketType::pubcomp, "pubcomp", "70", "72");
  rows.speak(Version::v3_1, Sender::client);
  rows.odd("3.1 pubrel again", "6A{ 0102 }",
           Acknowledgement{.type = PacketType::pubrel, .packet_id = 258});
}

}  // namespace muster::support
