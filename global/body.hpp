#pragma once
// What several inboxes may hold of one publication. Owned by the entries that refer to it, Global's
// thread.

#include <cstdint>

#include "core/base/local_ptr.hpp"
#include "core/wire/messages.hpp"

namespace muster::global {

struct Body {
  wire::Publication publication;  // its qos and retain are the publisher's
  uint64_t number = 0;            // the message's own in the whole cluster
  bool shared = false;            // stored under its number, not with its only entry
  uint32_t entries = 0;           // that refer to it
  bool stored() const { return publication.durability != wire::Durability::memory; }
  size_t bytes() const {
    return publication.topic.size() + publication.payload.size() + publication.properties.size();
  }
};

// With the publication's texts for its own: small ones stand behind it in the same allocation, so
// that what is taken out of it is to be owned in its turn.
LocalPtr<Body> make_body(wire::Publication publication);

}  // namespace muster::global
