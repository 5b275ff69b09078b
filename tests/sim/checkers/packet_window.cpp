// Towards a client never more unacknowledged PUBLISHes than its Receive Maximum, no packet id in
// use for two of them, and none sent again on the same connection.

#include <map>

#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class PacketWindow final : public Checker {
 public:
  PacketWindow(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("packet_window", context, ledger, cluster) {}

  void delivered(const Delivery& delivery) override {
    if (delivery.qos == 0) return;
    const Connection& connection = ledger_.connections[delivery.connection];
    auto& window = windows_[delivery.connection];
    if (delivery.packet_id == 0 || !window.emplace(delivery.packet_id, delivery.message).second) {
      broken("{} #{}: packet id {} of m{} is in use", ledger_.device_names[delivery.device],
             delivery.connection, delivery.packet_id, delivery.message);
    }
    if (window.size() > connection.receive_maximum) {
      broken("{} #{}: {} unacknowledged, Receive Maximum {}", ledger_.device_names[delivery.device],
             delivery.connection, window.size(), connection.receive_maximum);
    }
  }

  void delivered_shared(const Delivery& delivery, const std::string&) override {
    delivered(delivery);
  }

  void client_acknowledged(const Connection& connection, uint16_t packet_id) override {
    windows_[connection.id].erase(packet_id);
  }

 private:
  std::map<uint32_t, std::map<uint16_t, uint32_t>> windows_;  // connection: packet id -> message
};

}  // namespace

std::unique_ptr<Checker> packet_window(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<PacketWindow>(context, ledger, cluster);
}

}  // namespace muster::sim
