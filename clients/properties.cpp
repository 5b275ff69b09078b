#include "clients/properties.hpp"

#include <mqtt/message.h>
#include <mqtt/properties.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace muster::clients {
namespace {

using Code = ::mqtt::property::code;

struct Name {
  const char* name;
  Code code;
  bool is_number;
};

constexpr Name names[] = {
    {"payload-format-indicator", Code::PAYLOAD_FORMAT_INDICATOR, true},
    {"message-expiry-interval", Code::MESSAGE_EXPIRY_INTERVAL, true},
    {"content-type", Code::CONTENT_TYPE, false},
    {"response-topic", Code::RESPONSE_TOPIC, false},
    {"correlation-data", Code::CORRELATION_DATA, false},
    {"subscription-identifier", Code::SUBSCRIPTION_IDENTIFIER, true},
    {"session-expiry-interval", Code::SESSION_EXPIRY_INTERVAL, true},
    {"will-delay-interval", Code::WILL_DELAY_INTERVAL, true},
    {"request-response-information", Code::REQUEST_RESPONSE_INFORMATION, true},
    {"request-problem-information", Code::REQUEST_PROBLEM_INFORMATION, true},
    {"receive-maximum", Code::RECEIVE_MAXIMUM, true},
    {"topic-alias-maximum", Code::TOPIC_ALIAS_MAXIMUM, true},
    {"topic-alias", Code::TOPIC_ALIAS, true},
    {"maximum-packet-size", Code::MAXIMUM_PACKET_SIZE, true},
    {"authentication-method", Code::AUTHENTICATION_METHOD, false},
    {"authentication-data", Code::AUTHENTICATION_DATA, false},
    {"reason-string", Code::REASON_STRING, false},
};

constexpr const char* commands[] = {"connect",   "will",        "publish",
                                    "subscribe", "unsubscribe", "disconnect"};

::mqtt::property property_of(const std::string& name, const std::string& value) {
  for (const Name& known : names) {
    if (name != known.name) continue;
    if (!known.is_number) return {known.code, value};
    uint32_t number = 0;
    const char* end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, number);
    if (read.ec != std::errc{} || read.ptr != end) throw Failure(name + ": not a number");
    return {known.code, static_cast<int32_t>(number)};
  }
  throw Failure("unknown property " + name);
}

}  // namespace

void check_properties(const std::vector<std::vector<std::string>>& flags) {
  for (const auto& flag : flags) {
    const std::string& command = flag.at(0);
    if (std::find(std::begin(commands), std::end(commands), command) == std::end(commands)) {
      throw Failure("-D " + command + ": no such command");
    }
    properties_for(command, {flag});
  }
}

::mqtt::properties properties_for(const std::string& command,
                                  const std::vector<std::vector<std::string>>& flags) {
  ::mqtt::properties properties;
  for (const auto& flag : flags) {
    if (flag.size() < 3 || flag[0] != command) continue;
    if (flag[1] == "user-property") {
      if (flag.size() != 4) throw Failure("user-property wants a name and a value");
      properties.add({Code::USER_PROPERTY, flag[2], flag[3]});
    } else {
      properties.add(property_of(flag[1], flag[2]));
    }
  }
  return properties;
}

void add_properties(const std::string& command, const std::vector<std::vector<std::string>>& flags,
                    Message& message) {
  for (const auto& flag : flags) {
    if (flag.size() < 3 || flag[0] != command) continue;
    if (flag[1] == "user-property") {
      if (flag.size() != 4) throw Failure("user-property wants a name and a value");
      message.user_properties.emplace_back(flag[2], flag[3]);
    } else {
      message.properties[flag[1]] = flag[2];
    }
  }
}

::mqtt::properties message_properties(const Message& message) {
  ::mqtt::properties properties;
  for (const auto& [name, value] : message.properties) properties.add(property_of(name, value));
  for (const auto& [name, value] : message.user_properties) {
    properties.add({Code::USER_PROPERTY, name, value});
  }
  return properties;
}

Message received_message(const ::mqtt::message& packet) {
  Message message;
  message.topic = packet.get_topic();
  message.payload = packet.get_payload_str();
  message.qos = packet.get_qos();
  message.retain = packet.is_retained();
  const ::mqtt::properties& properties = packet.get_properties();
  for (const Name& known : names) {
    if (!properties.contains(known.code)) continue;
    message.properties[known.name] =
        known.is_number ? std::to_string(::mqtt::get<uint32_t>(properties, known.code))
                        : ::mqtt::get<std::string>(properties, known.code);
  }
  for (size_t i = 0; i < properties.count(Code::USER_PROPERTY); ++i) {
    using Pair = std::tuple<std::string, std::string>;
    auto pair = ::mqtt::get<Pair>(properties, Code::USER_PROPERTY, i);
    message.user_properties.emplace_back(std::get<0>(pair), std::get<1>(pair));
  }
  return message;
}

}  // namespace muster::clients
