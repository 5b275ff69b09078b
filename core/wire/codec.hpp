#pragma once
// Messages between servers as MessagePack (messages.hpp says which form). Pure functions, any
// thread.

#include <string>

#include "core/base/bytes.hpp"
#include "core/base/expected.hpp"
#include "core/wire/messages.hpp"

namespace muster::wire {

struct CodecError {
  std::string text;  // one line
};

void encode(const Message& message, Bytes& out);  // appends
Expected<Message, CodecError> decode(BytesView bytes);

// Rows as they are stored by global; the same form as on the wire.
Bytes encode_row(const LogEntry& entry);
Expected<LogEntry, CodecError> decode_row(BytesView bytes);

}  // namespace muster::wire
