#pragma once
// Shared ownership within one thread: a std::shared_ptr of 8 bytes whose count is not atomic and
// stands in one block with the object and, for what is kept with its texts, some bytes behind it.
// A value.

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace muster {

template <class T>
class LocalPtr {
 public:
  // A default T with so many bytes behind it.
  static LocalPtr make(size_t tail_bytes = 0) {
    LocalPtr made;
    made.block_ = new (::operator new(sizeof(Block) + tail_bytes)) Block;
    return made;
  }

  LocalPtr() = default;  // none
  LocalPtr(const LocalPtr& other) : block_(other.block_) {
    if (block_) ++block_->owners;
  }
  LocalPtr(LocalPtr&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  LocalPtr& operator=(LocalPtr other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~LocalPtr() { reset(); }

  void reset() {
    Block* const block = std::exchange(block_, nullptr);
    if (!block || --block->owners > 0) return;
    block->~Block();
    ::operator delete(block);
  }

  explicit operator bool() const { return block_ != nullptr; }
  T* operator->() const { return &block_->object; }
  T& operator*() const { return block_->object; }
  char* tail() const { return reinterpret_cast<char*>(block_ + 1); }

 private:
  struct Block {
    T object;
    uint32_t owners = 1;
  };

  Block* block_ = nullptr;
};

}  // namespace muster
