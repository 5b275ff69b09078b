#pragma once
// What several inboxes may hold of one publication: a plain packet as it came
// (core/mqtt/plain_packet.hpp), which most are, or anything else as a wire::Publication. Owned by
// the entries that refer to it, Global's thread.

#include <cstdint>
#include <memory>

#include "core/base/local_ptr.hpp"
#include "core/mqtt/plain_packet.hpp"
#include "core/wire/messages.hpp"

namespace muster::global {

struct Body {
  uint64_t number = 0;   // the message's own in the whole cluster
  uint32_t entries = 0;  // that refer to it
  uint32_t bytes = 0;    // topic, payload and properties
  wire::Durability durability = wire::Durability::standard;
  bool shared = false;  // stored under its number, not with its only entry
  // One of these two. Its texts are the body's own: what is taken out of it is to be owned in its
  // turn.
  bool v5 = false;
  BytesView packet;
  BytesView publisher;
  int64_t published_ms = 0;
  std::unique_ptr<wire::Publication> publication;  // its qos and retain are the publisher's

  bool stored() const { return durability != wire::Durability::memory; }
  bool plain() const { return !publication; }
  // Its texts borrowed. Of a plain one too.
  wire::Publication borrowed() const;
};

LocalPtr<Body> make_body(wire::Publication publication);
// `from` says whose it is; `packet`: the whole one.
LocalPtr<Body> make_body(const wire::PublishRun& from, BytesView packet,
                         const mqtt::PlainPacket& plain);

}  // namespace muster::global
