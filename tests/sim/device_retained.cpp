// Retained messages of a device: topics r/<n>, and r/x/<n>, which are cleared now and then.

#include "tests/sim/device.hpp"

namespace muster::sim {

void Device::retain() {
  if (random_.percent(20)) return clear_retained();
  const bool cleared = random_.percent(30);
  publish(fmt::format("r/{}{}", cleared ? "x/" : "", random_.below(3)),
          random_.percent(70) ? (random_.percent(50) ? 2 : 1) : 0, true);
}

// No message of the ledger: nobody is owed it.
void Device::clear_retained() {
  mqtt::Publish packet;
  const std::string topic = fmt::format("r/x/{}", random_.below(3));
  packet.topic = topic;
  packet.retain = true;
  context_.note("{} #{} clears {}", profile_.id, line_->connection, topic);
  line_->client->send(packet);
}

void Device::probe_retained() {
  if (online()) subscribe({"r/#"}, 0, true);
}

bool Device::was_retained(const LinePtr& line, const mqtt::Publish& publish) {
  if (!publish.topic.starts_with("r/")) return false;
  if (publish.payload.empty()) return true;  // a clear that others hear
  if (!publish.retain || profile_.as_published) return false;
  const auto id = message_of(publish.payload);
  if (!id || *id >= ledger_.messages.size() || ledger_.messages[*id].topic != publish.topic) {
    throw Violation("intact",
                    fmt::format("{} #{}: retained {} payload {}", profile_.id, line->connection,
                                publish.topic, publish.payload.substr(0, 60)));
  }
  context_.note("{} #{} gets m{} {} retained", profile_.id, line->connection, *id, publish.topic);
  if (superseded(line)) return true;
  Delivery delivery;
  delivery.message = *id;
  delivery.device = index_;
  delivery.connection = line->connection;
  delivery.session = record(line).session;
  delivery.qos = static_cast<uint8_t>(publish.qos);
  delivery.at = context_.now();
  checkers_.tell(&Checker::retained, delivery);
  return true;
}

}  // namespace muster::sim
