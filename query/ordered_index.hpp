#pragma once
// Row ids kept in the order of their names: a list of sorted blocks. About 6 bytes a row, insertion
// and look-up in O(log n) comparisons, scans in order. Owned by a Table; places are valid until the
// next change. NameOf: id -> std::string_view.

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/check.hpp"

namespace muster::query {

template <class NameOf>
class OrderedIndex {
 public:
  static constexpr uint32_t none = UINT32_MAX;
  struct Place {
    size_t block = 0;
    size_t offset = 0;
  };

  explicit OrderedIndex(NameOf name_of) : name_of_(name_of) {}

  uint32_t find(std::string_view name) const {
    const Place place = at_or_after(name);
    return valid(place) && name_of_(id(place)) == name ? id(place) : none;
  }

  // The name of `id` must not be present yet.
  void insert(uint32_t id) {
    const std::string_view name = name_of_(id);
    if (blocks_.empty()) {
      blocks_.emplace_back().reserve(block_max);
      blocks_.back().push_back(id);
      return;
    }
    Place place{block_of(name), 0};
    place.offset = offset_in(blocks_[place.block], name);
    if (blocks_[place.block].size() == block_max) place = split(place);
    auto& block = blocks_[place.block];
    block.insert(block.begin() + static_cast<std::ptrdiff_t>(place.offset), id);
  }

  void erase(uint32_t gone) {
    const Place place = at_or_after(name_of_(gone));
    MUSTER_CHECK(valid(place) && id(place) == gone);
    auto& block = blocks_[place.block];
    block.erase(block.begin() + static_cast<std::ptrdiff_t>(place.offset));
    if (block.empty()) blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(place.block));
  }

  Place at_or_after(std::string_view name) const {
    if (blocks_.empty()) return {};
    Place place{block_of(name), 0};
    place.offset = offset_in(blocks_[place.block], name);
    return settled(place);
  }
  Place after(std::string_view name) const {
    Place place = at_or_after(name);
    if (valid(place) && name_of_(id(place)) == name) place = next(place);
    return place;
  }
  Place next(Place place) const { return settled({place.block, place.offset + 1}); }
  bool valid(Place place) const { return place.block < blocks_.size(); }
  uint32_t id(Place place) const { return blocks_[place.block][place.offset]; }

 private:
  static constexpr size_t block_max = 512;
  using Block = std::vector<uint32_t>;

  // The last block whose first name is not greater; the first one if there is none.
  size_t block_of(std::string_view name) const {
    const auto it = std::partition_point(blocks_.begin(), blocks_.end(), [&](const Block& block) {
      return name_of_(block.front()) <= name;
    });
    return it == blocks_.begin() ? 0 : static_cast<size_t>(it - blocks_.begin()) - 1;
  }
  size_t offset_in(const Block& block, std::string_view name) const {
    return static_cast<size_t>(
        std::partition_point(block.begin(), block.end(),
                             [&](uint32_t id) { return name_of_(id) < name; }) -
        block.begin());
  }
  Place settled(Place place) const {
    if (place.offset < blocks_[place.block].size()) return place;
    return {place.block + 1, 0};
  }

  // Room for one more at `place`. Rows that come in order fill their blocks.
  Place split(Place place) {
    const bool at_end = place.block + 1 == blocks_.size() && place.offset == block_max;
    const size_t keep = at_end ? block_max : block_max / 2;
    Block upper;
    upper.reserve(block_max);
    Block& lower = blocks_[place.block];
    upper.assign(lower.begin() + static_cast<std::ptrdiff_t>(keep), lower.end());
    lower.resize(keep);
    blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(place.block) + 1,
                   std::move(upper));
    if (place.offset < keep || (place.offset == keep && !at_end)) return place;
    return {place.block + 1, place.offset - keep};
  }

  NameOf name_of_;
  std::vector<Block> blocks_;
};

}  // namespace muster::query
