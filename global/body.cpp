#include "global/body.hpp"

#include <utility>

namespace muster::global {

LocalPtr<Body> make_body(wire::Publication publication) {
  const bool small = publication.bytes() < wire::large_text_bytes;
  const size_t tail = small ? wire::bytes_to_own(publication) : 0;
  auto body = LocalPtr<Body>::make(tail);
  body->publication = std::move(publication);
  if (small) {
    wire::own_at(body.tail(), body->publication);
  } else {
    wire::own(body->publication);
  }
  return body;
}

}  // namespace muster::global
