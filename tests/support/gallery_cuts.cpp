// Good packets whose body loses its last bytes, its Remaining Length made to fit. Where the
// standards let a packet end early it is still good; else it is malformed, or, when nothing but its
// list is missing, a protocol error.

#include "tests/support/gallery.hpp"

namespace muster::support {

using namespace mqtt;

namespace {

// What a list that may lose its last entries says of a cut.
Reason cut_list(const std::vector<size_t>& sizes, size_t cut) {
  size_t lost = 0;
  for (size_t left = sizes.size(); left > 0; --left) {
    lost += sizes[left - 1];
    if (lost == cut) return left > 1 ? Reason::success : Reason::protocol_error;
  }
  return Reason::malformed_packet;
}

Reason good_if(bool good) {
  return good ? Reason::success : Reason::malformed_packet;
}

// Success: a packet that is as good as the whole one. `body`: bytes that are left of it.
struct Judge {
  Version version;
  size_t body, cut;

  Reason operator()(const Publish& it) const { return good_if(cut <= it.payload.size()); }
  // Reason code and properties may be left out, in this order from the end (3.4.2.1, 3.14.2.1).
  Reason operator()(const Acknowledgement&) const { return good_if(body == 2 || body == 3); }
  Reason operator()(const Disconnect&) const { return good_if(body <= 1); }
  Reason operator()(const Auth&) const { return good_if(body == 0); }  // 3.15.2.1
  Reason operator()(const Subscribe& it) const {                       // 3.8.3-2
    std::vector<size_t> sizes;
    for (const Subscribe::Entry& entry : it.entries) sizes.push_back(entry.filter.size() + 3);
    return cut_list(sizes, cut);
  }
  Reason operator()(const Unsubscribe& it) const {  // 3.10.3-2
    std::vector<size_t> sizes;
    for (const BytesView filter : it.filters) sizes.push_back(filter.size() + 2);
    return cut_list(sizes, cut);
  }
  // A reason for each filter (3.9.3, 3.11.3); UNSUBACK has none in older versions.
  Reason operator()(const Suback& it) const {
    return cut_list(std::vector<size_t>(it.reasons.size(), 1), cut);
  }
  Reason operator()(const Unsuback& it) const {
    const size_t reasons = version == Version::v5 ? it.reasons.size() : 0;
    return cut_list(std::vector<size_t>(reasons, 1), cut);
  }
  template <class Other>  // nothing in them may be left out
  Reason operator()(const Other&) const {
    return Reason::malformed_packet;
  }
};

}  // namespace

std::vector<GalleryRow> cuts(const GalleryRow& row) {
  constexpr size_t head = 2;  // of packets whose length is one byte
  std::vector<GalleryRow> found;
  if (!row.value || row.bytes.size() > head + 127) return found;
  for (size_t cut = 1; cut <= row.bytes.size() - head; ++cut) {
    GalleryRow& short_row = found.emplace_back();
    const size_t body = row.bytes.size() - head - cut;
    short_row.name = row.name + " cut by " + std::to_string(cut);
    short_row.version = row.version;
    short_row.sender = row.sender;
    short_row.bytes = row.bytes.substr(0, head + body);
    short_row.bytes[1] = static_cast<char>(body);
    short_row.reason = std::visit(Judge{row.version, body, cut}, *row.value);
  }
  return found;
}

}  // namespace muster::support
