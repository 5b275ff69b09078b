#include "broker/node_presence_item.hpp"

#include <fmt/core.h>

#include "broker/node_may_see.hpp"
#include "broker/virtual_topics.hpp"
#include "core/wire/query_json.hpp"

namespace muster::broker {

PresenceItemPtr presence_item(const std::string& user, wire::AnswerRow row) {
  if (user != everybody && row.device.user != user) {
    row.device.user = user;
    row.device.connected = false;
    row.status = wire::Status::offline;
    row.attributes.clear();
  }
  auto item = std::make_shared<PresenceItem>();
  item->key = row.device.device;
  item->topic = fmt::format("$user/{}/presence", topic_level(row.device.user));
  item->payload = wire::to_json(row);
  item->row = std::move(row);
  return item;
}

PresenceItemPtr state_item(const std::string& user, wire::Status status) {
  auto item = std::make_shared<PresenceItem>();
  item->key = user;
  item->topic = fmt::format("$user/{}/presence/state", topic_level(user));
  item->payload = wire::to_string(status);
  item->state_only = true;
  return item;
}

std::string presence_payload(const PresenceItem& item, uint32_t skipped) {
  return skipped == 0 || item.state_only ? item.payload : wire::to_json(item.row, skipped);
}

}  // namespace muster::broker
