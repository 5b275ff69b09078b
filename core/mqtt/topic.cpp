#include "core/mqtt/topic.hpp"

namespace muster::mqtt {
namespace {

// Cuts the first level off `rest`; `more` tells whether a '/' followed it.
BytesView cut_level(BytesView& rest, bool& more) {
  const size_t end = rest.find('/');
  more = end != BytesView::npos;
  const BytesView level = rest.substr(0, end);
  rest.remove_prefix(more ? end + 1 : rest.size());
  return level;
}

}  // namespace

bool matches(BytesView filter, BytesView topic) {
  if (topic.substr(0, 1) == "$" && filter.find_first_of("+#") == 0) return false;  // 4.7.2-1
  return matches_levels(filter, topic);
}

bool matches_levels(BytesView filter, BytesView topic) {
  bool more_filter = true;
  bool more_topic = true;
  while (more_filter && more_topic) {
    const BytesView wanted = cut_level(filter, more_filter);
    if (wanted == "#") return true;
    const BytesView level = cut_level(topic, more_topic);
    if (wanted != "+" && wanted != level) return false;
  }
  // "a/#" also matches "a": the parent level is included (4.7.1.2).
  return more_filter == more_topic || (more_filter && filter == "#");
}

bool has_wildcard(BytesView filter) {
  return filter.find_first_of("+#") != BytesView::npos;
}

BytesView literal_prefix(BytesView filter) {
  const size_t wildcard = filter.find_first_of("+#");
  if (wildcard == BytesView::npos) return filter;
  const bool parent_too = filter[wildcard] == '#' && wildcard > 0;  // "a/#" matches "a"
  return filter.substr(0, parent_too ? wildcard - 1 : wildcard);
}

}  // namespace muster::mqtt
