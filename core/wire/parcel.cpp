#include "core/wire/parcel.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"
#include "core/wire/codec.hpp"

namespace muster::wire {

std::vector<Parcel> cut(BytesView item) {
  MUSTER_CHECK(item.size() <= item_limit);
  std::vector<Parcel> parcels;
  for (size_t at = 0; at < item.size(); at += parcel_limit) {
    const bool more = at + parcel_limit < item.size();
    const auto part = static_cast<uint32_t>(parcels.size());
    parcels.push_back({Bytes(item.substr(at, parcel_limit)), true, part, more});
  }
  return parcels;
}

Assembly::Result Assembly::add(uint32_t part, bool more, BytesView piece) {
  if (part == 0) clear();
  if (part != next_ || item_.size() + piece.size() > item_limit) {
    clear();
    return Result::broken;
  }
  item_.append(piece);
  ++next_;
  return more ? Result::more : Result::complete;
}

Bytes Assembly::take() {
  next_ = 0;
  return std::exchange(item_, {});
}

void Assembly::clear() {
  take();
}

void Outbox::add(const Message& message) {
  if (parcels_.empty() || parcels_.back().piece || parcels_.back().body.size() >= parcel_limit) {
    parcels_.emplace_back();
  }
  Bytes& body = parcels_.back().body;
  const size_t before = body.size();
  encode(message, body);
  if (body.size() - before <= parcel_limit) return;
  const Bytes item = body.substr(before);
  body.resize(before);
  if (before == 0) parcels_.pop_back();
  for (Parcel& parcel : cut(item)) parcels_.push_back(std::move(parcel));
}

}  // namespace muster::wire
