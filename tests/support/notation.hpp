#pragma once
// A notation for packets in tests, written by a person and independent of the codec:
//   10{ ['MQTT'] 05 02 003C {} ['id'] }
// Hexadecimal digits are bytes, 'text' is itself, { } is its content with its length in front as a
// Variable Byte Integer, [ ] with its length in two bytes. Spaces separate. A mistake in it aborts.

#include "core/base/bytes.hpp"

namespace muster::support {

Bytes from_notation(BytesView notation);

}  // namespace muster::support
