// SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK (3.8 to 3.11).

#include "tests/support/gallery_rows.hpp"

namespace muster::support {

using namespace mqtt;

namespace {

constexpr Reason malformed = Reason::malformed_packet;
constexpr Reason protocol = Reason::protocol_error;

void subscribes(GalleryRows& rows) {
  rows.speak(Version::v5, Sender::client);
  rows.good("subscribe", "82{ 0001 {} ['a/#'] 01 }",
            Subscribe{1, {{"a/#", {.qos = Qos::at_least_once}}}});
  rows.good(
      "subscribe to several", "82{ FFFF {} ['a'] 00 ['+/b'] 02 ['a'] 01 }",
      Subscribe{65'535,
                {{"a"}, {"+/b", {.qos = Qos::exactly_once}}, {"a", {.qos = Qos::at_least_once}}}});
  rows.good("subscribe with all options", "82{ 0001 {} ['a'] 2E }",
            Subscribe{1, {{"a", {Qos::exactly_once, true, true, 2}}}});
  rows.good("subscribe as published", "82{ 0001 {} ['a'] 18 }",
            Subscribe{1, {{"a", {Qos::at_most_once, false, true, 1}}}});
  rows.good("subscribe shared", "82{ 0001 {} ['$share/group/a/+'] 01 }",
            Subscribe{1, {{"$share/group/a/+", {.qos = Qos::at_least_once}}}});
  Properties identified;
  identified.subscription_identifiers = {268'435'455};
  rows.good("subscribe with identifier", "82{ 0001 { 0B FFFFFF7F } ['a'] 00 }",
            Subscribe{1, {{"a"}}, identified});
  rows.bad("subscribe: QoS 3", "82{ 0001 {} ['a'] 03 }", protocol);
  rows.bad("subscribe: retain handling 3", "82{ 0001 {} ['a'] 30 }", protocol);
  rows.bad("subscribe: reserved option 6", "82{ 0001 {} ['a'] 40 }", malformed);
  rows.bad("subscribe: reserved option 7", "82{ 0001 {} ['a'] 80 }", malformed);
  rows.bad("subscribe: no local and shared", "82{ 0001 {} ['$share/g/a'] 04 }", protocol);
  rows.bad_in_all("subscribe: to nothing", "82{ 0001 {} }", protocol);
  rows.bad_in_all("subscribe: options missing", "82{ 0001 {} ['a'] }", malformed);
  rows.bad_in_all("subscribe: filter cut", "82{ 0001 {} 0003 'a' }", malformed);
  rows.bad_in_all("subscribe: second filter cut", "82{ 0001 {} ['a'] 00 00 }", malformed);
  rows.bad_in_all("subscribe: packet identifier 0", "82{ 0000 {} ['a'] 00 }", protocol);
  rows.bad("subscribe: no property length", "82{ 0001 }", malformed);
  rows.bad_in_all("subscribe: nothing", "82{ }", malformed);
  rows.bad("subscribe: two identifiers", "82{ 0001 { 0B 01 0B 02 } ['a'] 00 }", protocol);
  rows.bad("subscribe: identifier 0", "82{ 0001 { 0B 00 } ['a'] 00 }", protocol);
  rows.speak(Version::v5, Sender::server);
  rows.bad_in_all("subscribe: from a server", "82{ 0001 {} ['a'] 00 }", protocol);

  rows.speak(Version::v3_1_1, Sender::client);
  rows.good("3.1.1 subscribe", "82{ 0001 ['a'] 02 ['b'] 00 }",
            Subscribe{1, {{"a", {.qos = Qos::exactly_once}}, {"b"}}});
  rows.bad("3.1.1 subscribe: QoS 3", "82{ 0001 ['a'] 03 }", malformed);
  rows.bad("3.1.1 subscribe: options of 5.0", "82{ 0001 ['a'] 04 }", malformed);
  for (const BytesView options : {"08", "10", "20", "40", "80", "FC"}) {
    rows.bad("3.1.1 subscribe: reserved bits " + Bytes(options),
             "82{ 0001 ['a'] " + Bytes(options) + " }", malformed);
  }
  rows.bad("3.1.1 subscribe: DUP", "8A{ 0001 ['a'] 00 }", malformed);
  rows.speak(Version::v3_1, Sender::client);
  rows.odd("3.1 subscribe again", "8A{ 0001 ['a'] 00 }", Subscribe{1, {{"a"}}});
}

void subacks(GalleryRows& rows) {
  rows.speak(Version::v5, Sender::server);
  rows.good("suback", "90{ 0001 {} 00 01 02 80 }",
            Suback{1,
                   {Reason::success, Reason::granted_qos_1, Reason::granted_qos_2,
                    Reason::unspecified_error}});
  rows.bad_in_all("suback: of nothing", "90{ 0001 {} }", protocol);
  rows.bad_in_all("suback: packet identifier 0", "90{ 0000 {} 00 }", protocol);
  rows.bad("suback: no property length", "90{ 0001 }", malformed);
  rows.speak(Version::v3_1_1, Sender::server);
  rows.good("3.1.1 suback", "90{ 0001 00 01 02 80 }",
            Suback{1,
                   {Reason::success, Reason::granted_qos_1, Reason::granted_qos_2,
                    Reason::unspecified_error}});
  rows.bad("3.1.1 suback: reason of 5.0", "90{ 0001 87 }", malformed);
  rows.speak(Version::v5, Sender::client);
  rows.bad_in_all("suback: from a client", "90{ 0001 {} 00 }", protocol);
}

void unsubscribes(GalleryRows& rows) {
  rows.speak(Version::v5, Sender::client);
  rows.good("unsubscribe", "A2{ 0001 {} ['a/#'] ['b'] }", Unsubscribe{1, {"a/#", "b"}});
  rows.bad_in_all("unsubscribe: from nothing", "A2{ 0001 {} }", protocol);
  rows.bad_in_all("unsubscribe: filter cut", "A2{ 0001 {} 0002 'a' }", malformed);
  rows.bad_in_all("unsubscribe: packet identifier 0", "A2{ 0000 {} ['a'] }", protocol);
  rows.bad("unsubscribe: no property length", "A2{ 0001 }", malformed);
  rows.speak(Version::v5, Sender::server);
  rows.bad_in_all("unsubscribe: from a server", "A2{ 0001 {} ['a'] }", protocol);
  rows.speak(Version::v3_1_1, Sender::client);
  rows.good("3.1.1 unsubscribe", "A2{ 0001 ['a'] }", Unsubscribe{1, {"a"}});
  rows.speak(Version::v3_1, Sender::client);
  rows.odd("3.1 unsubscribe again", "AA{ 0001 ['a'] }", Unsubscribe{1, {"a"}});

  rows.speak(Version::v5, Sender::server);
  rows.good("unsuback", "B0{ 0001 {} 00 11 }",
            Unsuback{1, {Reason::success, Reason::no_subscription_existed}});
  rows.bad("unsuback: of nothing", "B0{ 0001 {} }", protocol);
  rows.bad("unsuback: packet identifier 0", "B0{ 0000 {} 00 }", protocol);
  rows.speak(Version::v3_1_1, Sender::server);
  rows.good("3.1.1 unsuback", "B0{ 0001 }", Unsuback{1});
  rows.bad("3.1.1 unsuback: packet identifier 0", "B0{ 0000 }", protocol);
  rows.bad("3.1.1 unsuback: packet identifier cut", "B0{ 00 }", malformed);
  rows.bad("3.1.1 unsuback: with reasons", "B0{ 0001 00 }", malformed);
  rows.speak(Version::v5, Sender::client);
  rows.bad("unsuback: from a client", "B0{ 0001 {} 00 }", protocol);
  rows.speak(Version::v3_1_1, Sender::client);
  rows.bad("3.1.1 unsuback: from a client", "B0{ 0001 }", protocol);
}

}  // namespace

void subscribe_rows(GalleryRows& rows) {
  subscribes(rows);
  subacks(rows);
  unsubscribes(rows);
}

}  // namespace muster::support
