#include "core/wire/item.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"
#include "core/wire/items.hpp"

namespace muster::wire {

Item::Item(std::shared_ptr<const Message> message) : message_(std::move(message)) {
  encode_around(*message_, own_, elsewhere_);
  size_ = own_.size();
  for (const Elsewhere& large : elsewhere_) size_ += large.text.size();
}

Item::Item(Bytes encoded) : own_(std::move(encoded)), size_(own_.size()) {}

// The encoding is own_ with each large text put in at its place.
void Item::append_slice(size_t from, size_t count, Bytes& out) const {
  const size_t end = std::min(size_, from + std::min(count, size_));
  size_t at = 0;  // of the encoding
  const auto take = [&](BytesView part) {
    const size_t begin = std::clamp(from, at, at + part.size());
    const size_t behind = std::clamp(end, begin, at + part.size());
    out.append(part.substr(begin - at, behind - begin));
    at += part.size();
  };
  size_t taken = 0;  // of own_
  for (const Elsewhere& large : elsewhere_) {
    take(BytesView(own_).substr(taken, large.at - taken));
    take(large.text);
    taken = large.at;
  }
  take(BytesView(own_).substr(taken));
}

}  // namespace muster::wire
