#pragma once
// The numbers that order Muster (protocol.md, Names and numbers), each a type of its own.

#include <compare>
#include <cstdint>

#include "core/base/bytes.hpp"

namespace muster {

// Random 64 bits for each start of a process; compared for equality only. 0 is nobody.
enum class Incarnation : uint64_t { none = 0 };

// Counts the connections of one broker incarnation; (Incarnation, Serial) names a connection.
enum class Serial : uint64_t { none = 0 };

// Ownership of a session or a lease, raised and persisted by global. 0: global has not seen it.
enum class Term : uint64_t { none = 0 };

// A shard of one broker: 0 .. shards-1.
enum class ShardIndex : uint16_t {};

// A slot of the key space: XXH64(name, 0) mod 1,024. Part of the store format.
enum class Slot : uint16_t {};
constexpr uint16_t slot_count = 1024;
Slot slot_of(BytesView name);

// A place in global's one log. Eras rise with each start of global; numbers never repeat.
struct Position {
  uint64_t era = 0;
  uint64_t number = 0;
  auto operator<=>(const Position&) const = default;
};

}  // namespace muster
