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

namespace {

const Bytes above_all = "\xFF";  // no UTF-8 begins with it

// Above everything that begins with this and a '/'.
Bytes above_children(BytesView parent) {
  return Bytes(parent) += '/' + 1;
}

}  // namespace

Bytes seek_behind(BytesView filter, BytesView topic) {
  if (topic.substr(0, 1) == "$" && filter.find_first_of("+#") == 0) return "%";  // '$' + 1
  bool more_filter = true;
  bool more_topic = true;
  BytesView rest = topic;
  while (more_filter && more_topic) {
    const size_t at = topic.size() - rest.size();
    const BytesView wanted = cut_level(filter, more_filter);
    const BytesView level = cut_level(rest, more_topic);
    if (wanted == "+" || wanted == level) {
      if (more_topic && !more_filter) return above_children(topic.substr(0, at + level.size()));
      continue;
    }
    Bytes least = Bytes(topic.substr(0, at)).append(wanted);
    if (topic < least) return least;
    if (topic < (least += '/')) return least;
    return at == 0 ? above_all : above_children(topic.substr(0, at - 1));
  }
  return Bytes(topic) += '\0';  // the next one
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
