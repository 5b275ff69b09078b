#pragma once
// The body of one shard: its thread, epoll loop, listeners and sockets. It drives the mind through
// the five phases of a turn (shard.hpp) and exchanges parcels with the other shards and the
// gateway. Everything belongs to its thread but the mailbox and request_stop().

#include <atomic>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "broker/shard.hpp"
#include "core/net/linger.hpp"
#include "core/net/listener.hpp"
#include "core/net/loop.hpp"
#include "core/net/mailbox.hpp"

namespace muster::broker {

// What arrives at a shard: a parcel, or a connection that comes home.
struct ShardMail {
  Parcel parcel;
  std::optional<Move> moved;
  net::Fd socket;
};

struct OpenDoor {
  net::Listener listener;
  wire::Durability durability;
};

class ShardHost {
 public:
  using NodePost = std::function<void(std::vector<Parcel>&)>;  // any thread

  ShardHost(ShardIndex self, const Options& options, Incarnation incarnation,
            std::vector<OpenDoor> doors);
  ~ShardHost();

  net::Mailbox<ShardMail>& mailbox() { return mailbox_; }
  // Before start(): where parcels go. `shards` by index; itself is not used.
  void connect(std::vector<net::Mailbox<ShardMail>*> shards, NodePost node);
  void start();
  void listen();  // any thread, once: begins to accept
  // Any thread: clients are told and closed; the thread ends when they are gone or have lingered.
  void request_stop();
  void join();

 private:
  struct Connection {
    net::Fd socket;
    bool reading = true;
    bool writing = false;  // waits for room in the socket
  };
  static constexpr uint32_t linger_index = net::Loop::largest_index;
  static constexpr uint32_t first_door_index = linger_index - max_doors;  // clients' are below
  static constexpr size_t scratch_bytes = 256 * 1024;
  static constexpr size_t largest_returned_bytes = 4 << 20;
  static constexpr int accepts_a_turn = 64;
  static constexpr Duration stuck_pause = std::chrono::milliseconds(100);
  static constexpr Duration stuck_line_period = std::chrono::seconds(10);

  void run();
  void turn();
  Duration timeout();
  void start_listening();
  void stop_listening();
  void accept_ready(OpenDoor& door);
  void note_refused();
  void pause_listening(int error);
  void read_ready(const net::Ready& ready);
  void adopt(ShardMail& mail);
  void add(uint32_t client, net::Fd socket);
  void post_to_shards();
  void post();
  void open_mail();
  void give_back(Parcel& parcel);
  void carry_out();
  void flush(uint32_t client);
  void watch(uint32_t client);
  void move(Move& moved);
  void close(uint32_t client);

  ShardIndex self_;
  net::Loop loop_;
  net::Mailbox<ShardMail> mailbox_;
  std::vector<OpenDoor> doors_;
  net::Linger linger_;
  Shard shard_;
  std::vector<Connection> connections_;  // by client index
  std::vector<net::Mailbox<ShardMail>*> shards_;
  NodePost node_;
  std::vector<char> scratch_;
  std::vector<ShardMail> opened_;
  std::vector<ShardMail> done_;  // emptied, on their way back
  std::vector<Parcel> node_parcels_;
  Now now_{};
  uint64_t refused_ = 0;       // connections for which no file was free
  Instant listen_at_ = never;  // to begin, or to try again
  Instant next_stuck_line_ = Instant::min();
  bool listening_ = false;
  bool stopped_ = false;
  std::atomic<bool> listen_requested_{false};
  std::atomic<bool> stop_requested_{false};
  std::thread thread_;
};

}  // namespace muster::broker
