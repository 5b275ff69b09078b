// Values to MessagePack. What has a Form goes through it; the rest is here.

#include <type_traits>
#include <utility>

#include "core/wire/codec.hpp"
#include "core/wire/encoded.hpp"
#include "core/wire/forms.hpp"
#include "core/wire/frame.hpp"
#include "core/wire/items.hpp"
#include "core/wire/writer.hpp"

namespace muster::wire {
namespace {

// A LogEntry that has not been put together.
template <class Row>
struct RowEntry {
  uint64_t number;
  uint64_t previous;
  uint16_t slot;
  const Row& row;
};

// What is reserved at once.
constexpr size_t usual_row_bytes = 160;
constexpr size_t delta_head_bytes = 64;

class Encoder {
 public:
  explicit Encoder(Bytes& out, std::vector<Elsewhere>* elsewhere = nullptr)
      : writer_(out, elsewhere) {}

  // What a Form calls, once.
  template <class... Fields>
  void operator()(const Fields&... fields) {
    const uint8_t type = std::exchange(type_, no_type);
    const uint32_t count = written(fields...);
    writer_.array(count + (type != no_type ? 1 : 0));
    if (type != no_type) writer_.number(type);
    uint32_t at = 0;
    [[maybe_unused]] const auto put_next = [&](const auto& field) {
      if (at++ < count) put(field);
    };
    (unless_trailing(fields, put_next), ...);
  }

  template <class T>
  void put(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      writer_.boolean(value);
    } else if constexpr (std::is_enum_v<T>) {
      writer_.number(static_cast<uint64_t>(value));
    } else if constexpr (std::is_unsigned_v<T>) {
      writer_.number(value);
    } else if constexpr (std::is_signed_v<T>) {
      writer_.integer(value);
    } else {
      Form<T>::visit(*this, value);
    }
  }
  template <class P>
  void put(const AsItCame<P>& one) {
    const Publication& publication = one.publication;
    if (publication.is_as_it_came()) return writer_.append(publication.encoded.bytes);
    put(publication);
  }
  void put(const std::string& text) { writer_.str(text); }
  void put(const Slice& text) { writer_.str(text); }
  template <class S>
  void put(const Binary<S>& binary) {
    const auto* const bytes = reinterpret_cast<const char*>(binary.bytes.data());
    writer_.bin({bytes, binary.bytes.size()});
  }
  template <class T>
  void put(const std::optional<T>& value) {
    value ? put(*value) : writer_.nil();
  }
  template <class T>
  void put(const std::vector<T>& values) {
    writer_.array(length(values));
    for (const T& value : values) put(value);
  }
  template <class A, class B>
  void put(const std::pair<A, B>& pair) {
    writer_.array(2);
    put(pair.first);
    put(pair.second);
  }
  void put(const std::map<std::string, std::string>& map) {
    writer_.map(length(map));
    for (const auto& [key, value] : map) {
      put(key);
      put(value);
    }
  }
  template <class... Ts>
  void put(const std::variant<Ts...>& variant) {
    std::visit([this](const auto& value) { put_typed(value); }, variant);
  }
  // As an alternative of a variant.
  template <class T>
  void put_typed(const T& value) {
    type_ = Form<T>::type;
    Form<T>::visit(*this, value);
  }
  template <class Row>
  void put(const RowEntry<Row>& entry) {
    writer_.array(4);
    put(entry.number);
    put(entry.previous);
    put(entry.slot);
    put_typed(entry.row);
  }
  void put_delta(const Delta& delta, const std::vector<BytesView>& entries) {
    type_ = Form<Delta>::type;
    Form<Delta>::visit(*this, delta, entries);
  }
  // What is encoded already.
  void put(const std::vector<BytesView>& values) {
    writer_.array(length(values));
    for (const BytesView value : values) writer_.append(value);
  }

 private:
  static constexpr uint8_t no_type = 0;

  template <class Field, class Visit>
  static void unless_trailing(const Field& field, Visit&& visit) {
    if constexpr (!std::is_same_v<Field, Trailing>) visit(field);
  }
  // How many of the fields are written.
  template <class... Fields>
  static uint32_t written(const Fields&... fields) {
    if constexpr (!(std::is_same_v<Fields, Trailing> || ...)) {
      return sizeof...(fields);
    } else {
      uint32_t count = 0;
      uint32_t needed = 0;
      bool may_lack = false;
      const auto look = [&](const auto& field) {
        ++count;
        if (!may_lack || !is_nothing(field)) needed = count;
      };
      ((may_lack |= std::is_same_v<Fields, Trailing>, unless_trailing(fields, look)), ...);
      return needed;
    }
  }
  template <class T>
  static bool is_nothing(const T& value) {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
      return value == T{};
    } else if constexpr (requires { value.empty(); }) {
      return value.empty();
    } else {
      return false;
    }
  }
  template <class S>
  static bool is_nothing(const Binary<S>& binary) {
    return binary.bytes.empty();
  }

  template <class C>
  static uint32_t length(const C& container) {
    MUSTER_CHECK(container.size() <= UINT32_MAX);
    return static_cast<uint32_t>(container.size());
  }

  Writer writer_;
  uint8_t type_ = no_type;
};

}  // namespace

void encode(const Message& message, Bytes& out) {
  Encoder(out).put(message);
}

void encode_around(const Message& message, Bytes& out, std::vector<Elsewhere>& elsewhere) {
  Encoder(out, &elsewhere).put(message);
}

size_t payload_bytes(const Message& message) {
  if (const auto* publish = std::get_if<Publish>(&message)) {
    return publish->publication.payload.size();
  }
  size_t bytes = 0;
  if (const auto* deliver = std::get_if<Deliver>(&message)) {
    for (const InboxEntry& entry : deliver->entries) bytes += entry.publication.payload.size();
  }
  return bytes;
}

void encode(const Envelope& envelope, Bytes& out) {
  Encoder(out).put(envelope);
}

void encode(const Hello& hello, Bytes& out) {
  Encoder(out).put(hello);
}

Bytes encode_row(const LogEntry& entry) {
  return std::visit(
      [&](const auto& row) { return encode_row(entry.number, entry.previous, entry.slot, row); },
      entry.row);
}

template <class Row>
Bytes encode_row(uint64_t number, uint64_t previous, uint16_t slot, const Row& row) {
  Bytes out;
  out.reserve(usual_row_bytes);
  Encoder(out).put(RowEntry<Row>{number, previous, slot, row});
  return out;
}
template Bytes encode_row(uint64_t, uint64_t, uint16_t, const DeviceRow&);
template Bytes encode_row(uint64_t, uint64_t, uint16_t, const DeviceErased&);
template Bytes encode_row(uint64_t, uint64_t, uint16_t, const UserRow&);
template Bytes encode_row(uint64_t, uint64_t, uint16_t, const BrokerRow&);

Bytes encode_delta(const Delta& delta, const std::vector<BytesView>& entries) {
  size_t size = delta_head_bytes;
  for (const BytesView entry : entries) size += entry.size();
  Bytes out;
  out.reserve(size);
  Encoder(out).put_delta(delta, entries);
  return out;
}

}  // namespace muster::wire
