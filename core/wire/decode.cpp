// MessagePack to values.

#include "core/wire/codec.hpp"
#include "core/wire/items.hpp"
#include "core/wire/reader.hpp"

namespace muster::wire {
namespace {

template <class T>
Expected<T, CodecError> decode_whole(BytesView input) {
  const auto bytes = std::make_shared<const Bytes>(input);
  Reader reader(*bytes, 0, bytes);
  T value;
  reader.take(value);
  if (reader.fault()) return Unexpected{CodecError{reader.fault()}};
  if (reader.offset() != bytes->size()) return Unexpected{CodecError{"bytes behind the value"}};
  return value;
}

}  // namespace

Expected<Message, CodecError> decode(BytesView bytes) {
  return decode_whole<Message>(bytes);
}

Expected<Publication, CodecError> decode_publication(BytesView bytes) {
  return decode_whole<Publication>(bytes);
}

Expected<LogEntry, CodecError> decode_row(BytesView bytes) {
  return decode_whole<LogEntry>(bytes);
}

ItemReader::Result ItemReader::next(const SharedBuffer& bytes, size_t& offset, Message& message) {
  Reader reader(*bytes, offset, bytes);
  reader.take(message);
  fault_ = reader.fault();
  if (fault_ == nullptr) {
    offset = reader.offset();
    return Result::message;
  }
  const char* at = bytes->data() + offset;
  if (!skip(at, bytes->data() + bytes->size(), 1)) return Result::malformed;
  offset = static_cast<size_t>(at - bytes->data());
  return Result::skipped;
}

}  // namespace muster::wire
