#pragma once
// NumberSet: a set of numbers below 64 * Words as bits. Visited in order. Plain value.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace muster::mqtt {

template <size_t Words>
class NumberSet {
 public:
  using Number = uint8_t;
  static_assert(Words <= 4);

  bool add(Number number) { return change(number, true); }      // true: it is new
  bool remove(Number number) { return change(number, false); }  // true: it was there
  bool empty() const { return *this == NumberSet(); }
  bool operator==(const NumberSet&) const = default;

  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Number;
    using difference_type = std::ptrdiff_t;
    using pointer = const Number*;
    using reference = Number;
    Iterator() = default;
    Iterator(const NumberSet& set, size_t word) : set_(&set), word_(word) { settle(); }
    Number operator*() const {
      return static_cast<Number>(word_ * 64 + static_cast<size_t>(std::countr_zero(left_)));
    }
    Iterator& operator++() {
      left_ &= left_ - 1;
      if (left_ == 0) ++word_, settle();
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const {
      return word_ == other.word_ && left_ == other.left_;
    }

   private:
    void settle() {
      while (word_ < Words && (left_ = set_->words_[word_]) == 0) ++word_;
    }
    const NumberSet* set_ = nullptr;
    size_t word_ = 0;
    uint64_t left_ = 0;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, Words}; }

 private:
  bool change(Number number, bool present) {
    uint64_t& word = words_[number / 64];
    const uint64_t bit = uint64_t{1} << number % 64;
    if (((word & bit) != 0) == present) return false;
    word ^= bit;
    return true;
  }

  std::array<uint64_t, Words> words_{};
};

}  // namespace muster::mqtt
