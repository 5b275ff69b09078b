#pragma once
// A connection to a broker for the tools, on Paho MQTT C++, and the flags that describe it (those
// of Mosquitto's clients). Owned by one command; its calls block. Failures come as Failure, one
// line.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

namespace muster::clients {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Flags {
  std::string host = "127.0.0.1";
  int port = 1883;
  std::string url;  // mqtt://[user[:password]@]host[:port][/topic]: overrides host and port
  std::string url_topic;
  std::string id;
  std::string id_prefix;
  std::string user;
  std::string password;
  std::string version = "5";
  int keep_alive_s = 60;
  bool keep_session = false;  // -c: clean start off
  uint32_t session_expiry_s = 0;
  std::string will_topic;
  std::string will_payload;
  int will_qos = 0;
  bool will_retain = false;
  std::vector<std::vector<std::string>> properties;  // -D command name value [value]
};

// How a filter is subscribed to. What is not the QoS is MQTT 5 only.
struct SubscribeOptions {
  int qos = 0;
  bool no_local = false;
  bool retain_as_published = false;
  int retain_handling = 0;  // 0: retained messages come, 1: to a new subscription, 2: never
};

// With what the URL says, and a client id.
Flags complete(Flags flags);

void add_connection_flags(CLI::App& command, Flags& flags);
void add_session_flags(CLI::App& command, Flags& flags);  // -c -x --will-* -D

struct Message {
  std::string topic;
  std::string payload;
  int qos = 0;
  bool retain = false;
  // MQTT 5, by the standard's names in lower case with dashes: "content-type", "response-topic",
  // "correlation-data", "message-expiry-interval", "payload-format-indicator".
  std::map<std::string, std::string> properties;
  std::vector<std::pair<std::string, std::string>> user_properties;
};

class Connection {
 public:
  explicit Connection(Flags flags);  // does not connect yet
  ~Connection();

  void open();
  bool is_v5() const;
  const Flags& flags() const;

  void publish(const Message& message);  // returns when it is acknowledged
  // Throws Failure when the server refuses the filter.
  void subscribe(const std::string& filter, const SubscribeOptions& options = {});
  void unsubscribe(const std::string& filter);
  // Nothing: the time is over. Failure: the connection was lost, or the broker said DISCONNECT.
  std::optional<Message> next(std::optional<std::chrono::milliseconds> timeout);
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Runs a command's work; what it throws becomes one line on stderr and exit status 1.
int run(const char* name, const std::function<int()>& work);

}  // namespace muster::clients
