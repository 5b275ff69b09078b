#pragma once
// Topic filters against topic names (section 4.7): the slow, obvious definition that trees and
// caches are tested against.

#include "core/base/bytes.hpp"

namespace muster::mqtt {

// Does `filter` match `topic`? Filters that begin with a wildcard do not match topics that begin
// with '$' (4.7.2). Both must be valid.
bool matches(BytesView filter, BytesView topic);

// The same of their rests below some level, where '$' says nothing.
bool matches_levels(BytesView filter, BytesView topic);

bool has_wildcard(BytesView filter);

// Where a search for what `filter` matches may go on, in the order of bytes, behind `topic`, which
// it does not match: above `topic`, and nothing between the two matches.
Bytes seek_behind(BytesView filter, BytesView topic);

// What every topic that `filter` matches begins with.
BytesView literal_prefix(BytesView filter);

}  // namespace muster::mqtt
