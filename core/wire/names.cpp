// Words for people, and the reading of a row through its broker's state.

#include "core/wire/node.hpp"
#include "core/wire/query.hpp"
#include "core/wire/rows.hpp"

namespace muster::wire {

const char* to_string(Role role) {
  switch (role) {
    case Role::control:
      return "control";
    case Role::global:
      return "global";
    case Role::query:
      return "query";
    case Role::broker:
      return "broker";
  }
  return "?";
}

const char* to_string(Status status) {
  switch (status) {
    case Status::offline:
      return "offline";
    case Status::online:
      return "online";
    case Status::unknown:
      return "unknown";
  }
  return "?";
}

const char* to_string(GoneReason reason) {
  switch (reason) {
    case GoneReason::none:
      return "none";
    case GoneReason::disconnected:
      return "disconnected";
    case GoneReason::disconnected_with_will:
      return "disconnected_with_will";
    case GoneReason::connection_lost:
      return "connection_lost";
    case GoneReason::keep_alive_timeout:
      return "keep_alive_timeout";
    case GoneReason::taken_over:
      return "taken_over";
    case GoneReason::protocol_error:
      return "protocol_error";
    case GoneReason::server_shutdown:
      return "server_shutdown";
    case GoneReason::administrative:
      return "administrative";
    case GoneReason::broker_lost:
      return "broker_lost";
    case GoneReason::not_listed:
      return "not_listed";
  }
  return "?";
}

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "ok";
    case Outcome::busy:
      return "busy";
    case Outcome::unavailable:
      return "unavailable";
    case Outcome::expired:
      return "expired";
    case Outcome::bad_query:
      return "bad_query";
    case Outcome::forbidden:
      return "forbidden";
  }
  return "?";
}

Status read_status(const DeviceRow& row, BrokerState broker) {
  if (!row.connected || broker == BrokerState::dead) return Status::offline;
  return broker == BrokerState::alive ? Status::online : Status::unknown;
}

}  // namespace muster::wire
