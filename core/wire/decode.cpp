// MessagePack to values.

#include "core/wire/codec.hpp"
#include "core/wire/items.hpp"
#include "core/wire/reader.hpp"

namespace muster::wire {
namespace {

template <class T>
Expected<T, CodecError> decode_whole(BytesView input) {
  const auto bytes = std::make_shared<const Bytes>(input);
  std::vector<Token> tokens;
  size_t offset = 0;
  if (!parse_tokens(*bytes, offset, tokens)) return Unexpected{CodecError{"malformed MessagePack"}};
  if (offset != bytes->size()) return Unexpected{CodecError{"bytes behind the value"}};
  Reader reader(tokens, bytes);
  T value;
  reader.take(value);
  if (reader.fault()) return Unexpected{CodecError{reader.fault()}};
  return value;
}

}  // namespace

Expected<Message, CodecError> decode(BytesView bytes) {
  return decode_whole<Message>(bytes);
}

Expected<LogEntry, CodecError> decode_row(BytesView bytes) {
  return decode_whole<LogEntry>(bytes);
}

ItemReader::Result ItemReader::next(const SharedBuffer& bytes, size_t& offset, Message& message) {
  fault_ = nullptr;
  if (!parse_tokens(*bytes, offset, tokens_)) {
    fault_ = "malformed MessagePack";
    return Result::malformed;
  }
  Reader reader(tokens_, bytes);
  reader.take(message);
  fault_ = reader.fault();
  return fault_ ? Result::skipped : Result::message;
}

}  // namespace muster::wire
