#pragma once
// Publications of groups that a clean session was chosen for and has not acknowledged: when it goes
// they are for another member (4.8.2). What has QoS 2 is kept until its PUBLISH is sent, no longer:
// whoever got that may have taken it (4.8.2-5). Bounded by the client's window and queue. Plain
// data of one client.

#include <cstdint>
#include <deque>
#include <map>

#include "broker/publications.hpp"
#include "core/base/time.hpp"

namespace muster::broker {

struct KeptShare {
  Publications publication;                  // one, with the group's name
  Instant since{};                           // when its expiry was as it says
  mqtt::Qos qos = mqtt::Qos::at_least_once;  // as delivered
};

struct KeptShares {
  std::map<uint16_t, KeptShare> sent;  // by packet identifier
  std::deque<KeptShare> unsent;        // there was no room in the queue
};

}  // namespace muster::broker
