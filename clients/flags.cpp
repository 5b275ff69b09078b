// The flags of Mosquitto's clients, declared once for all commands.

#include <CLI/CLI.hpp>

#include "clients/connection.hpp"

namespace muster::clients {

void add_connection_flags(CLI::App& command, Flags& flags) {
  command.set_help_flag("--help", "Print this help and exit");
  command.add_option("-h,--host", flags.host, "Broker to connect to")->capture_default_str();
  command.add_option("-p,--port", flags.port, "Its port")->capture_default_str();
  command.add_option("-L,--url", flags.url, "mqtt://[user[:password]@]host[:port][/topic]");
  command.add_option("-i,--id", flags.id, "Client id; one is made up otherwise");
  command.add_option("-I,--id-prefix", flags.id_prefix, "Prefix of the client id made up");
  command.add_option("-u,--username", flags.user, "User name");
  command.add_option("-P,--pw", flags.password, "Password");
  command.add_option("-k,--keepalive", flags.keep_alive_s, "Keep-alive, s")
      ->capture_default_str()
      ->check(CLI::Range(0, 65535));
  command.add_option("-V,--protocol-version", flags.version, "5, 311 or 31")
      ->capture_default_str()
      ->check(CLI::IsMember({"5", "mqttv5", "311", "mqttv311", "31", "mqttv31"}));
}

void add_session_flags(CLI::App& command, Flags& flags) {
  command.add_flag("-c,--disable-clean-session", flags.keep_session, "Keep the session");
  command.add_option("-x,--session-expiry-interval", flags.session_expiry_s,
                     "MQTT 5: how long the session is kept, s");
  command.add_option("--will-topic", flags.will_topic, "Topic of the will");
  command.add_option("--will-payload", flags.will_payload, "Payload of the will");
  command.add_option("--will-qos", flags.will_qos, "QoS of the will")->check(CLI::Range(0, 2));
  command.add_flag("--will-retain", flags.will_retain, "Retain the will");
  command
      .add_option("-D,--property", flags.properties,
                  "MQTT 5 property: COMMAND NAME VALUE, or COMMAND user-property NAME VALUE; "
                  "COMMAND: connect, will, publish, subscribe, unsubscribe or disconnect")
      ->type_size(3, 4);
}

}  // namespace muster::clients
