#pragma once
// The codec's door for links: items one behind the other in a batch. Inside core/wire only.

#include <cstdint>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/wire/item.hpp"
#include "core/wire/messages.hpp"

namespace muster::wire {

// As encode() without the large texts: they are named with their places and live in the message.
void encode_around(const Message& message, Bytes& out, std::vector<Elsewhere>& elsewhere);
// What its payloads have: what is larger than a batch for certain is not encoded into one.
size_t payload_bytes(const Message& message);

// Reads item after item of a frame, or the one that was put together from pieces: publications
// refer to it.
class ItemReader {
 public:
  enum class Result : uint8_t {
    message,
    skipped,    // well-formed, but not a message that we know: fault() says why
    malformed,  // nothing behind it can be read
  };
  Result next(const SharedBuffer& bytes, size_t& offset, Message& message);
  const char* fault() const { return fault_; }

 private:
  const char* fault_ = nullptr;
};

}  // namespace muster::wire
