#pragma once
// How the gallery is filled; one function for each of its rooms. Values are views into literals or
// into texts that live as long as the process.

#include "tests/support/gallery.hpp"
#include "tests/support/notation.hpp"

namespace muster::support {

class GalleryRows {
 public:
  explicit GalleryRows(std::vector<GalleryRow>& rows) : rows_(rows) {}

  // From here on rows are of this version and sender.
  void speak(mqtt::Version version, mqtt::Sender sender) {
    version_ = version;
    sender_ = sender;
  }

  void good(Bytes name, BytesView notation, mqtt::Packet value) {
    rows_.push_back({std::move(name), version_, sender_, from_notation(notation), std::move(value),
                     mqtt::Reason::success, true});
  }
  // Good, but not what our encoder would write.
  void odd(Bytes name, BytesView notation, mqtt::Packet value) {
    good(std::move(name), notation, std::move(value));
    rows_.back().canonical = false;
  }
  void bad(Bytes name, BytesView notation, mqtt::Reason reason) {
    rows_.push_back(
        {std::move(name), version_, sender_, from_notation(notation), {}, reason, true});
  }
  // Bad in 5.0, as `notation` says, and in each older version from `oldest` on, where the same
  // packet has no properties. Its sender stays; what follows is of 5.0.
  void bad_in_all(const Bytes& name, const Bytes& notation, mqtt::Reason reason,
                  mqtt::Version oldest = mqtt::Version::v3_1);

 private:
  std::vector<GalleryRow>& rows_;
  mqtt::Version version_ = mqtt::Version::v5;
  mqtt::Sender sender_ = mqtt::Sender::client;
};

void connect_rows(GalleryRows& rows);
void connack_rows(GalleryRows& rows);
void publish_rows(GalleryRows& rows);
void acknowledgement_rows(GalleryRows& rows);
void subscribe_rows(GalleryRows& rows);
void small_rows(GalleryRows& rows);     // PINGREQ, PINGRESP, DISCONNECT, AUTH
void frame_rows(GalleryRows& rows);     // fixed headers
void reason_rows(GalleryRows& rows);    // each reason code in each packet
void property_rows(GalleryRows& rows);  // each property in each packet
void text_rows(GalleryRows& rows);      // UTF-8, topic names and filters wherever they stand

}  // namespace muster::support
