#pragma once
// What the tools print: messages by format (-F, Mosquitto's letters) and topics against filters.
// Pure functions.

#include <string>

#include "clients/connection.hpp"

namespace muster::clients {

// %t topic, %p payload, %x payload in hex, %l its length, %q QoS, %r retain (0 or 1), %R response
// topic, %D correlation data, %C content type, %E expiry, %P user properties, %% and \n.
std::string formatted(const std::string& format, const Message& message);

bool topic_matches(const std::string& filter, const std::string& topic);

}  // namespace muster::clients
