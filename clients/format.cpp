#include "clients/format.hpp"

#include <fmt/core.h>

#include "core/mqtt/topic.hpp"

namespace muster::clients {
namespace {

std::string property(const Message& message, const char* name) {
  auto known = message.properties.find(name);
  return known == message.properties.end() ? std::string() : known->second;
}

std::string hex(const std::string& bytes) {
  std::string text;
  for (char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string user_properties(const Message& message) {
  std::string text;
  for (const auto& [name, value] : message.user_properties) {
    if (!text.empty()) text += ' ';
    text += name + ":" + value;
  }
  return text;
}

std::string field(char letter, const Message& message) {
  switch (letter) {
    case 't':
      return message.topic;
    case 'p':
      return message.payload;
    case 'x':
      return hex(message.payload);
    case 'l':
      return std::to_string(message.payload.size());
    case 'q':
      return std::to_string(message.qos);
    case 'r':
      return message.retain ? "1" : "0";
    case 'R':
      return property(message, "response-topic");
    case 'D':
      return property(message, "correlation-data");
    case 'C':
      return property(message, "content-type");
    case 'E':
      return property(message, "message-expiry-interval");
    case 'P':
      return user_properties(message);
    case '%':
      return "%";
    default:
      throw Failure(std::string("unknown format %") + letter);
  }
}

}  // namespace

std::string formatted(const std::string& format, const Message& message) {
  std::string text;
  for (size_t i = 0; i < format.size(); ++i) {
    bool escape = (format[i] == '%' || format[i] == '\\') && i + 1 < format.size();
    if (!escape) {
      text += format[i];
    } else if (format[i] == '%') {
      text += field(format[++i], message);
    } else {
      char c = format[++i];
      text += c == 'n' ? '\n' : c == 't' ? '\t' : c;
    }
  }
  return text;
}

bool topic_matches(const std::string& filter, const std::string& topic) {
  return mqtt::matches(filter, topic);
}

}  // namespace muster::clients
