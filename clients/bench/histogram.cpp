#include "clients/bench/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace muster::clients::bench {

size_t Histogram::bucket_of(uint64_t value) {
  if (value < per_octave) return value;
  const int octave = static_cast<int>(std::bit_width(value)) - exact_bits;  // 1: 128 to 255
  return static_cast<size_t>(octave) * per_octave + ((value >> (octave - 1)) - per_octave);
}

uint64_t Histogram::middle_of(size_t bucket) {
  const size_t octave = bucket / per_octave;
  if (octave == 0) return bucket;
  const uint64_t width = uint64_t{1} << (octave - 1);
  return (per_octave + bucket % per_octave) * width + width / 2;
}

void Histogram::add(Nanos value) {
  const Nanos counted = std::max(value, Nanos{});
  ++counts_[bucket_of(static_cast<uint64_t>(counted.count()))];
  ++count_;
  largest_ = std::max(largest_, counted);
}

Nanos Histogram::percentile(double share) const {
  if (share >= 1) return largest_;
  const auto wanted = static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < buckets; ++bucket) {
    seen += counts_[bucket];
    if (seen < std::max(wanted, uint64_t{1})) continue;
    return std::min(largest_, Nanos(middle_of(bucket)));
  }
  return largest_;
}

}  // namespace muster::clients::bench
