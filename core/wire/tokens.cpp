// MessagePack's heads are few and each message between servers has a dozen: this reads them without
// a parser object (the library's allocates one for each message, a tenth of what a stored message
// costs).

#include "core/wire/tokens.hpp"

#include <array>

namespace muster::wire {
namespace {

using Kind = Token::Kind;

constexpr size_t kept_tokens = 1 << 16;  // the list of a large message is not kept for the next

class Parser {
 public:
  Parser(BytesView bytes, std::vector<Token>& tokens) : bytes_(bytes), tokens_(tokens) {}

  // One value with all that it holds; false: malformed or over a limit.
  bool value(size_t& offset) {
    at_ = offset;
    do {
      if (at_ >= bytes_.size() || tokens_.size() >= token_limit || !head()) return false;
      while (depth_ > 0 && open_[depth_ - 1].left == 0) close();
    } while (depth_ > 0);
    offset = at_;
    return true;
  }

 private:
  struct Open {
    size_t token = 0;
    uint64_t left = 0;  // values
  };

  bool head() {
    if (depth_ > 0) --open_[depth_ - 1].left;
    const auto byte = static_cast<uint8_t>(bytes_[at_++]);
    if (byte < 0x80) return add(Kind::positive, byte);
    if (byte < 0x90) return start(Kind::map, byte & 0x0F);
    if (byte < 0xa0) return start(Kind::array, byte & 0x0F);
    if (byte < 0xc0) return text(byte & 0x1F);
    if (byte >= 0xe0) return add(Kind::negative, static_cast<uint64_t>(int64_t{byte} - 256));
    return long_head(byte);
  }

  // In the order of the format's table.
  bool long_head(uint8_t byte) {
    uint64_t number = 0;
    switch (byte) {
      case 0xc0:
        return add(Kind::nil, 0);
      case 0xc2:
        return add(Kind::boolean, 0);
      case 0xc3:
        return add(Kind::boolean, 1);
      case 0xc4:
      case 0xd9:
        return big_endian(1, number) && text(number);
      case 0xc5:
      case 0xda:
        return big_endian(2, number) && text(number);
      case 0xc6:
      case 0xdb:
        return big_endian(4, number) && text(number);
      case 0xc7:
        return big_endian(1, number) && other(number + 1);
      case 0xc8:
        return big_endian(2, number) && other(number + 1);
      case 0xc9:
        return big_endian(4, number) && other(number + 1);
      case 0xca:
        return other(4);
      case 0xcb:
        return other(8);
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return big_endian(size_t{1} << (byte - 0xcc), number) && add(Kind::positive, number);
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        return negative(size_t{1} << (byte - 0xd0));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return other((uint64_t{1} << (byte - 0xd4)) + 1);
      case 0xdc:
        return big_endian(2, number) && start(Kind::array, number);
      case 0xdd:
        return big_endian(4, number) && start(Kind::array, number);
      case 0xde:
        return big_endian(2, number) && start(Kind::map, number);
      case 0xdf:
        return big_endian(4, number) && start(Kind::map, number);
      default:
        return false;
    }
  }

  bool big_endian(size_t size, uint64_t& number) {
    if (bytes_.size() - at_ < size) return false;
    for (; size > 0; --size) number = number << 8 | static_cast<uint8_t>(bytes_[at_++]);
    return true;
  }
  bool negative(size_t size) {
    uint64_t number = 0;
    if (!big_endian(size, number)) return false;
    const size_t unused = 64 - 8 * size;
    return add(Kind::negative,
               static_cast<uint64_t>(static_cast<int64_t>(number << unused) >> unused));
  }
  bool add(Kind kind, uint64_t number) {
    tokens_.push_back({kind, 0, {number}});
    return true;
  }
  bool text(uint64_t size) {
    if (bytes_.size() - at_ < size) return false;
    Token token{Kind::text, static_cast<uint32_t>(size), {0}};
    token.text = bytes_.data() + at_;
    tokens_.push_back(token);
    at_ += size;
    return true;
  }
  bool other(uint64_t size) {  // what we never write: skipped
    if (bytes_.size() - at_ < size) return false;
    at_ += size;
    return add(Kind::other, 0);
  }
  bool start(Kind kind, uint64_t size) {
    if (depth_ >= nesting_limit) return false;
    open_[depth_++] = {tokens_.size(), kind == Kind::map ? 2 * size : size};
    tokens_.push_back({kind, static_cast<uint32_t>(size), {0}});
    return true;
  }
  void close() { tokens_[open_[--depth_].token].end = tokens_.size(); }

  BytesView bytes_;
  std::vector<Token>& tokens_;
  size_t at_ = 0;
  std::array<Open, nesting_limit> open_;
  size_t depth_ = 0;
};

}  // namespace

bool parse_tokens(BytesView bytes, size_t& offset, std::vector<Token>& tokens) {
  if (tokens.capacity() > kept_tokens) tokens = {};
  tokens.clear();
  return offset <= bytes.size() && Parser(bytes, tokens).value(offset);
}

}  // namespace muster::wire
