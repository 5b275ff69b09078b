#pragma once
// Counts what each subscriber got of each stream: what is missing, came twice, or came late. A
// stream's messages are numbered from 0 by its publisher.

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace muster::clients::bench {

class Tally {
 public:
  enum class Seen : uint8_t {
    in_order,
    late,        // after a later one of its stream
    duplicate,   // not counted as received
    misdirected  // of a stream that this subscriber has not asked for
  };

  // The next subscriber, and the streams that it may get.
  void add_subscriber(uint32_t first_stream, uint32_t streams);
  Seen see(uint32_t subscriber, uint32_t stream, uint32_t number);

  uint64_t received() const { return received_; }
  uint64_t duplicated() const { return duplicated_; }
  uint64_t reordered() const { return reordered_; }
  uint64_t misdirected() const { return misdirected_; }

 private:
  struct Range {
    uint32_t first = 0;
    uint32_t count = 0;
    size_t at = 0;  // in next_
  };

  Seen out_of_order(size_t at, uint32_t number);

  std::vector<Range> subscribers_;
  std::vector<uint32_t> next_;  // the number that is expected next
  std::unordered_map<size_t, std::unordered_set<uint32_t>> missing_;  // only where one is
  uint64_t received_ = 0;
  uint64_t duplicated_ = 0;
  uint64_t reordered_ = 0;
  uint64_t misdirected_ = 0;
};

}  // namespace muster::clients::bench
