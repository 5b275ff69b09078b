#pragma once
// The name of one connection of a client in the whole cluster: the incarnation of its broker and
// the serial number there. A plain value.

#include "core/base/ids.hpp"

namespace muster::global {

struct Connection {
  Incarnation broker = Incarnation::none;
  Serial serial = Serial::none;
  auto operator<=>(const Connection&) const = default;
};

}  // namespace muster::global
