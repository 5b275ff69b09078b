#include "tests/support/gallery.hpp"

#include "tests/support/gallery_rows.hpp"

namespace muster::support {

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
