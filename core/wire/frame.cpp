#include "core/wire/frame.hpp"

#include "core/wire/reader.hpp"

namespace muster::wire {
namespace {

template <class T>
bool read_value(BytesView frame, size_t& offset, T& value) {
  Reader reader(frame, offset);
  reader.take(value);
  offset = reader.offset();
  return reader.fault() == nullptr;
}

}  // namespace

bool read(BytesView frame, size_t& offset, Envelope& envelope) {
  return read_value(frame, offset, envelope) && envelope.first <= envelope.last;
}

bool read(BytesView frame, size_t& offset, Hello& hello) {
  return read_value(frame, offset, hello);
}

}  // namespace muster::wire
