#pragma once
// A broker shard: the mind that owns the clients whose home it is (letters.hpp, home_of), their
// subscriptions and the match. Plain code on one thread: bytes and parcels in, outboxes and parcels
// out. Its host (host_shard) or the simulator carries the effects out, once per turn:
//
//   read   accept() / receive() / closed() for each ready socket
//   think  (inside) parse in place, act; tick() when next_wake() is due
//   post   take_parcels()
//   open   open() for each parcel that arrived
//   flush  take_effects(): flush each dirty client once, then pauses, moves and closes
//
// A client index is the shard's; it is given out by accept() or adopt() and free again after the
// host has carried out its Close or reported closed().

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/letters.hpp"
#include "broker/options.hpp"
#include "broker/shard_counters.hpp"
#include "core/base/bytes.hpp"
#include "core/base/time.hpp"

namespace muster::broker {

// A connection on its way to its home shard: everything read so far, CONNECT first.
struct Move {
  uint32_t client = 0;  // index in the shard it leaves; free once taken
  ShardIndex to{};
  std::string address;
  wire::Durability door = wire::Durability::standard;
  Bytes unread;
};

struct ShardEffects {
  std::vector<uint32_t> dirty;   // have output: see output() and sent()
  std::vector<uint32_t> pause;   // stop reading
  std::vector<uint32_t> resume;  // read again
  std::vector<Move> moves;
  std::vector<uint32_t> close;  // after what is in the outbox was offered to the socket once more
};

class Shard {
 public:
  // `incarnation` is mixed into assigned client identifiers.
  Shard(ShardIndex self, Options options, Incarnation incarnation);
  ~Shard();

  // `door`: what the door says that it came in by, of its publications.
  uint32_t accept(Now now, std::string address, wire::Durability door = wire::Durability::standard);
  uint32_t adopt(Now now, Move moved);  // arrived from a neighbour; its `client` is ignored
  void receive(Now now, uint32_t client, BytesView bytes);
  void closed(Now now, uint32_t client);  // by the peer or by an error
  void open(Now now, Parcel&& parcel);    // its letters are taken
  void tick(Now now);
  Instant next_wake() const;

  // Ends the turn: parcels for other shards (index) and for the Node.
  std::vector<std::pair<ShardIndex, Parcel>> take_parcels();
  // So much is in them that they had better be taken before the turn ends: while it goes on the
  // neighbour works, and what it reads is still in a cache.
  bool parcels_full() const;
  // An emptied buffer for the next parcel to that shard.
  void reuse(ShardIndex to, Publications emptied);
  Parcel take_node_parcel();
  ShardEffects take_effects();

  BytesView output(uint32_t client) const;  // not yet sent
  void sent(Now now, uint32_t client, size_t bytes);
  // DISCONNECT came: it sends nothing more, and nothing that it was sent is waited for.
  bool said_goodbye(uint32_t client) const;

  // SIGTERM: every client gets 0x8B and is closed; its end is reported to global.
  void stop(Now now);

  const ShardCounters& counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace muster::broker
