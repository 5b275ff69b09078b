#pragma once
// One row per setting. From the row come parsing, bounds, messages, overrides from the environment
// and from flags, and docs/configuration.md. Constant; any thread.

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/config.hpp"

namespace muster::app {

// Where a field's value lives in a Config; the alternative is the kind of the value.
using Place =
    std::variant<std::string*, uint64_t*, ByteCount*, Duration*, std::vector<std::string>*>;

enum class Reload { restart, sighup };

struct Field {
  std::string_view name;  // section.key
  Place (*place)(Config&);
  std::string_view preset;  // the default, as text
  // "1..64" | "a|b|c" | "HOST:PORT[=LEVEL]" | "FILTER=LEVEL" | "ENDPOINT" | "NAME" | "PATH" | ""
  // (anything)
  std::string_view bounds;
  Reload reload;
  std::string_view sentence;

  std::string_view section() const { return name.substr(0, name.find('.')); }
  std::string_view key() const { return name.substr(name.find('.') + 1); }
};

std::span<const Field> fields();
const Field* find_field(std::string_view name);
// One sentence per section, in the order of the table; empty for what is not a section.
std::string_view section_sentence(std::string_view section);
// The known name that looks most like this one; empty if none does.
std::string nearest_name(std::string_view name);
std::string nearest_section(std::string_view section);

Config default_config();

}  // namespace muster::app
