#pragma once
// Who may see whom: the one predicate that guards queries (rows and counts) and presence topics
// (design.md section 8). Pure, any thread.

#include "core/base/bytes.hpp"

namespace muster::broker {

constexpr BytesView everybody = "+";

// May the user `asker` see the presence of `user` (or of everybody)? As long as a broker knows no
// authentication, everybody on its listener may.
bool may_see(BytesView asker, BytesView user);

}  // namespace muster::broker
