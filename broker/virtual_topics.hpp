#pragma once
// The topics below $user that are the broker's own face (design.md section 8). Pure functions.

#include <optional>
#include <string>

#include "core/base/bytes.hpp"

namespace muster::broker {

// A user name as one topic level: '/', '+', '#', '%', '$' and controls are percent-encoded.
std::string topic_level(BytesView name);
std::string name_of_level(BytesView level);  // back

// "$user/<user or + or me>/presence" or ".../presence/state".
struct PresenceFilter {
  std::string user;  // "+" or a name; "me" is already replaced
  bool state_only = false;
};
std::optional<PresenceFilter> presence_filter(BytesView filter, BytesView own_user);

// "$user/me/..." with the own name in place of "me"; other text unchanged.
std::string own_topic(BytesView topic, BytesView own_user);

// "$user/<anybody>/inbox", the one ordinary topic below $user.
bool is_inbox_topic(BytesView topic);

// May a client have its messages, wills too, go to this topic's subscribers? Others that begin with
// '$' are the broker's own.
bool is_clients_topic(BytesView topic);

// Every topic that is made of a user's name must be one (4.7.3: 65,535 bytes).
bool fits_topics(BytesView user);

}  // namespace muster::broker
