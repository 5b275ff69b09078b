#pragma once
// The reading half of Retained (retained.hpp), a template for its visitor.

#include "core/mqtt/topic.hpp"
#include "global/retained.hpp"

namespace muster::global {

template <class Visit>
bool Retained::scan(Now now, BytesView filter, std::string& after, size_t most,
                    Visit&& visit) const {
  const BytesView prefix = mqtt::literal_prefix(filter);
  const bool exact = prefix.size() == filter.size();
  for (auto at = next_of(values_, prefix, after); at != values_.end(); ++at) {
    if (BytesView(at->first).substr(0, prefix.size()) != prefix) return true;
    if (exact && at->first.size() > filter.size()) return true;
    if (most-- == 0) return false;
    const Value& value = at->second;
    const bool expired = value.expires_ms != 0 && value.expires_ms <= now.wall.ms;
    if (!expired && mqtt::matches(filter, at->first)) {
      if (!visit(publication_of(now, at->first, value))) return false;
    }
    after = at->first;
  }
  return true;
}

}  // namespace muster::global
