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

// A good row with its body cut by one byte, by two, and so on to nothing: the reason of the
// refusal, success where the packet may end there (no value is given). None for bodies over 127
// bytes.
std::vector<GalleryRow> cuts(const GalleryRow& row);

}  // namespace muster::support
