#pragma once
// MQTT 5 properties between the tools' names for them and Paho's values. For .cpp files of this
// room that include Paho's headers first.

#include <string>
#include <vector>

#include "clients/connection.hpp"

namespace mqtt {
class message;
class properties;
}  // namespace mqtt

namespace muster::clients {

// Throws Failure on what -D cannot say, before anything is sent.
void check_properties(const std::vector<std::vector<std::string>>& flags);
// What -D said for one command (connect, will, publish, subscribe, unsubscribe, disconnect). Throws
// Failure on an unknown name.
mqtt::properties properties_for(const std::string& command,
                                const std::vector<std::vector<std::string>>& flags);
// The same as properties of a message that is about to be published.
void add_properties(const std::string& command, const std::vector<std::vector<std::string>>& flags,
                    Message& message);
mqtt::properties message_properties(const Message& message);
Message received_message(const mqtt::message& packet);

}  // namespace muster::clients
