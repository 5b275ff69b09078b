#include "global/delivery.hpp"

#include <algorithm>

namespace muster::global {
namespace {

constexpr size_t message_entries = 512;
constexpr size_t message_bytes = 256 << 10;

bool goes_plain(const Entry& entry) {
  return entry.body->plain() && !entry.streamed && entry.identifiers.empty() && entry.qos == 1 &&
         (entry.body->packet[0] & 0x0F) == 2;
}

void to_wire(Now now, const Entry& entry, wire::InboxEntry& out) {
  out.number = entry.number;
  out.redelivery = entry.streamed;
  out.publication = entry.body->borrowed();
  out.publication.qos = entry.qos;
  out.publication.retain = entry.retain;
  if (entry.expires_ms != 0) {
    const int64_t left_ms = std::max<int64_t>(entry.expires_ms - now.wall.ms, 0);
    out.publication.expiry_s = static_cast<uint32_t>((left_ms + 999) / 1000);
  }
  out.identifiers = entry.identifiers;
  out.released = entry.released;
}

}  // namespace

bool Delivery::takes(const Entry& entry) const {
  if (count_ == 0) return true;
  if (count_ == message_entries || bytes_ > message_bytes) return false;
  if (plain_ != goes_plain(entry)) return false;
  return !plain_ ||
         (entry.number == next_ && entry.body->v5 == std::get<wire::DeliverRun>(run_).v5);
}

void Delivery::add(Now now, const Entry& entry) {
  if (count_ == 0) plain_ = goes_plain(entry);
  if (!plain_) {
    to_wire(now, entry, std::get<wire::Deliver>(entries_).entries.emplace_back());
  } else {
    auto& run = std::get<wire::DeliverRun>(run_);
    if (count_ == 0) run.number = entry.number, run.v5 = entry.body->v5;
    packets_.append(entry.body->packet);
    next_ = entry.number + 1;
  }
  ++count_;
  bytes_ += entry.body->bytes;
}

void Delivery::send(wire::Links& links, const Session& session) {
  if (count_ == 0) return;
  if (plain_) {
    auto& run = std::get<wire::DeliverRun>(run_);
    run.client_id = session.client_id;
    run.term = session.hold->term;
    run.packets = Slice(SharedBuffer(), packets_);
    links.stream(session.hold->peer, run_);
    packets_.clear();
  } else {
    auto& deliver = std::get<wire::Deliver>(entries_);
    deliver.client_id = session.client_id;
    deliver.term = session.hold->term;
    links.stream(session.hold->peer, entries_);
    deliver.entries.clear();
  }
  count_ = bytes_ = 0;
}

}  // namespace muster::global
