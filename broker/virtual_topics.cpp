#include "broker/virtual_topics.hpp"

#include <fmt/core.h>

#include <charconv>
#include <cstdint>

namespace muster::broker {
namespace {

constexpr BytesView prefix = "$user/";
constexpr BytesView me = "$user/me/";

constexpr BytesView longest_suffix = "/presence/state";

bool is_plain(char c) {
  auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte != 0x7F && BytesView("/+#%$").find(c) == BytesView::npos;
}

}  // namespace

std::string topic_level(BytesView name) {
  std::string level;
  for (char c : name) {
    if (is_plain(c)) {
      level += c;
    } else {
      level += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return level;
}

std::string name_of_level(BytesView level) {
  std::string name;
  for (size_t i = 0; i < level.size(); ++i) {
    unsigned value = 0;
    const char* digits = level.data() + i + 1;
    if (level[i] == '%' && i + 2 < level.size() &&
        std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      name += static_cast<char>(value);
      i += 2;
    } else {
      name += level[i];
    }
  }
  return name;
}

std::optional<PresenceFilter> presence_filter(BytesView filter, BytesView own_user) {
  if (!filter.starts_with(prefix)) return std::nullopt;
  filter.remove_prefix(prefix.size());
  size_t slash = filter.find('/');
  if (slash == BytesView::npos) return std::nullopt;
  BytesView user = filter.substr(0, slash);
  BytesView rest = filter.substr(slash);
  if (rest != "/presence" && rest != "/presence/state") return std::nullopt;
  PresenceFilter found;
  found.state_only = rest == "/presence/state";
  found.user = user == "me" ? std::string(own_user) : name_of_level(user);
  return found;
}

std::string own_topic(BytesView topic, BytesView own_user) {
  if (!topic.starts_with(me)) return std::string(topic);
  return fmt::format("{}{}/{}", prefix, topic_level(own_user), topic.substr(me.size()));
}

bool is_inbox_topic(BytesView topic) {
  if (!topic.starts_with(prefix)) return false;
  topic.remove_prefix(prefix.size());
  size_t slash = topic.find('/');
  return slash != BytesView::npos && slash > 0 && topic.substr(slash) == "/inbox";
}

bool is_clients_topic(BytesView topic) {
  return !topic.starts_with('$') || is_inbox_topic(topic);
}

bool fits_topics(BytesView user) {
  return prefix.size() + topic_level(user).size() + longest_suffix.size() <= UINT16_MAX;
}

}  // namespace muster::broker
