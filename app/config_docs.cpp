#include "app/config_docs.hpp"

#include <fmt/format.h>

#include "app/config_fields.hpp"
#include "app/config_values.hpp"

namespace muster::app {
namespace {

constexpr std::string_view opening = R"(# Configuration

*Made from the program's own table by `muster config-docs`; do not edit.*

Nothing needs to be configured. What is set comes from four places, the later wins: the preset,
a TOML file (`--config FILE`), the environment (`MUSTER_BROKER_SHARDS=4`), flags
(`--set broker.shards=4`). `muster check-config FILE` checks a file; a mistake is told with file,
line and column, and ends the program with status 2.

Sizes are bytes or `"64KiB"`, `"16MiB"`, `"1GiB"`; durations `"500ms"`, `"3s"`, `"5min"`, `"1h"`,
`"7d"`, where bounds allow it `"forever"`; lists in flags and in the environment are separated by
commas. SIGHUP reads the file again; what is marked so takes effect at once, the rest after a
restart.
)";

std::string cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) {
    text.insert(at, "\\");
  }
  return text;
}

}  // namespace

std::string configuration_page() {
  std::string page{opening};
  std::string_view section;
  for (const Field& field : fields()) {
    if (field.section() != section) {
      section = field.section();
      page += fmt::format("\n## [{}]\n\n{}\n\n", section, section_sentence(section));
      page += "| key | preset | allowed | SIGHUP | |\n|---|---|---|---|---|\n";
    }
    const std::string preset = field.preset.empty() ? "" : fmt::format("`{}`", field.preset);
    page += fmt::format("| `{}` | {} | {} | {} | {} |\n", field.key(), cell(preset),
                        cell(kind_of(field)), field.reload == Reload::sighup ? "yes" : "",
                        cell(std::string{field.sentence}));
  }
  return page;
}

}  // namespace muster::app
