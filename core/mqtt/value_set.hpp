#pragma once
// ValueSet: a set in an array, in the order of its history, that is nearly always of one element
// and then needs no memory of its own. More live in one array that grows by doubling; from
// `indexed_from` on an index finds them, so that add and remove never look through all. For small
// plain values. One thread.
//
// Identity{}(value) says which of two values are the same one: something that std::hash takes. What
// the hash is never shows: values stand where add and remove have put them.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/flat_index.hpp"

namespace muster::mqtt {

template <class Value, class Identity = std::identity>
class ValueSet {
  static_assert(std::is_trivially_copyable_v<Value> && std::is_default_constructible_v<Value>);

 public:
  ValueSet() = default;
  ValueSet(ValueSet&& other) noexcept
      : size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 1)),
        storage_(other.storage_) {}
  ValueSet& operator=(ValueSet&& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(storage_, other.storage_);
    return *this;
  }
  ~ValueSet() { release(); }

  const Value* begin() const { return capacity_ == 1 ? &storage_.one : storage_.many->values; }
  const Value* end() const { return begin() + size_; }
  const Value& operator[](size_t at) const { return begin()[at]; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // The same value, else nullptr. Dies with the next add or remove.
  const Value* find(const Value& value) const {
    const uint32_t at = place_of(value);
    return at == none ? nullptr : begin() + at;
  }

  // Adds, or replaces the same one; true if it is new.
  bool add(const Value& value) {
    const uint32_t present = place_of(value);
    if (present != none) {
      values()[present] = value;
      return false;
    }
    if (size_ == capacity_) move_to(capacity_ * 2);
    values()[size_] = value;
    if (indexed()) storage_.many->index.insert(hash_of(value), size_);
    ++size_;
    return true;
  }

  // Removes the same one, and the last takes its place; true if it was there.
  bool remove(const Value& value) {
    const uint32_t at = place_of(value);
    if (at == none) return false;
    const uint32_t last = size_ - 1;
    if (indexed()) {
      FlatIndex& index = storage_.many->index;
      index.erase(hash_of(values()[at]), at);
      if (at != last) {
        index.erase(hash_of(values()[last]), last);
        index.insert(hash_of(values()[last]), at);
      }
    }
    values()[at] = values()[last];
    --size_;
    if (size_ < capacity_ / 4) move_to(capacity_ / 2);
    return true;
  }

 private:
  static constexpr uint32_t none = FlatIndex::none;
  static constexpr uint32_t indexed_from = 32;  // of capacity

  struct Many {
    Value* values;
    FlatIndex index;  // hash of the identity -> place; only from `indexed_from` on
  };
  union Storage {
    Storage() : one() {}
    Value one;
    Many* many;
  };

  static uint32_t hash_of(const Value& value) {
    const auto identity = Identity{}(value);
    const uint64_t mixed =
        std::hash<std::remove_cvref_t<decltype(identity)>>{}(identity)*0x9E3779B97F4A7C15u;
    return static_cast<uint32_t>(mixed >> 32);
  }

  Value* values() { return capacity_ == 1 ? &storage_.one : storage_.many->values; }
  bool indexed() const { return capacity_ >= indexed_from; }

  uint32_t place_of(const Value& value) const {
    const Value* all = begin();
    const auto same = [&](uint32_t at) { return Identity{}(all[at]) == Identity{}(value); };
    if (indexed()) return storage_.many->index.find(hash_of(value), same);
    for (uint32_t at = 0; at < size_; ++at) {
      if (same(at)) return at;
    }
    return none;
  }

  void move_to(uint32_t capacity) {
    MUSTER_CHECK(capacity >= size_ && capacity > 0);
    Storage to;
    if (capacity > 1) to.many = new Many{new Value[capacity], {}};
    std::copy(begin(), end(), capacity > 1 ? to.many->values : &to.one);
    if (capacity >= indexed_from) {
      for (uint32_t at = 0; at < size_; ++at) to.many->index.insert(hash_of(begin()[at]), at);
    }
    release();
    storage_ = to;
    capacity_ = capacity;
  }
  void release() {
    if (capacity_ == 1) return;
    delete[] storage_.many->values;
    delete storage_.many;
  }

  uint32_t size_ = 0;
  uint32_t capacity_ = 1;
  Storage storage_;
};

}  // namespace muster::mqtt
