// The only unit that knows toml++. Values become text and meet the same rules as flags do; only
// their TOML type is judged here.

#include <fmt/format.h>
#include <toml++/toml.h>

#include "app/config_fields.hpp"
#include "app/config_load.hpp"

namespace muster::app {
namespace {

std::string at(const std::string& file_name, const toml::source_region& region) {
  return fmt::format("{}:{}:{}", file_name, region.begin.line, region.begin.column);
}

std::string unknown(std::string_view what, std::string_view name, const std::string& nearest) {
  if (nearest.empty()) return fmt::format("unknown {} \"{}\"", what, name);
  return fmt::format("unknown {} \"{}\", did you mean \"{}\"?", what, name, nearest);
}

std::optional<std::string> scalar_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  return std::nullopt;
}

bool takes_a_number(const Place& place) {
  return std::holds_alternative<uint64_t*>(place) || std::holds_alternative<ByteCount*>(place);
}

struct Reader {
  ConfigBuilder& builder;
  const std::string& file_name;

  void list(const Field& field, const toml::array& array) {
    std::string joined;
    for (const toml::node& item : array) {
      const auto* text = item.as_string();
      if (text && text->get().empty() && array.size() > 1) {  // it would vanish between commas
        builder.complain(at(file_name, item.source()),
                         fmt::format("{}: an empty string among others", field.name));
        return;
      }
      if (!text || text->get().find(',') != std::string::npos) {
        builder.complain(at(file_name, item.source()),
                         fmt::format("{}: expected strings", field.name));
        return;
      }
      joined += (joined.empty() ? "" : ",") + text->get();
    }
    builder.set(field, joined, at(file_name, array.source()));
  }

  void value(const Field& field, const toml::node& node) {
    Config scratch;
    const Place place = field.place(scratch);
    const std::string where = at(file_name, node.source());
    const bool is_list = std::holds_alternative<std::vector<std::string>*>(place);
    if (is_list && node.is_array()) return list(field, *node.as_array());

    const auto text = scalar_text(node);
    const bool wrong_number = node.is_integer() && !takes_a_number(place);
    const bool wrong_string = node.is_string() && std::holds_alternative<uint64_t*>(place);
    if (!text || wrong_number || wrong_string) {
      const std::string_view expected = std::holds_alternative<uint64_t*>(place) ? "a whole number"
                                        : std::holds_alternative<ByteCount*>(place) ? "a size"
                                        : is_list ? "a list of strings"
                                                  : "a string";
      builder.complain(where, fmt::format("{}: expected {}", field.name, expected));
      return;
    }
    builder.set(field, *text, where);
  }

  void section(std::string_view name, const toml::table& table) {
    for (const auto& [key, node] : table) {
      const std::string full = fmt::format("{}.{}", name, key.str());
      if (const Field* field = find_field(full)) {
        value(*field, node);
      } else {
        builder.complain(at(file_name, key.source()), unknown("key", full, nearest_name(full)));
      }
    }
  }

  void document(const toml::table& table) {
    for (const auto& [key, node] : table) {
      const std::string_view name = key.str();
      const std::string where = at(file_name, key.source());
      if (node.is_table() && !section_sentence(name).empty()) {
        section(name, *node.as_table());
      } else if (node.is_table()) {
        builder.complain(where, unknown("section", name, nearest_section(name)));
      } else {
        builder.complain(where, unknown("key", name, nearest_name(name)));
      }
    }
  }
};

}  // namespace

void apply_toml(ConfigBuilder& builder, std::string_view text, const std::string& file_name) {
  try {
    const toml::table table = toml::parse(text, file_name);
    Reader{builder, file_name}.document(table);
  } catch (const toml::parse_error& error) {
    builder.complain(at(file_name, error.source()), error.description());
  }
}

}  // namespace muster::app
