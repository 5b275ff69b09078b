#pragma once
// An allocator for std::allocate_shared: the object and its count, with so many bytes more behind
// them in the same block. For what is kept with its texts: one allocation for all. A value.

#include <cstddef>
#include <memory>
#include <new>

namespace muster {

template <class T>
struct WithTail {
  using value_type = T;
  size_t tail;

  explicit WithTail(size_t bytes) : tail(bytes) {}
  template <class U>
  WithTail(const WithTail<U>& other) : tail(other.tail) {}
  T* allocate(size_t count) { return static_cast<T*>(::operator new(count * sizeof(T) + tail)); }
  void deallocate(T* memory, size_t) { ::operator delete(memory); }
  bool operator==(const WithTail&) const = default;
};

// What stands behind the object: it is the last thing in its block, whose count comes first.
template <class T>
char* tail_of(T* object) {
  return reinterpret_cast<char*>(object + 1);
}
template <class T>
const char* tail_of(const T* object) {
  return reinterpret_cast<const char*>(object + 1);
}

}  // namespace muster
