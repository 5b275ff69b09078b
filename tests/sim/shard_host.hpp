#pragma once
// Drives one broker shard as its host does: sockets, the five phases of a turn, letters to and from
// its neighbours (broker/shard.hpp). Owned by its BrokerProcess.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "broker/shard.hpp"
#include "tests/sim/loop.hpp"
#include "tests/sim/socket.hpp"

namespace muster::sim {

class BrokerProcess;

class ShardHost {
 public:
  ShardHost(Context& context, BrokerProcess& process, const LocalClock& clock, ShardIndex self,
            const broker::Options& options, Incarnation incarnation);
  ~ShardHost();

  // A new connection was accepted, or came from a neighbour.
  void accept(std::shared_ptr<Socket> socket);
  void adopt(broker::Move move, std::shared_ptr<Socket> socket);
  void readable(const std::shared_ptr<Socket>& socket);
  void writable(const std::shared_ptr<Socket>& socket);
  void letters(broker::Parcel parcel);

  void freeze(Instant until) { loop_.freeze(until); }
  void stop();  // SIGTERM
  const broker::Shard& mind() const { return *mind_; }
  ShardIndex self() const { return self_; }
  size_t connections() const { return sockets_.size(); }

 private:
  struct Adoption {
    broker::Move move;
    std::shared_ptr<Socket> socket;
  };

  void turn(Now now);
  void read(Now now);
  void read_socket(Now now, const std::shared_ptr<Socket>& socket);
  void post();
  void carry_out(Now now);
  void pause(const std::vector<uint32_t>& indexes, bool paused);
  void flush_client(Now now, uint32_t index);
  void remove(uint32_t index);

  Context& context_;
  BrokerProcess& process_;
  ShardIndex self_;
  std::unique_ptr<broker::Shard> mind_;
  Loop loop_;
  std::map<uint32_t, std::shared_ptr<Socket>> sockets_;
  std::deque<std::shared_ptr<Socket>> accepted_;
  std::deque<Adoption> adopted_;
  std::deque<std::shared_ptr<Socket>> ready_;
  std::deque<std::shared_ptr<Socket>> writable_;
  std::deque<broker::Parcel> parcels_;
  bool stopping_ = false;
};

}  // namespace muster::sim
