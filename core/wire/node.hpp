#pragma once
// A node of the cluster as the others see it, and the doorway of every node-level mind (a broker's
// Node, Global, Query, Control): frames in, effects out. The gateway (core/host) and the simulator
// (tests/sim) drive minds through it, always from one thread.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"

namespace muster::wire {

// The order is the dialling order: of two nodes the one with the greater (role, name) dials.
enum class Role : uint8_t { control = 1, global = 2, query = 3, broker = 4 };
const char* to_string(Role role);

struct NodeInfo {
  std::string name;  // unique in the cluster, stable over restarts
  Role role = Role::broker;
  Incarnation incarnation = Incarnation::none;
  std::string talk;  // endpoints that the node binds: "tcp://host:port" or "inproc://name"
  std::string bulk;
  bool operator==(const NodeInfo&) const = default;
};

// Two sockets a peer: hello, heartbeats, tasks and small deltas must never wait behind a stream.
enum class Channel : uint8_t { talk = 0, bulk = 1 };

constexpr size_t frame_limit = 1 << 20;  // bytes; larger items travel in pieces

// A frame names its peer by node name; the envelope inside carries incarnations. A transport may
// lose frames when a connection breaks, and never reorders those of one channel of one connection.
struct InFrame {
  std::string from;
  Channel channel = Channel::talk;
  Bytes bytes;
};
struct OutFrame {
  std::string to;
  Channel channel = Channel::talk;
  Bytes bytes;
};
// Connect to this node's two endpoints (again, if they changed). No endpoints: let it go.
struct Dial {
  std::string name;
  std::string talk;
  std::string bulk;
};

struct Effects {
  std::vector<OutFrame> frames;
  std::vector<Dial> dials;  // carried out before the frames
};

class NodeMind {
 public:
  virtual ~NodeMind() = default;
  virtual void start(Now now) = 0;
  virtual void receive(Now now, InFrame frame) = 0;
  virtual void tick(Now now) = 0;         // timers that are due
  virtual Instant next_wake() const = 0;  // call tick() no later than this
  virtual bool has_work() const {
    return false;
  }                                       // more slices to run: tick() again without waiting
  virtual void finish_turn(Now now) = 0;  // after a batch of events: packs what it has to say
  virtual Effects take_effects() = 0;
  virtual void stop(Now now) { (void)now; }      // orderly end: last words
  virtual bool stopped() const { return true; }  // nothing left to write or say
};

}  // namespace muster::wire
