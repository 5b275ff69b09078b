// MessagePack to values.

#include "core/wire/codec.hpp"
#include "core/wire/items.hpp"
#include "core/wire/reader.hpp"

namespace muster::wire {
namespace {

template <class T>
Expected<T, CodecError> decode_whole(BytesView bytes) {
  std::vector<Token> tokens;
  size_t offset = 0;
  if (!parse_tokens(bytes, offset, tokens)) return Unexpected{CodecError{"malformed MessagePack"}};
  if (offset != bytes.size()) return Unexpected{CodecError{"bytes behind the value"}};
  Reader reader(tokens);
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

ItemReader::Result ItemReader::next(BytesView bytes, size_t& offset, Message& message) {
  fault_ = nullptr;
  if (!parse_tokens(bytes, offset, tokens_)) {
    fault_ = "malformed MessagePack";
    return Result::malformed;
  }
  Reader reader(tokens_);
  reader.take(message);
  fault_ = reader.fault();
  return fault_ ? Result::skipped : Result::message;
}

// Moving a text to the front of its own memory costs less memory than copying it out.
ItemReader::Result ItemReader::whole(Bytes bytes, Message& message) {
  fault_ = nullptr;
  size_t offset = 0;
  if (!parse_tokens(bytes, offset, tokens_) || offset != bytes.size()) {
    fault_ = "malformed MessagePack";
    return Result::malformed;
  }
  Reader reader(tokens_);
  reader.spare(bytes.size() / 2 + 1);
  reader.take(message);
  reader.give_rest(std::move(bytes));
  fault_ = reader.fault();
  return fault_ ? Result::skipped : Result::message;
}

}  // namespace muster::wire
