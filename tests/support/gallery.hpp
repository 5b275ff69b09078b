#pragma once
// The packet gallery: what every packet looks like as bytes, and what it means or why it is
// refused. Written from the standards, not from the codec. It feeds the codec's tests, the seeds of
// the fuzz targets and end-to-end tests (gallery_export).

#include <optional>
#include <vector>

#include "core/mqtt/codec.hpp"

namespace muster::support {

struct GalleryRow {
  Bytes name;
  mqtt::Version version;
  mqtt::Sender sender;
  Bytes bytes;
  std::optional<mqtt::Packet> value;            // none: refused
  mqtt::Reason reason = mqtt::Reason::success;  // of the refusal
  bool canonical = true;                        // encoding the value gives the same bytes
};

// All rows, built once.
const std::vector<GalleryRow>& gallery();

}  // namespace muster::support
