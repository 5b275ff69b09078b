#include "query/packed_row.hpp"

namespace muster::query {

PackedRow::PackedRow(const RowView& read, const RowFacts& facts) {
  const bool in_user = read.user.ends_with(read.device);
  const std::string_view parts[] = {read.user, in_user ? std::string_view() : read.device,
                                    read.broker, read.address};
  size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  const auto bytes = [](std::string_view text) { return static_cast<uint32_t>(text.size()); };
  head_ = LocalPtr<Head>::make(size);
  *head_ = {
      .facts = facts,
      .since_ms = read.since_ms,
      .last_seen_ms = read.last_seen_ms,
      .attributes =
          read.attributes ? std::make_unique<const Attributes>(*read.attributes) : nullptr,
      .user_size = bytes(read.user),
      .device_size = bytes(read.device),
      .broker_size = bytes(read.broker),
      .address_size = bytes(read.address),
      .protocol = read.protocol,
      .why = read.why,
      .status = read.status,
      .device_in_user = in_user,
  };
  char* at = head_.tail();
  for (const std::string_view part : parts) {
    at += part.copy(at, part.size());
  }
}

std::string_view PackedRow::user() const {
  return {texts(), head_->user_size};
}

std::string_view PackedRow::device() const {
  const size_t at = head_->user_size - (head_->device_in_user ? head_->device_size : 0);
  return {texts() + at, head_->device_size};
}

const char* PackedRow::behind_names() const {
  return texts() + head_->user_size + (head_->device_in_user ? 0 : head_->device_size);
}

RowView PackedRow::view() const {
  RowView view;
  view.device = device();
  view.user = user();
  view.broker = {behind_names(), head_->broker_size};
  view.address = {behind_names() + head_->broker_size, head_->address_size};
  view.status = head_->status;
  view.why = head_->why;
  view.protocol = head_->protocol;
  view.since_ms = head_->since_ms;
  view.last_seen_ms = head_->last_seen_ms;
  view.attributes = head_->attributes.get();
  return view;
}

bool PackedRow::looks_like(const RowView& other, const RowFacts& facts) const {
  if (status() != other.status || user() != other.user) return false;
  if (status() == wire::Status::offline) return true;
  return head_->facts.broker == facts.broker && head_->facts.serial == facts.serial &&
         view().address == other.address && head_->protocol == other.protocol;
}

bool PackedRow::same_attributes(const RowView& other) const {
  const Attributes* mine = head_->attributes.get();
  return mine && other.attributes ? *mine == *other.attributes : mine == other.attributes;
}

void PackedRow::disconnect() {
  head_->status = wire::Status::offline;
  head_->facts.connected = false;
}

}  // namespace muster::query
