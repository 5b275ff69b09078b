#include "clients/bench/tally.hpp"

namespace muster::clients::bench {
namespace {

// A number so far ahead is a payload that is not ours, and not that many losses to remember.
constexpr uint32_t longest_gap = 1u << 24;

}  // namespace

void Tally::add_subscriber(uint32_t first_stream, uint32_t streams) {
  subscribers_.push_back({first_stream, streams, next_.size()});
  next_.resize(next_.size() + streams);
}

Tally::Seen Tally::see(uint32_t subscriber, uint32_t stream, uint32_t number) {
  const Range& range = subscribers_[subscriber];
  if (stream - range.first >= range.count) {
    ++misdirected_;
    return Seen::misdirected;
  }
  const size_t at = range.at + (stream - range.first);
  if (number != next_[at]) return out_of_order(at, number);
  ++next_[at];
  ++received_;
  return Seen::in_order;
}

Tally::Seen Tally::out_of_order(size_t at, uint32_t number) {
  uint32_t& next = next_[at];
  if (number > next) {
    if (number - next > longest_gap) {
      ++misdirected_;
      return Seen::misdirected;
    }
    auto& missing = missing_[at];
    for (; next < number; ++next) missing.insert(next);
    ++next;
    ++received_;
    return Seen::in_order;
  }
  const auto found = missing_.find(at);
  if (found == missing_.end() || found->second.erase(number) == 0) {
    ++duplicated_;
    return Seen::duplicate;
  }
  ++reordered_;
  ++received_;
  return Seen::late;
}

}  // namespace muster::clients::bench
