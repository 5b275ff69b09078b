#include "clients/connection.hpp"

#include <mqtt/async_client.h>

#include <cstdio>
#include <random>

#include "clients/arrivals.hpp"
#include "clients/properties.hpp"

// Paho C++ 1.2 builds every DISCONNECT as one of MQTT 3.1.1, and the C library then leaves its
// properties out. Only the friend that Paho declares for its own test reaches the version.
namespace mqtt {
class disconnect_options_test {
 public:
  static void make_v5(disconnect_options& options) { options.opts_.struct_version = 1; }
};
}  // namespace mqtt

namespace muster::clients {
namespace {

int protocol_version(const std::string& text) {
  if (text == "5" || text == "mqttv5") return MQTTVERSION_5;
  if (text == "31" || text == "mqttv31") return MQTTVERSION_3_1;
  return MQTTVERSION_3_1_1;
}

std::string client_id(const Flags& flags) {
  if (!flags.id.empty()) return flags.id;
  std::random_device random;
  char suffix[17];
  std::snprintf(suffix, sizeof suffix, "%08x%08x", random(), random());
  return (flags.id_prefix.empty() ? std::string("muster-tool-") : flags.id_prefix) + suffix;
}

void read_url(Flags& flags) {
  if (flags.url.empty()) return;
  std::string rest = flags.url;
  if (rest.rfind("mqtt://", 0) != 0) throw Failure("only mqtt:// URLs are known: " + flags.url);
  rest.erase(0, 7);
  if (size_t slash = rest.find('/'); slash != std::string::npos) {
    flags.url_topic = rest.substr(slash + 1);
    rest.erase(slash);
  }
  if (size_t at = rest.rfind('@'); at != std::string::npos) {
    std::string login = rest.substr(0, at);
    size_t colon = login.find(':');
    flags.user = login.substr(0, colon);
    if (colon != std::string::npos) flags.password = login.substr(colon + 1);
    rest.erase(0, at + 1);
  }
  size_t colon = rest.rfind(':');
  flags.host = rest.substr(0, colon);
  if (colon != std::string::npos) flags.port = std::stoi(rest.substr(colon + 1));
}

std::string address(const Flags& flags) {
  return "tcp://" + flags.host + ":" + std::to_string(flags.port);
}

// A reason code (5.0) or a return code (3.1.1) in words.
std::string explain(const mqtt::exception& error) {
  int code = error.get_reason_code() != 0 ? error.get_reason_code() : error.get_return_code();
  if (error.get_return_code() > 0 && error.get_reason_code() == 0) {
    return "the broker refused: return code " + std::to_string(code);
  }
  return error.to_string();
}

}  // namespace

Flags complete(Flags flags) {
  read_url(flags);
  flags.id = client_id(flags);
  return flags;
}

struct Connection::State {
  explicit State(Flags given)
      : flags(complete(std::move(given))),
        version(protocol_version(flags.version)),
        client(address(flags), flags.id, mqtt::create_options(version, 0), nullptr) {
    check_properties(flags.properties);
  }

  mqtt::connect_options options() const;
  void listen();
  void connect();

  Flags flags;
  int version;
  Arrivals arrivals;
  mqtt::async_client client;  // the last: its thread ends before what it writes to
};

Connection::Connection(Flags flags) : state_(std::make_unique<State>(std::move(flags))) {}

Connection::~Connection() {
  try {
    close();
  } catch (const std::exception&) {
    // The command is over; a connection that is broken already needs no word.
  }
}

bool Connection::is_v5() const {
  return state_->version == MQTTVERSION_5;
}
const Flags& Connection::flags() const {
  return state_->flags;
}

mqtt::connect_options Connection::State::options() const {
  mqtt::connect_options options;
  options.set_mqtt_version(version);
  options.set_keep_alive_interval(flags.keep_alive_s);
  options.set_connect_timeout(10);
  if (!flags.user.empty()) options.set_user_name(flags.user);
  if (!flags.password.empty()) options.set_password(flags.password);
  bool v5 = version == MQTTVERSION_5;
  if (v5) {
    options.set_clean_start(!flags.keep_session);
    mqtt::properties properties = properties_for("connect", flags.properties);
    if (flags.session_expiry_s != 0) {
      properties.add(
          {mqtt::property::SESSION_EXPIRY_INTERVAL, static_cast<int32_t>(flags.session_expiry_s)});
    }
    options.set_properties(std::move(properties));
  } else {
    options.set_clean_session(!flags.keep_session);
  }
  if (flags.will_topic.empty()) return options;
  mqtt::will_options will(flags.will_topic, mqtt::binary_ref(flags.will_payload), flags.will_qos,
                          flags.will_retain);
  if (v5) will.set_properties(properties_for("will", flags.properties));
  options.set_will(std::move(will));
  return options;
}

// Paho's own queue of messages hears of a lost connection, but not of the broker's DISCONNECT.
void Connection::State::listen() {
  client.set_message_callback(
      [this](mqtt::const_message_ptr packet) { arrivals.add(received_message(*packet)); });
  client.set_connection_lost_handler(
      [this](const std::string&) { arrivals.end("the connection was lost"); });
  client.set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode reason) {
    arrivals.end("the broker ended the connection: " +
                 mqtt::exception::reason_code_str(static_cast<int>(reason)));
  });
}

// Paho does not heed Server Keep Alive [MQTT-3.1.2-21] and would be ended when it is silent: it
// connects once more, with what it was told. Not if that ended a session which has something.
void Connection::State::connect() {
  mqtt::connect_options wanted = options();
  auto told = client.connect(wanted)->get_connect_response();
  const auto server_keep_alive = mqtt::property::SERVER_KEEP_ALIVE;
  if (version != MQTTVERSION_5 || !told.get_properties().contains(server_keep_alive)) return;
  const bool outlives = wanted.get_properties().contains(mqtt::property::SESSION_EXPIRY_INTERVAL);
  if (told.is_session_present() && !outlives) return;
  client.disconnect()->wait();
  wanted.set_keep_alive_interval(mqtt::get<uint16_t>(told.get_properties(), server_keep_alive));
  client.connect(wanted)->wait();
}

void Connection::open() {
  const Flags& flags = state_->flags;
  state_->listen();
  try {
    state_->connect();
  } catch (const mqtt::exception& error) {
    throw Failure("cannot connect to " + flags.host + ":" + std::to_string(flags.port) + ": " +
                  explain(error));
  }
}

void Connection::publish(const Message& message) {
  auto packet = mqtt::make_message(message.topic, message.payload, message.qos, message.retain);
  if (is_v5()) packet->set_properties(message_properties(message));
  auto token = state_->client.publish(packet);
  token->wait();
  int reason = token->get_reason_code();
  if (reason < 0x80) return;
  throw Failure("publication refused: " + mqtt::exception::reason_code_str(reason));
}

void Connection::subscribe(const std::string& filter, const SubscribeOptions& wanted) {
  mqtt::subscribe_options options;
  mqtt::properties properties;
  if (is_v5()) {
    properties = properties_for("subscribe", state_->flags.properties);
    options.set_no_local(wanted.no_local);
    options.set_retain_as_published(wanted.retain_as_published);
    using Handling = mqtt::subscribe_options::RetainHandling;
    options.set_retain_handling(static_cast<Handling>(wanted.retain_handling));
  }
  auto token = state_->client.subscribe(filter, wanted.qos, options, properties);
  token->wait();
  auto response = token->get_subscribe_response();
  for (auto reason : response.get_reason_codes()) {
    if (static_cast<int>(reason) < 0x80) continue;
    throw Failure("subscription to " + filter +
                  " refused: " + mqtt::exception::reason_code_str(static_cast<int>(reason)));
  }
}

void Connection::unsubscribe(const std::string& filter) {
  mqtt::properties properties;
  if (is_v5()) properties = properties_for("unsubscribe", state_->flags.properties);
  state_->client.unsubscribe(filter, properties)->wait();
}

std::optional<Message> Connection::next(std::optional<std::chrono::milliseconds> timeout) {
  return state_->arrivals.next(timeout);
}

void Connection::close() {
  if (!state_->client.is_connected()) return;
  mqtt::disconnect_options options;  // outlives the call: Paho's copy points into it
  if (is_v5()) {
    mqtt::disconnect_options_test::make_v5(options);
    options.set_properties(properties_for("disconnect", state_->flags.properties));
  }
  state_->client.disconnect(options)->wait_for(std::chrono::seconds(2));
}

int run(const char* name, const std::function<int()>& work) {
  try {
    return work();
  } catch (const mqtt::exception& error) {
    std::fprintf(stderr, "muster %s: %s\n", name, error.to_string().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "muster %s: %s\n", name, error.what());
  }
  return 1;
}

}  // namespace muster::clients
