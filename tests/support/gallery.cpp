#include "tests/support/gallery.hpp"

#include "tests/support/gallery_rows.hpp"

namespace muster::support {

namespace {

void replace_all(Bytes& text, BytesView old, BytesView by) {
  for (size_t at = 0; (at = text.find(old, at)) != Bytes::npos; at += by.size()) {
    text.replace(at, old.size(), by);
  }
}

// The notation of a packet of 5.0 without properties, as an older version writes it.
Bytes in_older(Bytes notation, mqtt::Version version) {
  replace_all(notation, " {}", "");
  replace_all(notation, "['MQTT'] 05",
              version == mqtt::Version::v3_1 ? "['MQIsdp'] 03" : "['MQTT'] 04");
  return notation;
}

}  // namespace

void GalleryRows::bad_in_all(const Bytes& name, const Bytes& notation, mqtt::Reason reason,
                             mqtt::Version oldest) {
  for (const mqtt::Version version : {mqtt::Version::v3_1, mqtt::Version::v3_1_1}) {
    if (version < oldest) continue;
    version_ = version;
    const Bytes label = version == mqtt::Version::v3_1 ? "3.1 " : "3.1.1 ";
    bad(label + name, in_older(notation, version), reason);
  }
  version_ = mqtt::Version::v5;
  bad(name, notation, reason);
}

const std::vector<GalleryRow>& gallery() {
  static const std::vector<GalleryRow> all = [] {
    std::vector<GalleryRow> rows;
    GalleryRows fill(rows);
    connect_rows(fill);
    connack_rows(fill);
    publish_rows(fill);
    acknowledgement_rows(fill);
    subscribe_rows(fill);
    small_rows(fill);
    frame_rows(fill);
    reason_rows(fill);
    property_rows(fill);
    text_rows(fill);
    return rows;
  }();
  return all;
}

}  // namespace muster::support
