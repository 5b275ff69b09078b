#pragma once
// Entries of the log in the form in which they are stored and sent, so that each is encoded once,
// whoever gets it. Pure functions, any thread.

#include <cstdint>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/wire/messages.hpp"

namespace muster::wire {

struct EncodedEntry {
  uint64_t number = 0;
  uint16_t slot = 0;
  Bytes bytes;  // a LogEntry; decode_row() reads it
};

// Row: an alternative of LogEntry::row.
template <class Row>
Bytes encode_row(uint64_t number, uint64_t previous, uint16_t slot, const Row& row);

// The message with these entries instead of its own, for Links::bulk_encoded().
Bytes encode_delta(const Delta& delta, const std::vector<BytesView>& entries);

}  // namespace muster::wire
