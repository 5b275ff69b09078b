#pragma once
// Tokens to values, through the same Forms as the encoder. Inside core/wire only. The first fault
// sticks and reading goes on harmlessly: each read consumes exactly the tokens of one value.

#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/wire/forms.hpp"
#include "core/wire/tokens.hpp"

namespace muster::wire {

// Elements of a message's lists that are structs: rows, entries. An empty one takes a byte of input
// and hundreds of memory.
constexpr size_t struct_limit = 1 << 17;

class Reader {
 public:
  // `input`: what the tokens were read from; slices refer to it.
  explicit Reader(const std::vector<Token>& tokens, SharedBuffer input = nullptr)
      : first_(tokens.data()), at_(tokens.data()), input_(std::move(input)) {}

  const char* fault() const { return fault_; }  // nullptr: none

  // What a Form calls: missing trailing fields keep their defaults, additional ones are skipped.
  template <class... Fields>
  void operator()(Fields&&... fields) {
    (field(fields), ...);
  }

  template <class T>
  void take(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      if (is(Token::Kind::boolean, "not a boolean")) value = at_->number != 0;
      at_ = behind();
    } else if constexpr (std::is_enum_v<T>) {
      take_number(value, static_cast<uint64_t>(highest<T>));
    } else if constexpr (std::is_unsigned_v<T>) {
      take_number(value, T(-1));
    } else if constexpr (std::is_same_v<T, int64_t>) {
      take_signed(value);
    } else {
      take_struct(value, [&] { Form<T>::visit(*this, value); });
    }
  }
  void take(std::string& text) { take_text(text); }
  void take(Slice& text) { take_text(text); }
  template <class S>
  void take(Binary<S>& binary) {
    take_text(binary.bytes);
  }
  template <class T>
  void take(std::optional<T>& value) {
    if (at_->kind == Token::Kind::nil) {
      value.reset();
      ++at_;
    } else {
      take(value.emplace());
    }
  }
  template <class T>
  void take(std::vector<T>& values) {
    const Token* end = behind();
    if (is(Token::Kind::array, "not an array") && (!is_struct<T> || count_structs(at_->size))) {
      values.reserve(at_->size);  // as many tokens are there
      for (++at_; at_ != end && !fault_;) take(values.emplace_back());
    }
    at_ = end;
  }
  template <class A, class B>
  void take(std::pair<A, B>& pair) {
    take_struct(pair, [&] { (*this)(pair.first, pair.second); });
  }
  void take(std::map<std::string, std::string>& map) {
    const Token* end = behind();
    if (is(Token::Kind::map, "not a map")) {
      for (++at_; at_ != end && !fault_;) {
        std::string key;
        take(key);
        take(map[key]);
      }
    }
    at_ = end;
  }
  template <class... Ts>
  void take(std::variant<Ts...>& variant) {
    take_struct(variant, [&] {
      uint8_t type = 0;
      field(type);
      const bool known = ((Form<Ts>::type == type && take_alternative<Ts>(variant)) || ...);
      if (!known && !fault_) fault_ = "unknown type";
    });
  }

 private:
  template <class T>
  static constexpr bool is_struct = requires(T& value, Reader& reader) {
    Form<T>::visit(reader, value);
  };
  bool count_structs(size_t more) {
    structs_ += more;
    if (structs_ > struct_limit && !fault_) fault_ = "too many structs";
    return structs_ <= struct_limit;
  }
  template <class F>
  void field(F& value) {
    if (left_ == 0) return;
    --left_;
    take(value);
  }
  void field(const Trailing&) {}
  template <class T, class V>
  bool take_alternative(V& variant) {
    Form<T>::visit(*this, variant.template emplace<T>());
    return true;
  }
  template <class T, class Read>
  void take_struct(T&, Read read) {
    const Token* end = behind();
    if (is(Token::Kind::array, "not an array of fields")) {
      const uint32_t outer = std::exchange(left_, at_->size);
      ++at_;
      read();
      left_ = outer;
    }
    at_ = end;
  }
  template <class T>
  void take_number(T& value, uint64_t limit) {
    if (is(Token::Kind::positive, "not an unsigned number")) {
      if (at_->number <= limit) {
        value = static_cast<T>(at_->number);
      } else if (!fault_) {
        fault_ = "number out of range";
      }
    }
    at_ = behind();
  }
  void take_signed(int64_t& value) {
    const bool positive = at_->kind == Token::Kind::positive && at_->number <= INT64_MAX;
    if (positive || is(Token::Kind::negative, "not a signed number")) {
      value = static_cast<int64_t>(at_->number);
    }
    at_ = behind();
  }
  template <class S>
  void take_text(S& bytes) {
    if (is(Token::Kind::text, "not a string")) {
      if constexpr (std::is_same_v<S, Slice>) {
        bytes = Slice(input_, {at_->text, at_->size});
      } else if constexpr (std::is_same_v<S, std::string>) {
        bytes.assign(at_->text, at_->size);  // from two pointers it would be copied twice
      } else {
        bytes.assign(at_->text, at_->text + at_->size);
      }
    }
    at_ = behind();
  }

  bool is(Token::Kind kind, const char* otherwise) {
    if (at_->kind == kind) return true;
    if (!fault_) fault_ = otherwise;
    return false;
  }
  const Token* behind() const {
    const bool container = at_->kind == Token::Kind::array || at_->kind == Token::Kind::map;
    return container ? first_ + at_->end : at_ + 1;
  }

  const Token* first_;
  const Token* at_;
  uint32_t left_ = 0;   // fields of the struct being read
  size_t structs_ = 0;  // in lists so far
  SharedBuffer input_;
  const char* fault_ = nullptr;
};

}  // namespace muster::wire
