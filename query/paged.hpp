#pragma once
// Records with small ids: pages that never move, and a free list. Owned by a Table.

#include <cstdint>
#include <memory>
#include <vector>

namespace muster::query {

template <class T>
class Paged {
 public:
  uint32_t add() {
    if (!free_.empty()) {
      const uint32_t id = free_.back();
      free_.pop_back();
      return id;
    }
    if (end_ % page_size == 0) pages_.push_back(std::make_unique<T[]>(page_size));
    return end_++;
  }
  void remove(uint32_t id) {
    (*this)[id] = T{};
    free_.push_back(id);
  }

  T& operator[](uint32_t id) { return pages_[id / page_size][id % page_size]; }
  const T& operator[](uint32_t id) const { return pages_[id / page_size][id % page_size]; }
  uint32_t end() const { return end_; }  // ids are below it; removed ones are default values
  size_t size() const { return end_ - free_.size(); }

 private:
  static constexpr uint32_t page_size = 1024;
  std::vector<std::unique_ptr<T[]>> pages_;
  std::vector<uint32_t> free_;
  uint32_t end_ = 0;
};

}  // namespace muster::query
