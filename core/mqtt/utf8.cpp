// UTF-8 (section 1.5.4), topic names and topic filters (section 4.7). Topics are nearly always
// ASCII: eight bytes are judged at once, the rest one by one.

#include <cstring>

#include "core/mqtt/codec.hpp"

namespace muster::mqtt {
namespace {

constexpr uint64_t every_byte(uint8_t value) {
  return 0x0101010101010101u * value;
}

// The high bit of some byte is set exactly when one of the eight bytes is zero.
constexpr uint64_t zero_bytes(uint64_t word) {
  return (word - every_byte(0x01)) & ~word & every_byte(0x80);
}

template <bool wildcards_allowed>
bool plain(const char* at) {
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  uint64_t bad = (word & every_byte(0x80)) | zero_bytes(word);
  if constexpr (!wildcards_allowed) {
    static_assert(('+' & ~0x08) == '#');  // one test finds both
    bad |= zero_bytes((word & every_byte(0xF7)) ^ every_byte('#'));
  }
  return bad == 0;
}

// The size of the well-formed sequence at `at` that begins with a byte over 0x7F, else 0
// (table 3-7 of Unicode: no overlong forms, no surrogates, nothing over U+10FFFF).
size_t sequence_size(const char* at, const char* end) {
  const auto byte = [at](size_t index) { return static_cast<uint8_t>(at[index]); };
  const auto follows = [&](size_t index) { return (byte(index) & 0xC0) == 0x80; };
  const uint8_t lead = byte(0);
  const auto left = static_cast<size_t>(end - at);
  if (lead >= 0xC2 && lead <= 0xDF) return left >= 2 && follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (left < 3 || !follows(1) || !follows(2)) return 0;
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;
    if (lead == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (left < 4 || !follows(1) || !follows(2) || !follows(3)) return 0;
    if (lead == 0xF0 && byte(1) < 0x90) return 0;
    if (lead == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

template <bool wildcards_allowed>
bool scan(BytesView text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    const auto left = static_cast<size_t>(end - at);
    if (left >= 8 && plain<wildcards_allowed>(at)) {
      at += 8;
      continue;
    }
    // The last bytes together with some that were judged before.
    if (left < 8 && text.size() >= 8 && plain<wildcards_allowed>(end - 8)) return true;
    const auto byte = static_cast<uint8_t>(*at);
    if (byte >= 0x80) {
      const size_t size = sequence_size(at, end);
      if (size == 0) return false;
      at += size;
      continue;
    }
    if (byte == 0) return false;
    if (!wildcards_allowed && (byte == '+' || byte == '#')) return false;
    ++at;
  }
  return true;
}

// '+' and '#' stand alone in their level, '#' only in the last one (4.7.1).
bool well_placed_wildcards(BytesView filter) {
  for (size_t at = filter.find_first_of("+#"); at != BytesView::npos;
       at = filter.find_first_of("+#", at + 1)) {
    const bool last = at + 1 == filter.size();
    if (at > 0 && filter[at - 1] != '/') return false;
    if (!last && (filter[at] == '#' || filter[at + 1] != '/')) return false;
  }
  return true;
}

}  // namespace

bool valid_utf8(BytesView text) {
  return scan<true>(text);
}

bool valid_topic_name(BytesView topic) {
  return !topic.empty() && scan<false>(topic);
}

bool valid_topic_filter(BytesView filter) {
  constexpr BytesView share = "$share/";
  if (!scan<true>(filter)) return false;
  if (filter.substr(0, share.size()) == share) {
    // $share/{ShareName}/{filter}: a name of at least one character without wildcards (4.8.2).
    filter.remove_prefix(share.size());
    const size_t name = filter.find('/');
    if (name == 0 || name == BytesView::npos) return false;
    if (filter.substr(0, name).find_first_of("+#") != BytesView::npos) return false;
    filter.remove_prefix(name + 1);
  }
  return !filter.empty() && well_placed_wildcards(filter);
}

}  // namespace muster::mqtt
