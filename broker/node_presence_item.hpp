#pragma once
// One message of a presence topic before it is handed to a shard: made once, shared by all
// subscribers of a watch. Values, on the Node's thread.

#include <memory>
#include <string>

#include "core/wire/query.hpp"

namespace muster::broker {

struct PresenceItem {
  std::string key;  // the device; of `.../presence/state` the user
  std::string topic;
  std::string payload;
  bool state_only = false;
  wire::AnswerRow row;  // not of a state
};
using PresenceItemPtr = std::shared_ptr<const PresenceItem>;

// The row as subscribers of `user` ("+" or a name) see it. A device that has gone over to another
// user is offline for those who watch this one.
PresenceItemPtr presence_item(const std::string& user, wire::AnswerRow row);
PresenceItemPtr state_item(const std::string& user, wire::Status status);

// The payload, told how many older changes of this device were left out before it.
std::string presence_payload(const PresenceItem& item, uint32_t skipped);

}  // namespace muster::broker
