#pragma once
// MessagePack to values in one pass, through the same Forms as the encoder. Inside core/wire only.
// The first fault sticks and ends the reading: nothing is taken behind it.

#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/wire/forms.hpp"
#include "core/wire/heads.hpp"

namespace muster::wire {

// Elements of a message's lists that are structs: rows, entries. An empty one takes a byte of input
// and hundreds of memory; others tens.
constexpr size_t struct_limit = 1 << 17;
constexpr size_t element_limit = 1 << 24;

class Reader {
 public:
  // Reads what stands at `offset`. `input`: what `bytes` belong to, which outlives the reader;
  // slices hold it.
  Reader(BytesView bytes, size_t offset, const SharedBuffer& input = nobody)
      : begin_(bytes.data()), at_(begin_ + offset), end_(begin_ + bytes.size()), input_(&input) {}

  const char* fault() const { return fault_; }                         // nullptr: none
  size_t offset() const { return static_cast<size_t>(at_ - begin_); }  // behind what was read

  // What a Form calls: missing trailing fields keep their defaults.
  template <class... Fields>
  void operator()(Fields&&... fields) {
    (field(fields), ...);
  }

  template <class T>
  void take(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      const Head head = next();
      if (head.kind != Kind::boolean) return fail(head, "not a boolean");
      value = head.number != 0;
    } else if constexpr (std::is_enum_v<T>) {
      take_number(value, static_cast<uint64_t>(highest<T>));
    } else if constexpr (std::is_unsigned_v<T>) {
      take_number(value, T(-1));
    } else if constexpr (std::is_same_v<T, int64_t>) {
      take_signed(value);
    } else {
      take_struct([&] { Form<T>::visit(*this, value); });
    }
  }
  void take(std::string& text) { text = take_text(); }
  void take(Slice& text) {
    const BytesView bytes = take_text();
    text = Slice(*input_, bytes);
  }
  // Its texts are held together; a large payload may be kept alone.
  void take(Publication& publication) {
    const SharedBuffer* const input = std::exchange(input_, &nobody);
    const char* const begin = at_;
    take_struct([&] { Form<Publication>::visit(*this, publication); });
    input_ = input;
    publication.texts = *input_;
    publication.encoded = {};
    if (publication.payload.size() >= large_text_bytes) {
      publication.payload = publication.alone(publication.payload);
    } else if (!fault_ && publication.bytes() < large_text_bytes) {
      publication.encoded = {BytesView(begin, static_cast<size_t>(at_ - begin)),
                             publication.expiry_s, publication.qos, publication.retain};
    }
  }
  template <class P>
  void take(AsItCame<P>& one) {
    take(one.publication);
  }
  template <class S>
  void take(Binary<S>& binary) {
    if constexpr (std::is_same_v<S, Slice>) {
      take(binary.bytes);
    } else {
      const BytesView bytes = take_text();
      binary.bytes.assign(bytes.begin(), bytes.end());
    }
  }
  template <class T>
  void take(std::optional<T>& value) {
    if (at_ != end_ && *at_ == '\xc0') {
      ++at_;
      value.reset();
    } else {
      take(value.emplace());
    }
  }
  template <class T>
  void take(std::vector<T>& values) {
    const uint64_t count = take_count<T>();
    values.reserve(count);
    for (uint64_t left = count; left > 0 && !fault_; --left) take(values.emplace_back());
  }
  template <class A, class B>
  void take(std::pair<A, B>& pair) {
    take_struct([&] { (*this)(pair.first, pair.second); });
  }
  void take(std::map<std::string, std::string>& map) {
    const Head head = next();
    if (head.kind != Kind::map) return fail(head, "not a map");
    elements_ += head.number;
    if (elements_ > element_limit) return fail("too many values");
    for (uint64_t left = head.number; left > 0 && !fault_; --left) {
      std::string key;
      take(key);
      take(map[key]);
    }
  }
  template <class... Ts>
  void take(std::variant<Ts...>& variant) {
    take_struct([&] {
      uint8_t type = 0;
      field(type);
      const bool known = ((Form<Ts>::type == type && take_alternative<Ts>(variant)) || ...);
      if (!known) fail("unknown type");
    });
  }

 private:
  using Kind = Head::Kind;

  template <class T>
  static constexpr bool is_struct = requires(T& value, Reader& reader) {
    Form<T>::visit(reader, value);
  };

  static inline const SharedBuffer nobody;

  Head next() { return read_head(at_, end_); }
  // Behind the end nothing can be read.
  void fail(const char* fault) {
    if (!fault_) fault_ = fault;
    at_ = end_;
  }
  void fail(const Head& head, const char* otherwise) {
    fail(head.kind == Kind::malformed ? "malformed MessagePack" : otherwise);
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
  template <class Read>
  void take_struct(Read read) {
    const Head head = next();
    if (head.kind != Kind::array) return fail(head, "not an array of fields");
    const uint64_t outer = std::exchange(left_, head.number);
    read();
    const uint64_t additional = std::exchange(left_, outer);
    if (!skip(at_, end_, additional)) fail("malformed MessagePack");
  }
  // Of a list: as many bytes are there at least, so that a claim alone reserves nothing.
  template <class T>
  uint64_t take_count() {
    const Head head = next();
    if (head.kind != Kind::array) return fail(head, "not an array"), 0;
    if (head.number > static_cast<uint64_t>(end_ - at_)) return fail("malformed MessagePack"), 0;
    uint64_t& sum = is_struct<T> ? structs_ : elements_;
    sum += head.number;
    if (structs_ > struct_limit) return fail("too many structs"), 0;
    if (elements_ > element_limit) return fail("too many values"), 0;
    return head.number;
  }
  template <class T>
  void take_number(T& value, uint64_t limit) {
    const Head head = next();
    if (head.kind != Kind::positive) return fail(head, "not an unsigned number");
    if (head.number > limit) return fail("number out of range");
    value = static_cast<T>(head.number);
  }
  void take_signed(int64_t& value) {
    const Head head = next();
    const bool positive = head.kind == Kind::positive && head.number <= INT64_MAX;
    if (!positive && head.kind != Kind::negative) return fail(head, "not a signed number");
    value = static_cast<int64_t>(head.number);
  }
  BytesView take_text() {
    const Head head = next();
    if (head.kind != Kind::text) return fail(head, "not a string"), BytesView();
    if (head.number > static_cast<uint64_t>(end_ - at_)) {
      return fail("malformed MessagePack"), BytesView();
    }
    const BytesView text(at_, head.number);
    at_ += head.number;
    return text;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  uint64_t left_ = 0;     // fields of the struct being read
  uint64_t structs_ = 0;  // in lists so far
  uint64_t elements_ = 0;
  const SharedBuffer* input_;
  const char* fault_ = nullptr;
};

}  // namespace muster::wire
