#pragma once
// All MQTT control packets of 3.1.1 and 5.0 as values (chapter 3 of both standards). Decoded
// packets are views into the bytes they were read from and die with them. No sockets, no clock, no
// session.

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/mqtt/properties.hpp"
#include "core/mqtt/reason.hpp"

namespace muster::mqtt {

enum class Version : uint8_t { v3_1 = 3, v3_1_1 = 4, v5 = 5 };

enum class PacketType : uint8_t {
  connect = 1,
  connack,
  publish,
  puback,
  pubrec,
  pubrel,
  pubcomp,
  subscribe,
  suback,
  unsubscribe,
  unsuback,
  pingreq,
  pingresp,
  disconnect,
  auth,
};

enum class Qos : uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };

struct WillMessage {
  BytesView topic = {};
  BytesView payload = {};
  Qos qos = Qos::at_most_once;
  bool retain = false;
  Properties properties = {};
  bool operator==(const WillMessage&) const = default;
};

struct Connect {
  Version version = Version::v5;
  bool clean_start = true;  // 3.1.1: CleanSession
  uint16_t keep_alive = 0;  // s
  BytesView client_id = {};
  std::optional<WillMessage> will = {};
  std::optional<BytesView> user_name = {};
  std::optional<BytesView> password = {};
  Properties properties = {};
  bool operator==(const Connect&) const = default;
};

struct Connack {
  bool session_present = false;
  Reason reason = Reason::success;  // 3.1.1: encoded through connect_code()
  Properties properties = {};
  bool operator==(const Connack&) const = default;
};

struct Publish {
  BytesView topic = {};  // empty only with a topic alias
  BytesView payload = {};
  Qos qos = Qos::at_most_once;
  bool retain = false;
  bool dup = false;
  uint16_t packet_id = 0;  // QoS > 0
  Properties properties = {};
  bool operator==(const Publish&) const = default;
};

// PUBACK, PUBREC, PUBREL and PUBCOMP share one shape (3.4 to 3.7).
struct Acknowledgement {
  PacketType type = PacketType::puback;
  uint16_t packet_id = 0;
  Reason reason = Reason::success;
  Properties properties = {};
  bool operator==(const Acknowledgement&) const = default;
};

struct SubscriptionOptions {  // 3.8.3.1; 3.1.1 has only the QoS
  Qos qos = Qos::at_most_once;
  bool no_local = false;
  bool retain_as_published = false;
  uint8_t retain_handling = 0;
  bool operator==(const SubscriptionOptions&) const = default;
};

struct Subscribe {
  struct Entry {
    BytesView filter = {};
    SubscriptionOptions options = {};
    bool operator==(const Entry&) const = default;
  };
  uint16_t packet_id = 0;
  std::vector<Entry> entries = {};
  Properties properties = {};
  bool operator==(const Subscribe&) const = default;
};

struct Suback {
  uint16_t packet_id = 0;
  std::vector<Reason> reasons = {};  // 3.1.1: failures are written as 0x80
  Properties properties = {};
  bool operator==(const Suback&) const = default;
};

struct Unsubscribe {
  uint16_t packet_id = 0;
  std::vector<BytesView> filters = {};
  Properties properties = {};
  bool operator==(const Unsubscribe&) const = default;
};

struct Unsuback {
  uint16_t packet_id = 0;
  std::vector<Reason> reasons = {};  // 3.1.1: not written
  Properties properties = {};
  bool operator==(const Unsuback&) const = default;
};

struct Pingreq {
  bool operator==(const Pingreq&) const = default;
};
struct Pingresp {
  bool operator==(const Pingresp&) const = default;
};

struct Disconnect {
  Reason reason = Reason::success;
  Properties properties = {};
  bool operator==(const Disconnect&) const = default;
};

struct Auth {
  Reason reason = Reason::success;
  Properties properties = {};
  bool operator==(const Auth&) const = default;
};

using Packet = std::variant<Connect, Connack, Publish, Acknowledgement, Subscribe, Suback,
                            Unsubscribe, Unsuback, Pingreq, Pingresp, Disconnect, Auth>;

}  // namespace muster::mqtt
