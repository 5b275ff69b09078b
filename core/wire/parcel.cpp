#include "core/wire/parcel.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"
#include "core/wire/codec.hpp"
#include "core/wire/items.hpp"

namespace muster::wire {

size_t Parcel::size() const {
  return item ? std::min(parcel_limit, item->size() - part * parcel_limit) : batch.size();
}

void Parcel::append_to(Bytes& frame) const {
  if (!item) {
    frame.append(batch);
  } else {
    item->append_slice(part * parcel_limit, parcel_limit, frame);
  }
}

namespace {

std::vector<Parcel> cut(const std::shared_ptr<Item>& item) {
  MUSTER_CHECK(item->size() <= item_limit);
  std::vector<Parcel> parcels;
  for (size_t at = 0; at < item->size(); at += parcel_limit) {
    parcels.push_back({{}, item, static_cast<uint32_t>(parcels.size())});
  }
  return parcels;
}

}  // namespace

std::vector<Parcel> cut(std::shared_ptr<const Message> message) {
  return cut(std::make_shared<Item>(std::move(message)));
}

Assembly::Result Assembly::add(uint32_t part, bool more, uint64_t size, BytesView piece) {
  if (part == 0) {
    clear();
    item_.reserve(std::min<uint64_t>(size, item_limit));  // touched only as it fills
  }
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

Bytes& Outbox::open_batch() {
  if (parcels_.empty() || parcels_.back().item || parcels_.back().batch.size() >= parcel_limit) {
    parcels_.emplace_back();
  }
  return parcels_.back().batch;
}

void Outbox::add_encoded(Bytes message) {
  if (message.size() > parcel_limit) {
    for (Parcel& parcel : cut(std::make_shared<Item>(std::move(message)))) {
      parcels_.push_back(std::move(parcel));
    }
    return;
  }
  Bytes& body = open_batch();
  if (body.empty()) {
    body = std::move(message);
  } else {
    body.append(message);
  }
}

void Outbox::add(const Message& message) {
  Bytes& body = open_batch();
  const size_t before = body.size();
  encode(message, body);
  if (body.size() - before <= parcel_limit) return;
  body.resize(before);
  if (before == 0) parcels_.pop_back();
  for (Parcel& parcel : cut(std::make_shared<const Message>(message))) {
    parcels_.push_back(std::move(parcel));
  }
}

}  // namespace muster::wire
