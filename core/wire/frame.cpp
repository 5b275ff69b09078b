#include "core/wire/frame.hpp"

#include "core/wire/reader.hpp"

namespace muster::wire {

template <class T>
bool FrameReader::read(BytesView frame, size_t& offset, T& value) {
  if (!parse_tokens(frame, offset, tokens_)) return false;
  Reader reader(tokens_);
  reader.take(value);
  return reader.fault() == nullptr;
}

bool FrameReader::envelope(BytesView frame, size_t& offset, Envelope& envelope) {
  return read(frame, offset, envelope) && envelope.first <= envelope.last;
}

bool FrameReader::hello(BytesView frame, size_t& offset, Hello& hello) {
  return read(frame, offset, hello);
}

}  // namespace muster::wire
