#pragma once
// MQTT 5.0 properties (section 2.2.2) as one value. What an absent property means is said by its
// optional being empty; views point into the packet they were decoded from.
// properties.cpp holds the one table: identifier, type, packets that may carry it, may it repeat.

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/bytes.hpp"

namespace muster::mqtt {

struct Properties {
  std::optional<uint8_t> payload_format_indicator = {};               // 0x01
  std::optional<uint32_t> message_expiry_interval = {};               // 0x02, s
  std::optional<BytesView> content_type = {};                         // 0x03
  std::optional<BytesView> response_topic = {};                       // 0x08
  std::optional<BytesView> correlation_data = {};                     // 0x09
  std::vector<uint32_t> subscription_identifiers = {};                // 0x0B
  std::optional<uint32_t> session_expiry_interval = {};               // 0x11, s
  std::optional<BytesView> assigned_client_identifier = {};           // 0x12
  std::optional<uint16_t> server_keep_alive = {};                     // 0x13, s
  std::optional<BytesView> authentication_method = {};                // 0x15
  std::optional<BytesView> authentication_data = {};                  // 0x16
  std::optional<uint8_t> request_problem_information = {};            // 0x17
  std::optional<uint32_t> will_delay_interval = {};                   // 0x18, s
  std::optional<uint8_t> request_response_information = {};           // 0x19
  std::optional<BytesView> response_information = {};                 // 0x1A
  std::optional<BytesView> server_reference = {};                     // 0x1C
  std::optional<BytesView> reason_string = {};                        // 0x1F
  std::optional<uint16_t> receive_maximum = {};                       // 0x21
  std::optional<uint16_t> topic_alias_maximum = {};                   // 0x22
  std::optional<uint16_t> topic_alias = {};                           // 0x23
  std::optional<uint8_t> maximum_qos = {};                            // 0x24
  std::optional<uint8_t> retain_available = {};                       // 0x25
  std::vector<std::pair<BytesView, BytesView>> user_properties = {};  // 0x26
  std::optional<uint32_t> maximum_packet_size = {};                   // 0x27
  std::optional<uint8_t> wildcard_subscription_available = {};        // 0x28
  std::optional<uint8_t> subscription_identifier_available = {};      // 0x29
  std::optional<uint8_t> shared_subscription_available = {};          // 0x2A

  bool operator==(const Properties&) const = default;
};

}  // namespace muster::mqtt
