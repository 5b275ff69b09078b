#pragma once
// The filters of shared subscriptions: $share/{ShareName}/{filter} (section 4.8.2). In 3.1.1, which
// knows none, the same text means the same. Pure functions.

#include "core/base/bytes.hpp"

namespace muster::mqtt {

constexpr BytesView share_prefix = "$share/";

inline bool is_shared(BytesView filter) {
  return filter.substr(0, share_prefix.size()) == share_prefix;
}

// What a valid shared subscription's topics must match.
inline BytesView shared_filter(BytesView filter) {
  return filter.substr(filter.find('/', share_prefix.size()) + 1);
}

}  // namespace muster::mqtt
