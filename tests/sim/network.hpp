#pragma once
// The network between nodes: for each pair two connections (talk, bulk), as ZeroMQ makes them. Of
// one connection frames never overtake each other; a break loses what is under way, or delivers it
// late beside the next connection's frames. A cut direction holds frames back. Owned by the World.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "core/wire/node.hpp"
#include "tests/sim/context.hpp"

namespace muster::sim {

class Network {
 public:
  using Arrive = std::function<void(wire::InFrame)>;
  using Tap = std::function<void(const std::string& from, const std::string& to, wire::Channel,
                                 const Bytes&)>;

  explicit Network(Context& context) : context_(context) {}

  void set_taps(Tap sent, Tap arrived) {
    sent_ = std::move(sent);
    arrived_ = std::move(arrived);
  }

  // A process runs and listens on its two endpoints, or is gone with all its connections.
  void attach(const wire::NodeInfo& node, Arrive arrive);
  void detach(const std::string& name);

  void dial(const std::string& from, const wire::Dial& dial);
  void send(const std::string& from, wire::OutFrame frame);

  // Faults. A cut is of one direction; a heal lets held frames go or finds the connection broken.
  void cut(const std::string& from, const std::string& to);
  void heal(const std::string& from, const std::string& to);
  void heal_all();
  void break_between(const std::string& a, const std::string& b);
  void slow(const std::string& a, const std::string& b, Duration extra);
  bool is_cut(const std::string& from, const std::string& to) const {
    return cuts_.contains({from, to});
  }

 private:
  struct Node {
    wire::NodeInfo info;
    Arrive arrive;
    uint64_t run = 0;
  };
  // One direction of one connection.
  struct Lane {
    std::deque<Bytes> held;  // by a cut, or waiting for the connection
    Instant last_arrival{};
  };
  struct Wire {
    std::string endpoint;
    bool up = false;
    uint64_t attempt = 0;           // only the newest plan to connect counts
    std::shared_ptr<bool> passing;  // false: frames under way are lost
    Lane to_listener, to_dialler;
  };
  using WireKey = std::tuple<std::string, std::string, wire::Channel>;  // dialler, listener

  void connect_later(const WireKey& key, Duration delay);
  void try_connect(const WireKey& key);
  void break_wire(const WireKey& key, Wire& wire);
  void pass(const std::string& from, const std::string& to, wire::Channel channel, Wire& wire,
            Lane& lane, Bytes bytes);
  void release(const std::string& from, const std::string& to, wire::Channel channel, Wire& wire,
               Lane& lane);
  Wire* find(const std::string& from, const std::string& to, wire::Channel channel, Lane*& lane,
             bool& dialler);
  Duration delay(const std::string& from, const std::string& to);

  static constexpr size_t held_frames_max = 10'000;

  Context& context_;
  Tap sent_, arrived_;
  std::map<std::string, Node> nodes_;
  std::map<WireKey, Wire> wires_;
  std::set<std::pair<std::string, std::string>> cuts_;
  std::map<std::pair<std::string, std::string>, Duration> slow_;
  uint64_t runs_ = 0;
};

}  // namespace muster::sim
