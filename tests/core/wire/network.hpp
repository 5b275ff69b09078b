#pragma once
// A tiny network in virtual time for Links: connections by Dial, two channels each, delays, breaks
// that lose a suffix of what is under way, and old frames that arrive after newer ones of the next
// connection. One seed, one history.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/wire/links.hpp"

namespace muster::wire::testing {

class Network {
 public:
  // What a node does with events; called in its turn, before finish_turn().
  using Handler = std::function<void(const std::string& node, std::vector<LinkEvent>)>;

  Network(uint64_t seed, Handler handler);

  void start(const NodeInfo& info, bool durable, LinkOptions options = {});
  void crash(const std::string& name);  // the process is gone; its connections break
  bool running(const std::string& name) const { return nodes_.count(name) != 0; }
  Links& links(const std::string& name) { return *nodes_.at(name).links; }
  // Does something on a node as one turn: events, frames.
  void turn(const std::string& name, const std::function<void(Links&)>& action = {});

  void break_connection(const std::string& a, const std::string& b, Channel channel);
  // No frame from one to the other until healed; connections stay.
  void cut(const std::string& from, const std::string& to) { cut_.insert({from, to}); }
  void heal() { cut_.clear(); }

  void run(Duration duration);
  // Until the condition holds; false: it did not within the limit.
  bool run_until(const std::function<bool()>& condition, Duration limit);

  Now now() const { return {now_, WallTime{now_.time_since_epoch().count() / 1000}}; }
  uint64_t random(uint64_t below) { return below ? random_() % below : 0; }
  bool chance(int percent) { return random(100) < static_cast<uint64_t>(percent); }
  void at(Duration delay, std::function<void()> action);

  uint64_t frames_sent = 0;
  uint64_t bytes_sent = 0;
  size_t largest_frame = 0;
  std::function<bool(const std::string& from, const OutFrame&)> swallows;  // true: it is lost

 private:
  struct Node {
    std::unique_ptr<Links> links;
    uint64_t life = 0;
    uint64_t timer = 0;  // the latest; earlier ones are void
    Instant timer_at = never;
  };
  struct Connection {
    uint64_t number = 0;  // rises with each break
    bool open = false;
    std::map<std::string, Instant> last_arrival;           // by receiver: in order
    std::vector<std::pair<std::string, InFrame>> waiting;  // dialler's frames until it is open
  };
  using Wire = std::tuple<std::string, std::string, Channel>;  // dialler, listener

  void finish(const std::string& name);
  void arm(const std::string& name);
  void open(const Wire& wire);
  void send(const std::string& from, OutFrame frame);
  void carry(Connection& connection, const Wire& wire, const std::string& to, InFrame frame);

  std::mt19937_64 random_;
  Handler handler_;
  Instant now_{std::chrono::seconds(1)};
  std::map<std::pair<Instant, uint64_t>, std::function<void()>> events_;
  uint64_t order_ = 0;
  uint64_t lives_ = 0;
  std::map<std::string, Node> nodes_;
  std::map<Wire, Connection> wires_;
  std::set<std::pair<std::string, std::string>> cut_;
};

}  // namespace muster::wire::testing
