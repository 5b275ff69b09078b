#include "global/body.hpp"

#include <utility>

#include "core/base/with_tail.hpp"

namespace muster::global {

std::shared_ptr<Body> make_body(wire::Publication publication) {
  const bool small = publication.bytes() < wire::large_text_bytes;
  const size_t tail = small ? wire::bytes_to_own(publication) : 0;
  auto body = std::allocate_shared<Body>(WithTail<Body>(tail));
  body->publication = std::move(publication);
  if (small) {
    wire::own_at(tail_of(body.get()), body->publication);
  } else {
    wire::own(body->publication);
  }
  return body;
}

}  // namespace muster::global
