#include "clients/bench/gathering.hpp"

#include <algorithm>

#include "clients/connection.hpp"

namespace muster::clients::bench {
namespace {

constexpr size_t filters_in_a_packet = 500;

class Gathering : public Listener {
 public:
  Gathering(Crowd& crowd, uint32_t first, uint32_t end, const FiltersOf& filters_of, mqtt::Qos qos,
            const std::function<void(Nanos)>& connected)
      : crowd_(crowd),
        filters_of_(filters_of),
        connected_(connected),
        first_(first),
        end_(end),
        awaited_(end - first),
        qos_(qos) {}

  void run(uint32_t at_once) {
    uint32_t next = first_;
    Nanos moved = now();
    while (ready_ < end_ - first_) {
      while (next < end_ && next - first_ - ready_ < at_once) crowd_.open(next++);
      const uint64_t before = answers_;
      crowd_.turn(look_again, *this);
      if (answers_ != before) moved = now();
      if (now() - moved > patience) {
        throw Failure("only " + std::to_string(ready_) + " of " + std::to_string(end_ - first_) +
                      " clients became ready");
      }
    }
  }

  void on_packet(uint32_t client, const mqtt::Frame& frame) override {
    if (client < first_ || client >= end_) return;
    ++answers_;
    uint32_t& awaited = awaited_[client - first_];
    if (frame.type == mqtt::PacketType::connack) {
      if (connected_) connected_(crowd_.read_at() - crowd_.opened_at(client));
      const Subscribes asked = subscribes_for(filters_of_(client), qos_, crowd_.version());
      awaited = asked.count;
      if (awaited == 0) ++ready_;
      crowd_.send(client, asked.packets);
    } else if (frame.type == mqtt::PacketType::suback) {
      judge_suback(frame, crowd_.version());
      if (--awaited == 0) ++ready_;
    }
  }

  void on_closed(uint32_t) override {
    throw Failure("the broker closed a connection before anything was measured");
  }

 private:
  Crowd& crowd_;
  const FiltersOf& filters_of_;
  const std::function<void(Nanos)>& connected_;
  uint32_t first_;
  uint32_t end_;
  uint32_t ready_ = 0;
  uint64_t answers_ = 0;
  std::vector<uint32_t> awaited_;  // SUBACKs, of each client
  mqtt::Qos qos_;
};

class Nobody : public Listener {
 public:
  void on_packet(uint32_t, const mqtt::Frame&) override {}
  void on_closed(uint32_t) override {}
};

}  // namespace

Subscribes subscribes_for(const std::vector<std::string>& filters, mqtt::Qos qos,
                          mqtt::Version version) {
  Subscribes all;
  for (size_t at = 0; at < filters.size(); at += filters_in_a_packet) {
    mqtt::Subscribe packet;
    packet.packet_id = static_cast<uint16_t>(++all.count);
    const size_t end = std::min(at + filters_in_a_packet, filters.size());
    for (size_t i = at; i < end; ++i) packet.entries.push_back({filters[i], {.qos = qos}});
    mqtt::encode(packet, version, all.packets);
  }
  return all;
}

void judge_suback(const mqtt::Frame& frame, mqtt::Version version) {
  const auto packet = mqtt::decode(frame, version, mqtt::Sender::server);
  if (!packet) throw Failure("the broker's SUBACK cannot be read");
  for (const mqtt::Reason reason : std::get<mqtt::Suback>(*packet).reasons) {
    if (static_cast<int>(reason) < 0x80) continue;
    throw Failure("a subscription was refused: code " + std::to_string(static_cast<int>(reason)));
  }
}

void gather(Crowd& crowd, uint32_t first, uint32_t end, const FiltersOf& filters_of, mqtt::Qos qos,
            const std::function<void(Nanos)>& connected, uint32_t at_once) {
  Gathering(crowd, first, end, filters_of, qos, connected).run(at_once);
}

std::vector<std::string> no_filters(uint32_t) {
  return {};
}

void end_sessions(Crowd& crowd, uint32_t first, uint32_t end) {
  for (uint32_t client = first; client < end; ++client) {
    crowd.close(client);
    crowd.keep_no_session(client);
  }
  gather(crowd, first, end, no_filters, mqtt::Qos::at_most_once);
  for (uint32_t client = first; client < end; ++client) crowd.close(client);
}

void pass_time(Crowd& crowd, Nanos span) {
  Nobody nobody;
  const Nanos end = now() + span;
  while (now() < end) crowd.turn(std::min(look_again, end - now()), nobody);
}

void send_all(Crowd& crowd, Traffic& traffic) {
  Nanos moved = now();
  traffic.start();
  while (!traffic.all_sent()) {
    traffic.pump();
    crowd.turn(look_again, traffic);
    moved = std::max(moved, crowd.read_at());
    if (now() - moved > patience) throw Failure("the broker acknowledges no more");
  }
}

}  // namespace muster::clients::bench
