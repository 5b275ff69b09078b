// By hand: the library's parser allocates an object for each message, and a list of what is in it
// costs more than reading that once.

#include "core/wire/heads.hpp"

#include "core/base/endian.hpp"

namespace muster::wire {
namespace {

using Kind = Head::Kind;

uint64_t big_endian(const char* at, size_t size) {
  switch (size) {
    case 1:
      return static_cast<uint8_t>(*at);
    case 2:
      return big_endian_at<uint16_t>(at);
    case 4:
      return big_endian_at<uint32_t>(at);
    default:
      return big_endian_at<uint64_t>(at);
  }
}

// A number of so many bytes, 1, 2, 4 or 8, behind the first one.
bool take_number(const char*& at, const char* end, size_t size, uint64_t& number) {
  if (static_cast<size_t>(end - at) < size) return false;
  number = big_endian(at, size);
  at += size;
  return true;
}

Head sized(const char*& at, const char* end, Kind kind, size_t size, uint64_t more = 0) {
  Head head{kind, 0};
  if (!take_number(at, end, size, head.number)) return {};
  head.number += more;
  return head;
}

Head negative(const char*& at, const char* end, size_t size) {
  Head head{Kind::negative, 0};
  if (!take_number(at, end, size, head.number)) return {};
  const size_t unused = 64 - 8 * size;
  head.number = static_cast<uint64_t>(static_cast<int64_t>(head.number << unused) >> unused);
  return head;
}

// In the order of the format's table.
Head by_table(uint8_t byte, const char*& at, const char* end) {
  switch (byte) {
    case 0xc0:
      return {Kind::nil, 0};
    case 0xc2:
    case 0xc3:
      return {Kind::boolean, byte & 1u};
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return sized(at, end, Kind::text, size_t{1} << (byte - 0xc4));
    case 0xc7:
    case 0xc8:
    case 0xc9:  // its type, a byte, comes behind the size
      return sized(at, end, Kind::other, size_t{1} << (byte - 0xc7), 1);
    case 0xca:
      return {Kind::other, 4};
    case 0xcb:
      return {Kind::other, 8};
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      return sized(at, end, Kind::positive, size_t{1} << (byte - 0xcc));
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return negative(at, end, size_t{1} << (byte - 0xd0));
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return {Kind::other, (uint64_t{1} << (byte - 0xd4)) + 1};
    case 0xd9:
    case 0xda:
    case 0xdb:
      return sized(at, end, Kind::text, size_t{1} << (byte - 0xd9));
    case 0xdc:
    case 0xdd:
      return sized(at, end, Kind::array, size_t{2} << (byte - 0xdc));
    case 0xde:
    case 0xdf:
      return sized(at, end, Kind::map, size_t{2} << (byte - 0xde));
    default:
      return {};
  }
}

}  // namespace

Head read_long_head(const char*& at, const char* end) {
  const auto byte = static_cast<uint8_t>(*at++);
  if (byte >= 0xe0) return {Kind::negative, static_cast<uint64_t>(int64_t{byte} - 256)};
  return by_table(byte, at, end);
}

// Each value has a byte at least: this ends, however many are claimed.
bool skip(const char*& at, const char* end, uint64_t values) {
  for (; values > 0; --values) {
    const Head head = read_head(at, end);
    switch (head.kind) {
      case Kind::malformed:
        return false;
      case Kind::text:
      case Kind::other:
        if (static_cast<uint64_t>(end - at) < head.number) return false;
        at += head.number;
        break;
      case Kind::array:
        values += head.number;
        break;
      case Kind::map:
        values += 2 * head.number;
        break;
      default:
        break;
    }
  }
  return true;
}

}  // namespace muster::wire
