#pragma once
// Few<Value>: an unordered list that is nearly always of one element and then needs no memory of
// its own; more live in one array that grows by doubling. For small plain values. One thread.

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "core/base/check.hpp"

namespace muster::mqtt {

template <class Value>
class Few {
  static_assert(std::is_trivially_copyable_v<Value> && std::is_default_constructible_v<Value>);

 public:
  Few() = default;
  Few(Few&& other) noexcept
      : size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 1)),
        storage_(other.storage_) {}
  Few& operator=(Few&& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(storage_, other.storage_);
    return *this;
  }
  ~Few() { release(); }

  Value* begin() { return capacity_ == 1 ? &storage_.one : storage_.many; }
  Value* end() { return begin() + size_; }
  const Value* begin() const { return capacity_ == 1 ? &storage_.one : storage_.many; }
  const Value* end() const { return begin() + size_; }
  bool empty() const { return size_ == 0; }

  void push_back(const Value& value) {
    if (size_ == capacity_) move_to(capacity_ * 2);
    begin()[size_++] = value;
  }

  // The last element takes its place.
  void erase(Value* at) {
    *at = *(end() - 1);
    --size_;
    if (size_ < capacity_ / 4) move_to(capacity_ / 2);
  }

 private:
  union Storage {
    Storage() : one() {}
    Value one;
    Value* many;
  };

  void move_to(uint32_t capacity) {
    MUSTER_CHECK(capacity >= size_ && capacity > 0);
    Storage to;
    if (capacity > 1) to.many = new Value[capacity];
    std::copy(begin(), end(), capacity > 1 ? to.many : &to.one);
    release();
    storage_ = to;
    capacity_ = capacity;
  }
  void release() {
    if (capacity_ > 1) delete[] storage_.many;
  }

  uint32_t size_ = 0;
  uint32_t capacity_ = 1;
  Storage storage_;
};

}  // namespace muster::mqtt
