#include "broker/host_shard.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <system_error>
#include <utility>

#include "core/base/log.hpp"
#include "core/net/clock.hpp"
#include "core/net/thread_name.hpp"

namespace muster::broker {

ShardHost::ShardHost(ShardIndex self, const Options& options, Incarnation incarnation,
                     std::vector<OpenDoor> doors)
    : self_(self),
      mailbox_(loop_.waker()),
      doors_(std::move(doors)),
      shard_(self, options, incarnation),
      scratch_(scratch_bytes) {}

ShardHost::~ShardHost() = default;

void ShardHost::connect(std::vector<net::Mailbox<ShardMail>*> shards, NodePost node) {
  shards_ = std::move(shards);
  node_ = std::move(node);
}

void ShardHost::start() {
  thread_ = std::thread([this] { run(); });
}

void ShardHost::listen() {
  listen_requested_ = true;
  loop_.waker().wake();
}

void ShardHost::request_stop() {
  stop_requested_ = true;
  loop_.waker().wake();
}

void ShardHost::join() {
  if (thread_.joinable()) thread_.join();
}

void ShardHost::run() {
  net::name_thread("shard-" + std::to_string(static_cast<int>(self_)));
  loop_.add(linger_.fd(), linger_index, {});
  while (!stopped_ || linger_.size() > 0) turn();
}

void ShardHost::turn() {
  auto ready = loop_.poll(timeout());
  now_ = net::now();
  if (listen_requested_.exchange(false) && !stopped_) listen_at_ = now_.mono;
  if (listen_at_ <= now_.mono) start_listening();
  open_mail();  // first: a neighbour's new route stands before what clients publish now
  for (const net::Ready& one : ready) {
    if (one.index < first_door_index) {
      read_ready(one);
    } else if (one.index != linger_index) {
      accept_ready(doors_[one.index - first_door_index]);
    }
  }
  linger_.serve(now_.mono);
  shard_.tick(now_);
  if (stop_requested_ && !stopped_) {
    stop_listening();
    listen_at_ = never;
    shard_.stop(now_);
    stopped_ = true;
  }
  post();
  open_mail();
  carry_out();
  post();
}

Duration ShardHost::timeout() {
  const Instant wake = std::min({shard_.next_wake(), linger_.next_wake(), listen_at_});
  return net::until(wake, net::now().mono);
}

void ShardHost::start_listening() {
  listen_at_ = never;
  listening_ = true;
  uint32_t index = first_door_index;
  for (const OpenDoor& door : doors_) loop_.add(door.listener.fd(), index++, {});
}

void ShardHost::stop_listening() {
  if (!listening_) return;
  for (const OpenDoor& door : doors_) loop_.remove(door.listener.fd());
  listening_ = false;
}

void ShardHost::accept_ready(OpenDoor& door) {
  if (!listening_) return;  // another door found in this turn that nothing can be accepted
  for (int i = 0; i < accepts_a_turn; ++i) {
    net::Accepted accepted = door.listener.accept();
    if (accepted.kind == net::Accepted::Kind::none) return;
    if (accepted.kind == net::Accepted::Kind::stuck) return pause_listening(accepted.error);
    if (accepted.kind == net::Accepted::Kind::refused) {
      note_refused();
      continue;
    }
    uint32_t client = shard_.accept(now_, std::move(accepted.address), door.durability);
    add(client, std::move(accepted.socket));
  }
}

// Told at the first, second, fourth ...: whoever is short of files needs no flood of lines.
void ShardHost::note_refused() {
  if (!std::has_single_bit(++refused_)) return;
  log::warning("shard {}: no file is free: {} connections turned away so far",
               static_cast<unsigned>(self_), refused_);
}

// Who waits stays in the kernel's backlog. The loop must not spin on them, so the timer asks again.
// All doors wait: what the process lacks it lacks for each.
void ShardHost::pause_listening(int error) {
  stop_listening();
  listen_at_ = now_.mono + stuck_pause;
  if (now_.mono < next_stuck_line_) return;
  next_stuck_line_ = now_.mono + stuck_line_period;
  log::warning("shard {}: cannot accept, new clients wait: {}", static_cast<unsigned>(self_),
               std::generic_category().message(error));
}

void ShardHost::add(uint32_t client, net::Fd socket) {
  if (client >= connections_.size()) connections_.resize(client + 1);
  connections_[client] = {std::move(socket), true, false};
  loop_.add(connections_[client].socket, client, {true, false});
}

// One read a turn: the others get theirs before this one gets more.
void ShardHost::read_ready(const net::Ready& ready) {
  Connection& connection = connections_[ready.index];
  if (!connection.socket) return;
  if (ready.writable && connection.writing) flush(ready.index);
  if (!connection.reading && !ready.hangup) return;
  if (!ready.readable && !ready.hangup) return;
  net::IoResult got = net::receive(connection.socket, scratch_.data(), scratch_.size());
  if (got.status == net::IoStatus::ok) {
    shard_.receive(now_, ready.index, BytesView(scratch_.data(), got.bytes));
    if (shard_.parcels_full()) post_to_shards();
    return;
  }
  if (got.status == net::IoStatus::would_block) return;
  connection.socket.reset();
  shard_.closed(now_, ready.index);
}

void ShardHost::post_to_shards() {
  for (auto& [to, parcel] : shard_.take_parcels()) {
    ShardMail mail{std::move(parcel), {}, {}};
    shards_[static_cast<size_t>(to)]->exchange(mail);
    shard_.reuse(to, std::move(mail.parcel.publications));
  }
}

void ShardHost::post() {
  post_to_shards();
  Parcel parcel = shard_.take_node_parcel();
  if (parcel.empty()) return;
  node_parcels_.push_back(std::move(parcel));
  node_(node_parcels_);
}

void ShardHost::open_mail() {
  if (!mailbox_.take(opened_, done_)) return;
  for (ShardMail& mail : opened_) {
    if (mail.moved) {
      adopt(mail);
    } else {
      shard_.open(now_, std::move(mail.parcel));
      give_back(mail.parcel);
    }
  }
  opened_.clear();
}

// With the next look into the mailbox: neighbours fill the buffer again.
void ShardHost::give_back(Parcel& parcel) {
  if (parcel.from_node || parcel.publications.empty()) return;
  if (parcel.publications.capacity() > largest_returned_bytes) return;
  parcel.publications.clear();
  Publications emptied = std::move(parcel.publications);
  done_.emplace_back().parcel.publications = std::move(emptied);
}

void ShardHost::adopt(ShardMail& mail) {
  if (stopped_) return;  // too late: the socket closes with the mail
  uint32_t client = shard_.adopt(now_, std::move(*mail.moved));
  add(client, std::move(mail.socket));
}

void ShardHost::carry_out() {
  // Room in an outbox may bring more output; the second round is enough for nearly all, and what is
  // left goes with the next turn.
  for (int round = 0; round < 2; ++round) {
    ShardEffects effects = shard_.take_effects();
    for (uint32_t client : effects.dirty) flush(client);
    for (uint32_t client : effects.pause) {
      connections_[client].reading = false;
      watch(client);
    }
    for (uint32_t client : effects.resume) {
      connections_[client].reading = true;
      watch(client);
    }
    for (Move& moved : effects.moves) move(moved);
    for (uint32_t client : effects.close) close(client);
    if (effects.dirty.empty() && effects.resume.empty()) return;
  }
  loop_.waker().wake();
}

void ShardHost::flush(uint32_t client) {
  Connection& connection = connections_[client];
  if (!connection.socket) return;
  BytesView output = shard_.output(client);
  if (output.empty()) return;
  net::IoResult put = net::send(connection.socket, output);
  if (put.bytes > 0) shard_.sent(now_, client, put.bytes);
  bool wants = put.bytes < output.size() && put.status != net::IoStatus::failed;
  if (wants == connection.writing) return;
  connection.writing = wants;
  watch(client);
}

void ShardHost::watch(uint32_t client) {
  Connection& connection = connections_[client];
  if (connection.socket) {
    loop_.modify(connection.socket, client, {connection.reading, connection.writing});
  }
}

// The connection goes to its home shard with everything that was read.
void ShardHost::move(Move& moved) {
  Connection& connection = connections_[moved.client];
  uint32_t left = moved.client;
  size_t to = static_cast<size_t>(moved.to);
  loop_.remove(connection.socket);
  ShardMail mail{{}, std::move(moved), std::move(connection.socket)};
  shards_[to]->post(std::move(mail));
  shard_.closed(now_, left);
}

void ShardHost::close(uint32_t client) {
  Connection& connection = connections_[client];
  if (connection.socket && shard_.said_goodbye(client) && shard_.output(client).empty()) {
    connection.socket.reset();
  } else if (connection.socket) {
    loop_.remove(connection.socket);
    linger_.close(std::move(connection.socket), Bytes(shard_.output(client)), now_.mono);
  }
  shard_.closed(now_, client);
}

}  // namespace muster::broker
