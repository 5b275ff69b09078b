#pragma once
// "did you mean": keeps the candidate with the fewest edits, if it is near enough to be a slip.

#include <cstddef>
#include <string>
#include <string_view>

namespace muster::app {

// Edits (insert, remove, replace, swap of neighbours) that turn one word into the other.
size_t edit_distance(std::string_view a, std::string_view b);

class Nearest {
 public:
  explicit Nearest(std::string_view word) : word_(word), limit_(word.size() / 3 + 1) {}

  void consider(std::string_view candidate);
  const std::string& found() const { return found_; }

 private:
  std::string word_;
  size_t limit_;  // candidates at this distance or further are no slip
  std::string found_;
};

}  // namespace muster::app
