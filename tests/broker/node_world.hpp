#pragma once
// Brokers' Nodes between scripted peers in virtual time: real Links everywhere, frames take one
// millisecond, nothing is lost except between nodes that are cut off from each other. Shards are
// scripted: they answer what must be answered, at once, and remember the rest.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "broker/node.hpp"
#include "core/wire/links.hpp"

namespace muster::broker::node_testing {

using namespace std::chrono_literals;

struct Delivered {
  ShardIndex shard{};
  std::string topic;
  std::string payload;
  mqtt::Qos qos{};
  std::string share = {};  // of a group
  wire::Durability door{};
};

class World;

// One broker's Node with its shards.
class TestBroker {
 public:
  TestBroker(World& world, const std::string& name, Options options);

  Node& node() { return *node_; }
  const std::string& name() const { return name_; }

  // What a shard does, as one turn of the Node.
  void send(uint16_t shard, Letter letter);
  void want(uint16_t shard, const std::string& filter, bool wanted = true);
  void join(uint16_t shard, const wire::GroupRoute& group);  // so many members from now on
  void publish_shared(uint16_t shard, const std::string& topic, const std::string& share,
                      uint64_t peers, uint64_t token);
  // `with`: a route change of the same turn.
  void publish(uint16_t shard, const std::string& topic, uint64_t peers, uint64_t token = 0,
               const std::string& with = {});

  void publish_retained(uint16_t shard, const std::string& topic, uint64_t token);

  // What the shards have got.
  template <class T>
  std::vector<T> all(uint16_t shard) const {
    std::vector<T> found;
    for (const Letter& letter : letters[shard]) {
      if (const T* it = std::get_if<T>(&letter)) found.push_back(*it);
    }
    return found;
  }
  template <class T>
  const T* last(uint16_t shard) const {
    for (auto at = letters[shard].rbegin(); at != letters[shard].rend(); ++at) {
      if (const T* it = std::get_if<T>(&*at)) return it;
    }
    return nullptr;
  }
  std::vector<uint64_t> taken(uint16_t shard) const;  // tokens
  uint64_t bound(uint16_t shard) const;               // the newest RoutesBound
  int delivered(const std::string& topic) const;
  // The bit of a peer that wants this filter, -1: none.
  int bit_of(const std::string& filter) const;

  std::vector<std::vector<Letter>> letters;  // by shard
  std::vector<Delivered> publications;
  std::vector<wire::Claim> claims;  // live connections, all of shard 0
  bool see_routes = true;           // answers PeerRoutes
  bool list_claims = true;          // answers ListClaims

 private:
  friend class World;
  void collect(ShardIndex shard, Parcel parcel);
  void hand_over(uint16_t shard, PublicationView view, const std::string& with);

  World& world_;
  std::string name_;
  std::unique_ptr<Node> node_;
  std::vector<uint64_t> route_numbers_;
};

// Anybody else: Links and a script.
class TestPeer {
 public:
  using Script = std::function<void(const wire::LinkEvent& event)>;

  TestPeer(World& world, wire::NodeInfo info, bool durable);

  const wire::NodeInfo& info() const { return info_; }
  void turn(const std::function<void(wire::Links& links)>& action);
  void stream(const std::string& to, const wire::Message& message);
  void talk(const std::string& to, const wire::Message& message);
  void acknowledge_all(const std::string& from);  // durable, with store = false

  template <class T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const wire::Received& event : received) {
      if (const T* it = std::get_if<T>(&event.message)) found.push_back(*it);
    }
    return found;
  }
  bool up(const std::string& name) const { return links_->up(name); }

  std::vector<wire::Received> received;
  std::vector<Script> scripts;
  bool store = true;  // durable: acknowledges what it gets

 private:
  friend class World;
  void handle(std::vector<wire::LinkEvent> events);

  World& world_;
  wire::NodeInfo info_;
  bool durable_;
  std::unique_ptr<wire::Links> links_;
};

class World {
 public:
  World();

  TestBroker& broker(const std::string& name, uint16_t shards = 1, Options options = {});
  TestPeer& peer(const std::string& name, wire::Role role);
  TestPeer& control() { return *peers_.at("control"); }
  void crash(const std::string& name);  // gone; broker() or peer() starts it again
  void unlist(const std::string& name) { known_.erase(name); }  // from the directory
  void cut(const std::string& a, const std::string& b) { cut_.insert({a, b}); }
  void heal() { cut_.clear(); }
  void publish_directory();  // control tells everybody who is there; all query servers hold all

  Now now() const { return {now_, WallTime{1'700'000'000'000}}; }
  void run(Duration duration);
  bool run_until(const std::function<bool()>& condition, Duration limit = 5s);

 private:
  friend class TestBroker;
  friend class TestPeer;
  void finish(const std::string& name);
  void deliver();
  Instant next() const;

  Instant now_{1s};
  uint64_t incarnations_ = 0;
  uint64_t order_ = 0;
  uint64_t directory_version_ = 0;
  std::map<std::pair<Instant, uint64_t>, std::pair<std::string, wire::InFrame>> frames_;
  std::map<std::string, std::unique_ptr<TestBroker>> brokers_;
  std::map<std::string, std::unique_ptr<TestPeer>> peers_;
  std::map<std::string, wire::NodeInfo> known_;
  std::set<std::pair<std::string, std::string>> cut_;
};

}  // namespace muster::broker::node_testing
