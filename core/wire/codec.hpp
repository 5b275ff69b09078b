#pragma once
// Messages between servers as MessagePack (messages.hpp says which form; forms.hpp names the
// fields). Pure functions, any thread. Refused as a whole: what is malformed, a type or enumerator
// that is not known here, a number out of its field's range, more than 2^24 values or 2^17 structs
// in lists (rows, entries) in one message: who sends more cuts it into pages. Memory taken by
// decoding is bounded by the size of the input, never by a size that it claims.

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

// Publications and rows as they are stored by global; the same form as on the wire.
Expected<Publication, CodecError> decode_publication(BytesView bytes);
Bytes encode_row(const LogEntry& entry);
Expected<LogEntry, CodecError> decode_row(BytesView bytes);

}  // namespace muster::wire
