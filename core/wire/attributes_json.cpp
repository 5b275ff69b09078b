#include "core/wire/attributes_json.hpp"

#include <nlohmann/json.hpp>

namespace muster::wire {

Expected<std::map<std::string, std::string>, std::string> parse_attributes(BytesView json) {
  auto object = nlohmann::json::parse(json, nullptr, false);
  if (!object.is_object()) return Unexpected{std::string("attributes are one JSON object")};
  if (object.size() > attribute_limit) return Unexpected{std::string("at most 64 attributes")};
  std::map<std::string, std::string> attributes;
  for (const auto& [name, value] : object.items()) {
    std::string text;
    if (value.is_string()) {
      text = value.get<std::string>();
    } else if (value.is_structured()) {
      return Unexpected{"attribute \"" + name + "\" is not a string, a number or a boolean"};
    } else if (!value.is_null()) {
      text = value.dump();
    }
    if (name.empty() || name.size() > attribute_text_limit || text.size() > attribute_text_limit) {
      return Unexpected{std::string("an attribute's name and value are 1 to 1024 bytes")};
    }
    attributes.emplace(name, std::move(text));
  }
  return attributes;
}

}  // namespace muster::wire
