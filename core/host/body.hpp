#pragma once
// What a gateway drives: a mind, and whatever its thread does besides frames. Written by each
// role's host; every call comes from the gateway's thread.

#include "core/base/time.hpp"
#include "core/wire/node.hpp"

namespace muster::host {

class Body {
 public:
  virtual ~Body() = default;
  virtual wire::NodeMind& mind() = 0;

  // Hands to the mind what other threads have left (parcels, stored batches). They wake the
  // gateway's waker; a turn may also find nothing.
  virtual void take_letters(Now now) { (void)now; }
  // After finish_turn(): effects that are no frames. What it gives to another thread comes back as
  // a letter.
  virtual void carry_out(Now now) { (void)now; }
  // Does the role serve? Asked after each turn until it is true for the first time.
  virtual bool ready() const { return true; }
};

}  // namespace muster::host
