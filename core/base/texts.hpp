#pragma once
// Several short texts in one allocation, for what is kept by the thousand: 8 bytes and 4 for each
// text, where a std::string takes 32 and mostly an allocation of its own. A text with which the one
// before it ends is not kept twice: names are often made of each other. A value, never changed but
// as a whole.

#include <array>
#include <cstdint>
#include <memory>

#include "core/base/bytes.hpp"
#include "core/base/check.hpp"

namespace muster {

template <size_t count>
class Texts {
 public:
  Texts() = default;  // all empty
  explicit Texts(const std::array<BytesView, count>& texts) {
    size_t size = 0;
    for (size_t i = 0; i < count; ++i) {
      MUSTER_CHECK(texts[i].size() <= largest);
      const bool inside = i > 0 && texts[i - 1].ends_with(texts[i]);
      sizes_[i] = static_cast<uint32_t>(texts[i].size()) | (inside ? inside_flag : 0);
      size += inside ? 0 : texts[i].size();
    }
    if (size == 0) return;
    bytes_ = std::make_unique_for_overwrite<char[]>(size);
    char* at = bytes_.get();
    for (size_t i = 0; i < count; ++i) {
      if (!inside(i)) at += texts[i].copy(at, texts[i].size());
    }
  }

  BytesView operator[](size_t wanted) const {
    size_t end = size(0);
    for (size_t i = 1; i <= wanted; ++i) {
      if (!inside(i)) end += size(i);
    }
    return {bytes_.get() + end - size(wanted), size(wanted)};
  }

 private:
  static constexpr uint32_t inside_flag = uint32_t{1} << 31;
  static constexpr size_t largest = inside_flag - 1;

  size_t size(size_t i) const { return sizes_[i] & ~inside_flag; }
  bool inside(size_t i) const { return (sizes_[i] & inside_flag) != 0; }

  std::unique_ptr<char[]> bytes_;
  std::array<uint32_t, count> sizes_{};
};

}  // namespace muster
