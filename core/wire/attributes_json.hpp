#pragma once
// A user's attributes as they are published to $user/me/info: one flat JSON object. Strings,
// numbers and booleans become text; null removes an attribute (an empty value). Pure, any thread.

#include <map>
#include <string>

#include "core/base/bytes.hpp"
#include "core/base/expected.hpp"

namespace muster::wire {

constexpr size_t attribute_limit = 64;         // in one message
constexpr size_t attribute_text_limit = 1024;  // bytes of a name or a value

// Without value: one line that says what is wrong.
Expected<std::map<std::string, std::string>, std::string> parse_attributes(BytesView json);

}  // namespace muster::wire
