#pragma once
// What every payload of the load generator says: which stream it belongs to, its number there, when
// it was sent, and a pattern that shows whether bytes were changed. Little more than memcpy: it is
// done for each message.

#include <cstdint>

#include "clients/bench/clock.hpp"
#include "core/base/bytes.hpp"

namespace muster::clients::bench {

constexpr size_t smallest_payload = 16;

struct Stamp {
  uint32_t stream = 0;
  uint32_t number = 0;
  Nanos sent{};
};

class Payload {
 public:
  explicit Payload(size_t size);  // at least smallest_payload

  BytesView pattern() const { return pattern_; }
  // Over the first bytes, and over the last four where they are not the same ones.
  void stamp(char* payload, const Stamp& stamp) const;
  // False: it is not what stamp() left.
  bool read(BytesView payload, Stamp& stamp) const;

 private:
  Bytes pattern_;
};

}  // namespace muster::clients::bench
