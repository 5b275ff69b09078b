// CONNECT and CONNACK (chapters 3.1 and 3.2 of both standards).

#include "tests/support/gallery_rows.hpp"

namespace muster::support {

using namespace mqtt;

namespace {

void good_connects(GalleryRows& rows) {
  rows.good("connect", "10{ ['MQTT'] 05 02 003C {} ['id'] }",
            Connect{.keep_alive = 60, .client_id = "id"});
  rows.good("connect resuming", "10{ ['MQTT'] 05 00 0000 {} ['id'] }",
            Connect{.clean_start = false, .client_id = "id"});
  rows.good("connect without identifier", "10{ ['MQTT'] 05 02 0000 {} [] }", Connect{});
  rows.good("connect resuming without identifier", "10{ ['MQTT'] 05 00 0000 {} [] }",
            Connect{.clean_start = false});
  rows.good("connect with user name", "10{ ['MQTT'] 05 82 0000 {} ['id'] ['me'] }",
            Connect{.client_id = "id", .user_name = "me"});
  rows.good("connect with password alone", "10{ ['MQTT'] 05 42 0000 {} ['id'] [00FF] }",
            Connect{.client_id = "id", .password = BytesView("\0\xFF", 2)});
  rows.good(
      "connect with user name and password",
      "10{ ['MQTT'] 05 C2 FFFF {} ['id'] ['me'] ['secret'] }",
      Connect{.keep_alive = 65'535, .client_id = "id", .user_name = "me", .password = "secret"});
  rows.good("connect with will", "10{ ['MQTT'] 05 06 0000 {} ['id'] {} ['w'] ['gone'] }",
            Connect{.client_id = "id", .will = WillMessage{.topic = "w", .payload = "gone"}});
  rows.good(
      "connect with empty will", "10{ ['MQTT'] 05 0E 0000 {} ['id'] {} ['w'] [] }",
      Connect{.client_id = "id", .will = WillMessage{.topic = "w", .qos = Qos::at_least_once}});
  Properties connection{.session_expiry_interval = 3600, .receive_maximum = 10};
  connection.user_properties = {{"k", "v"}, {"k", "v"}};
  Properties last{.message_expiry_interval = 7, .will_delay_interval = 5};
  rows.good("connect with everything",
            "10{ ['MQTT'] 05 F6 000A { 11 00000E10 21 000A 26['k']['v'] 26['k']['v'] } ['id'] "
            "{ 02 00000007 18 00000005 } ['w/x'] [00] ['me'] ['secret'] }",
            Connect{.keep_alive = 10,
                    .client_id = "id",
                    .will = WillMessage{"w/x", BytesView("\0", 1), Qos::exactly_once, true, last},
                    .user_name = "me",
                    .password = "secret",
                    .properties = connection});
}

void good_old_connects(GalleryRows& rows) {
  rows.speak(Version::v3_1_1, Sender::client);
  rows.good("3.1.1 connect", "10{ ['MQTT'] 04 02 003C ['id'] }",
            Connect{.version = Version::v3_1_1, .keep_alive = 60, .client_id = "id"});
  rows.good("3.1.1 connect without identifier", "10{ ['MQTT'] 04 02 0000 [] }",
            Connect{.version = Version::v3_1_1});
  rows.good("3.1.1 connect with persistent session", "10{ ['MQTT'] 04 00 0000 ['id'] }",
            Connect{.version = Version::v3_1_1, .clean_start = false, .client_id = "id"});
  rows.good("3.1.1 connect with everything",
            "10{ ['MQTT'] 04 EE 0001 ['id'] ['w'] ['gone'] ['me'] ['secret'] }",
            Connect{.version = Version::v3_1_1,
                    .keep_alive = 1,
                    .client_id = "id",
                    .will = WillMessage{"w", "gone", Qos::at_least_once, true},
                    .user_name = "me",
                    .password = "secret"});
  rows.speak(Version::v3_1, Sender::client);
  rows.good("3.1 connect", "10{ ['MQIsdp'] 03 02 003C ['id'] }",
            Connect{.version = Version::v3_1, .keep_alive = 60, .client_id = "id"});
}

void bad_connects(GalleryRows& rows) {
  constexpr Reason malformed = Reason::malformed_packet;
  constexpr Reason version = Reason::unsupported_protocol_version;
  rows.speak(Version::v5, Sender::client);
  rows.bad("connect: other protocol", "10{ ['MQTX'] 05 02 0000 {} ['id'] }", version);
  rows.bad("connect: protocol in small letters", "10{ ['mqtt'] 05 02 0000 {} ['id'] }", version);
  rows.bad("connect: no protocol", "10{ [] 05 02 0000 {} ['id'] }", version);
  rows.bad("connect: protocol of 3.1 in 3.1.1", "10{ ['MQIsdp'] 04 02 0000 ['id'] }", version);
  rows.bad("connect: protocol of 3.1.1 in 3.1", "10{ ['MQTT'] 03 02 0000 ['id'] }", version);
  rows.bad("connect: version 0", "10{ ['MQTT'] 00 02 0000 ['id'] }", version);
  rows.bad("connect: version 6", "10{ ['MQTT'] 06 02 0000 {} ['id'] }", version);
  rows.bad("connect: bridge's version", "10{ ['MQTT'] 84 02 0000 ['id'] }", version);
  rows.bad("connect: version missing", "10{ ['MQTT'] }", malformed);
  rows.bad("connect: protocol longer than the packet", "10{ FFFF 'MQTT' 05 02 }", malformed);
  rows.bad("connect: protocol cut", "10{ 0004 'MQT' }", malformed);
  rows.bad("connect: nothing", "10{ }", malformed);
  rows.bad_in_all("connect: reserved flag", "10{ ['MQTT'] 05 03 0000 {} ['id'] }", malformed,
                  Version::v3_1_1);
  rows.bad_in_all("connect: will QoS 3", "10{ ['MQTT'] 05 1E 0000 {} ['id'] {} ['w'] [] }",
                  malformed);
  rows.bad_in_all("connect: will QoS without will", "10{ ['MQTT'] 05 0A 0000 {} ['id'] }",
                  malformed, Version::v3_1_1);
  rows.bad_in_all("connect: will retain without will", "10{ ['MQTT'] 05 22 0000 {} ['id'] }",
                  malformed, Version::v3_1_1);
  rows.bad_in_all("connect: keep-alive cut", "10{ ['MQTT'] 05 02 00 }", malformed);
  rows.bad("connect: no property length", "10{ ['MQTT'] 05 02 0000 }", malformed);
  rows.bad("connect: properties beyond the end", "10{ ['MQTT'] 05 02 0000 05 11 0000 }", malformed);
  rows.bad_in_all("connect: identifier missing", "10{ ['MQTT'] 05 02 0000 {} }", malformed);
  rows.bad_in_all("connect: identifier cut", "10{ ['MQTT'] 05 02 0000 {} 0003 'id' }", malformed);
  rows.bad_in_all("connect: will missing", "10{ ['MQTT'] 05 06 0000 {} ['id'] }", malformed);
  rows.bad_in_all("connect: will payload missing", "10{ ['MQTT'] 05 06 0000 {} ['id'] {} ['w'] }",
                  malformed);
  rows.bad_in_all("connect: user name missing", "10{ ['MQTT'] 05 82 0000 {} ['id'] }", malformed);
  rows.bad_in_all("connect: password missing", "10{ ['MQTT'] 05 C2 0000 {} ['id'] ['me'] }",
                  malformed);
  rows.bad_in_all("connect: bytes left over", "10{ ['MQTT'] 05 02 0000 {} ['id'] 00 }", malformed);
  rows.bad_in_all("connect: user name without its flag",
                  "10{ ['MQTT'] 05 02 0000 {} ['id'] ['me'] }", malformed);
  rows.bad("connect: authentication data alone", "10{ ['MQTT'] 05 02 0000 { 16['x'] } ['id'] }",
           Reason::protocol_error);
  rows.speak(Version::v5, Sender::server);
  rows.bad("connect: from a server", "10{ ['MQTT'] 05 02 0000 {} ['id'] }", Reason::protocol_error);

  rows.speak(Version::v3_1_1, Sender::client);
  rows.bad("3.1.1 connect: password alone", "10{ ['MQTT'] 04 42 0000 ['id'] ['x'] }", malformed);
  rows.bad("3.1.1 connect: no identifier for a persistent session", "10{ ['MQTT'] 04 00 0000 [] }",
           Reason::client_identifier_not_valid);
  rows.bad("3.1.1 connect: flags missing", "10{ ['MQTT'] 04 }", malformed);
  rows.bad("3.1.1 connect: properties of 5.0", "10{ ['MQTT'] 04 02 0000 {} ['id'] }", malformed);
  rows.speak(Version::v3_1, Sender::client);
  rows.bad("3.1 connect: password alone", "10{ ['MQIsdp'] 03 42 0000 ['id'] ['x'] }", malformed);
  rows.bad("3.1 connect: no identifier", "10{ ['MQIsdp'] 03 02 0000 [] }",
           Reason::client_identifier_not_valid);
}

}  // namespace

void connect_rows(GalleryRows& rows) {
  rows.speak(Version::v5, Sender::client);
  good_connects(rows);
  good_old_connects(rows);
  bad_connects(rows);
}

void connack_rows(GalleryRows& rows) {
  constexpr Reason malformed = Reason::malformed_packet;
  rows.speak(Version::v5, Sender::server);
  rows.good("connack", "20{ 00 00 {} }", Connack{});
  rows.good("connack with session", "20{ 01 00 {} }", Connack{true});
  rows.good("connack refusing", "20{ 00 87 {} }", Connack{false, Reason::not_authorized});
  rows.bad("connack: reserved flag", "20{ 02 00 {} }", malformed);
  rows.bad("connack: session present in a refusal", "20{ 01 87 {} }", Reason::protocol_error);
  rows.bad("connack: no properties", "20{ 00 00 }", malformed);
  rows.bad("connack: no reason", "20{ 00 }", malformed);
  rows.bad("connack: bytes left over", "20{ 00 00 {} 00 }", malformed);

  rows.speak(Version::v3_1_1, Sender::server);
  rows.good("3.1.1 connack", "20{ 00 00 }", Connack{});
  rows.good("3.1.1 connack with session", "20{ 01 00 }", Connack{true});
  rows.good("3.1.1 connack 1", "20{ 00 01 }", Connack{false, Reason::unsupported_protocol_version});
  rows.good("3.1.1 connack 2", "20{ 00 02 }", Connack{false, Reason::client_identifier_not_valid});
  rows.good("3.1.1 connack 3", "20{ 00 03 }", Connack{false, Reason::server_unavailable});
  rows.good("3.1.1 connack 4", "20{ 00 04 }", Connack{false, Reason::bad_user_name_or_password});
  rows.good("3.1.1 connack 5", "20{ 00 05 }", Connack{false, Reason::not_authorized});
  rows.bad("3.1.1 connack: reserved flag", "20{ 02 00 }", malformed);
  rows.bad("3.1.1 connack: no reason", "20{ 00 }", malformed);
  rows.bad("3.1.1 connack: bytes left over", "20{ 00 00 00 }", malformed);
  rows.bad("3.1.1 connack 6", "20{ 00 06 }", malformed);
  rows.bad("3.1.1 connack: session present in a refusal", "20{ 01 05 }", Reason::protocol_error);
  rows.speak(Version::v5, Sender::client);
  rows.bad("connack: from a client", "20{ 00 00 {} }", Reason::protocol_error);
}

}  // namespace muster::support
