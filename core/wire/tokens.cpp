#include "core/wire/tokens.hpp"

#include <array>
#include <exception>
#include <msgpack.hpp>

namespace muster::wire {
namespace {

constexpr size_t kept_tokens = 1 << 16;  // the list of a large message is not kept for the next

struct Visitor : msgpack::null_visitor {
  using Kind = Token::Kind;

  explicit Visitor(std::vector<Token>& list) : tokens(list) {}

  bool visit_nil() { return number(Kind::nil, 0); }
  bool visit_boolean(bool value) { return number(Kind::boolean, value ? 1 : 0); }
  bool visit_positive_integer(uint64_t value) { return number(Kind::positive, value); }
  bool visit_negative_integer(int64_t value) {
    return number(Kind::negative, static_cast<uint64_t>(value));
  }
  bool visit_float32(float) { return number(Kind::other, 0); }
  bool visit_float64(double) { return number(Kind::other, 0); }
  bool visit_str(const char* bytes, uint32_t size) { return text(bytes, size); }
  bool visit_bin(const char* bytes, uint32_t size) { return text(bytes, size); }
  bool visit_ext(const char*, uint32_t) { return number(Kind::other, 0); }
  bool start_array(uint32_t size) { return start(Kind::array, size); }
  bool start_map(uint32_t pairs) { return start(Kind::map, pairs); }
  bool end_array() { return end(); }
  bool end_map() { return end(); }

  bool add(Token token) {
    if (tokens.size() >= token_limit) return false;
    tokens.push_back(token);
    return true;
  }
  bool number(Kind kind, uint64_t value) { return add({kind, 0, {value}}); }
  bool text(const char* bytes, uint32_t size) {
    Token token{Kind::text, size, {0}};
    token.text = bytes;
    return add(token);
  }
  bool start(Kind kind, uint32_t size) {
    if (depth >= nesting_limit) return false;
    open[depth++] = tokens.size();
    return add({kind, size, {0}});
  }
  bool end() {
    tokens[open[--depth]].end = tokens.size();
    return true;
  }

  std::vector<Token>& tokens;
  std::array<size_t, nesting_limit> open{};
  size_t depth = 0;
};

}  // namespace

bool parse_tokens(BytesView bytes, size_t& offset, std::vector<Token>& tokens) {
  if (tokens.capacity() > kept_tokens) tokens = {};
  tokens.clear();
  Visitor visitor(tokens);
  try {
    return msgpack::parse(bytes.data(), bytes.size(), offset, visitor);
  } catch (const std::exception&) {  // the library's own limits on sizes
    return false;
  }
}

}  // namespace muster::wire
