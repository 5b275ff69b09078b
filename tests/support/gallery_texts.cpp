// UTF-8 (1.5.4), topic names and topic filters (4.7, 4.8.2) in each place where they stand.

#include "tests/support/gallery_rows.hpp"

namespace muster::support {

using namespace mqtt;

namespace {

struct Text {
  BytesView name, hex;
};

constexpr Text ill_formed[] = {
    {"U+0000", "00"},
    {"U+0000 inside", "61 00 62"},
    {"lone continuation", "80"},
    {"overlong in two bytes", "C0AF"},
    {"overlong U+007F", "C1BF"},
    {"overlong in three bytes", "E080AF"},
    {"overlong in four bytes", "F08080AF"},
    {"first surrogate", "EDA080"},
    {"last surrogate", "EDBFBF"},
    {"surrogate pair", "EDA081 EDB080"},
    {"over U+10FFFF", "F4908080"},
    {"lead byte F5", "F5808080"},
    {"lead byte FF", "FF"},
    {"sequence cut", "E282"},
    {"sequence broken", "E28241"},
    {"long text with a bad byte", "'abcdefghijkl' FF 'mnopqrstuvwxyz'"},
};

constexpr Text well_formed[] = {
    {"U+007F", "7F"},
    {"U+0080", "C280"},
    {"U+D7FF", "ED9FBF"},
    {"U+E000", "EE8080"},
    {"U+FEFF", "EFBBBF"},  // stays: 1.5.4-3
    {"U+FFFF", "EFBFBF"},
    {"U+10000", "F0908080"},
    {"U+10FFFF", "F48FBFBF"},
    {"a control character", "01"},
    {"a long text", "'abcdefghijkl' C3A9 'mnopqrstuvwxyz'"},
};

// A packet around the text.
struct Place {
  Bytes name, before, after;
  Sender sender;
  bool old = false;  // is in older versions too
};

const Place places[] = {
    {"client identifier", "10{ ['MQTT'] 05 02 0000 {} [", "] }", Sender::client, true},
    {"will topic", "10{ ['MQTT'] 05 06 0000 {} ['id'] {} [", "] [] }", Sender::client, true},
    {"user name", "10{ ['MQTT'] 05 82 0000 {} ['id'] [", "] }", Sender::client, true},
    {"topic name", "30{ [", "] {} 'x' }", Sender::client, true},
    {"content type", "30{ ['t'] { 03[", "] } 'x' }", Sender::client},
    {"response topic", "30{ ['t'] { 08[", "] } 'x' }", Sender::client},
    {"user property name", "30{ ['t'] { 26[", "]['v'] } 'x' }", Sender::client},
    {"user property value", "30{ ['t'] { 26['n'][", "] } 'x' }", Sender::client},
    {"subscribed filter", "82{ 0001 {} [", "] 00 }", Sender::client, true},
    {"unsubscribed filter", "A2{ 0001 {} [", "] }", Sender::client, true},
    {"reason string", "E0{ 82 { 1F[", "] } }", Sender::server},
    {"assigned client identifier", "20{ 00 00 { 12[", "] } }", Sender::server},
};

void bad_topics(GalleryRows& rows) {
  rows.speak(Version::v5, Sender::client);
  for (const BytesView topic : {"#", "+", "a/#", "+/a", "a+", "a#b", "a long topic with a +"}) {
    const Bytes quoted = "['" + Bytes(topic) + "']";
    rows.bad_in_all("publish: topic " + Bytes(topic), "30{ " + quoted + " {} 'x' }",
                    Reason::topic_name_invalid);
    rows.bad_in_all("connect: will topic " + Bytes(topic),
                    "10{ ['MQTT'] 05 06 0000 {} ['id'] {} " + quoted + " [] }",
                    Reason::topic_name_invalid);
  }
  rows.bad_in_all("connect: empty will topic", "10{ ['MQTT'] 05 06 0000 {} ['id'] {} [] [] }",
                  Reason::topic_name_invalid);
}

void filters(GalleryRows& rows) {
  for (const BytesView filter :
       {"",         "a#",        "#/",        "#/a",         "a/#/b",      "a+",         "+a",
        "a/+b",     "a+/b",      "##",        "++",          "+#",         "$share/",    "$share//",
        "$share/g", "$share/g/", "$share//a", "$share/g+/a", "$share/#/a", "$share/g/a#"}) {
    const Bytes quoted = "['" + Bytes(filter) + "']";
    // Only 5.0 speaks of shares; 3.1.1 has nothing to say of their names.
    const Version oldest = filter.substr(0, 7) == "$share/" ? Version::v5 : Version::v3_1;
    rows.bad_in_all("subscribe: filter " + Bytes(filter), "82{ 0001 {} " + quoted + " 00 }",
                    Reason::topic_filter_invalid, oldest);
    rows.bad_in_all("unsubscribe: filter " + Bytes(filter), "A2{ 0001 {} " + quoted + " }",
                    Reason::topic_filter_invalid, oldest);
  }
  for (const BytesView filter : {"/", "//", "#", "+", "/#", "+/+", "a/+/b", "+/#", "$SYS/#",
                                 "$share", "$share/g/#", "$share/g//", "$SHARE/x", " "}) {
    const Bytes quoted = "['" + Bytes(filter) + "']";
    rows.good("subscribe to " + Bytes(filter), "82{ 0001 {} " + quoted + " 00 }",
              Subscribe{1, {{filter}}});
    rows.good("unsubscribe from " + Bytes(filter), "A2{ 0001 {} " + quoted + " }",
              Unsubscribe{1, {filter}});
  }
}

// `kept`: the well-formed texts as bytes.
void old_texts(GalleryRows& rows, const std::vector<Bytes>& kept) {
  rows.speak(Version::v3_1_1, Sender::client);
  for (size_t i = 0; i < kept.size(); ++i) {
    const Bytes hex(well_formed[i].hex);
    const Bytes name = " with " + Bytes(well_formed[i].name);
    rows.good("3.1.1 publish" + name, "30{ [" + hex + "] 'x' }", Publish{kept[i], "x"});
    rows.good("3.1.1 subscribe" + name, "82{ 0001 [" + hex + "] 00 }", Subscribe{1, {{kept[i]}}});
    rows.good("3.1.1 connect" + name, "10{ ['MQTT'] 04 02 0000 [" + hex + "] }",
              Connect{.version = Version::v3_1_1, .client_id = kept[i]});
  }
}

}  // namespace

void text_rows(GalleryRows& rows) {
  for (const Place& place : places) {
    rows.speak(Version::v5, place.sender);
    for (const Text& text : ill_formed) {
      const Bytes name = place.name + ": " + Bytes(text.name);
      const Bytes packet = place.before + Bytes(text.hex) + place.after;
      // 3.1 says less of UTF-8 than 3.1.1 (1.5.3); it is held to the same.
      if (place.old)
        rows.bad_in_all(name, packet, Reason::malformed_packet);
      else
        rows.bad(name, packet, Reason::malformed_packet);
    }
  }
  static const std::vector<Bytes> kept = [] {
    std::vector<Bytes> texts;
    for (const Text& text : well_formed) texts.push_back(from_notation(text.hex));
    return texts;
  }();
  for (size_t i = 0; i < kept.size(); ++i) {
    const Bytes hex(well_formed[i].hex);
    const Bytes name = " with " + Bytes(well_formed[i].name);
    rows.speak(Version::v5, Sender::client);
    rows.good("publish" + name, "30{ [" + hex + "] {} 'x' }", Publish{kept[i], "x"});
    rows.good("subscribe" + name, "82{ 0001 {} [" + hex + "] 00 }", Subscribe{1, {{kept[i]}}});
    rows.good("connect" + name, "10{ ['MQTT'] 05 02 0000 {} [" + hex + "] }",
              Connect{.client_id = kept[i]});
  }
  old_texts(rows, kept);
  bad_topics(rows);
  filters(rows);
}

}  // namespace muster::support
