#pragma once
// Brings clients of a crowd to where a measurement begins: connected, and subscribed to what they
// want. Each wait ends with a Failure when nothing has happened for ten seconds.

#include <functional>
#include <string>
#include <vector>

#include "clients/bench/crowd.hpp"
#include "clients/bench/traffic.hpp"
#include "core/mqtt/packet.hpp"

namespace muster::clients::bench {

constexpr Nanos patience = std::chrono::seconds(10);
constexpr Nanos look_again = std::chrono::milliseconds(20);

// The filters that the client at this index subscribes to, asked for when it is connected.
using FiltersOf = std::function<std::vector<std::string>(uint32_t client)>;

// Clients [first, end), at most `at_once` of them on their way. `connected` hears how long each
// CONNACK took.
void gather(Crowd& crowd, uint32_t first, uint32_t end, const FiltersOf& filters_of, mqtt::Qos qos,
            const std::function<void(Nanos)>& connected = {}, uint32_t at_once = 128);

std::vector<std::string> no_filters(uint32_t client);

// Ends the persistent sessions of clients [first, end): what runs next finds the broker as we did.
void end_sessions(Crowd& crowd, uint32_t first, uint32_t end);

// The SUBSCRIBEs for these filters, some hundred in each, and how many they are.
struct Subscribes {
  Bytes packets;
  uint32_t count = 0;
};
Subscribes subscribes_for(const std::vector<std::string>& filters, mqtt::Qos qos,
                          mqtt::Version version);
// Throws Failure if a filter was refused.
void judge_suback(const mqtt::Frame& frame, mqtt::Version version);

// Lets `span` pass; what comes meanwhile goes to nobody.
void pass_time(Crowd& crowd, Nanos span);

// Publishes what each stream may; returns when all of it is acknowledged. Throws Failure when
// nothing comes any more for `patience`.
void send_all(Crowd& crowd, Traffic& traffic);

}  // namespace muster::clients::bench
