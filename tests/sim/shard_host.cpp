#include "tests/sim/shard_host.hpp"

#include <set>

#include "tests/sim/broker_process.hpp"

namespace muster::sim {

ShardHost::ShardHost(Context& context, BrokerProcess& process, const LocalClock& clock,
                     ShardIndex self, const broker::Options& options, Incarnation incarnation)
    : context_(context),
      process_(process),
      self_(self),
      mind_(std::make_unique<broker::Shard>(self, options, incarnation)),
      loop_(context, clock, [this](Now now) { turn(now); }) {
  loop_.poke();
}

ShardHost::~ShardHost() {
  for (const auto& [index, socket] : sockets_) socket->broker_died();
  for (const auto& socket : accepted_) socket->broker_died();
  for (const auto& adoption : adopted_) adoption.socket->broker_died();
}

void ShardHost::accept(std::shared_ptr<Socket> socket) {
  socket->set_moving(this);
  accepted_.push_back(std::move(socket));
  loop_.poke();
}

void ShardHost::adopt(broker::Move move, std::shared_ptr<Socket> socket) {
  adopted_.push_back({std::move(move), std::move(socket)});
  loop_.poke();
}

void ShardHost::readable(const std::shared_ptr<Socket>& socket) {
  ready_.push_back(socket);
  loop_.poke();
}

void ShardHost::writable(const std::shared_ptr<Socket>& socket) {
  if (!socket->has_index() || mind_->output(socket->index()).empty()) return;
  writable_.push_back(socket);
  loop_.poke();
}

void ShardHost::letters(broker::Parcel parcel) {
  parcels_.push_back(std::move(parcel));
  loop_.poke();
}

void ShardHost::stop() {
  stopping_ = true;
  loop_.poke();
}

void ShardHost::turn(Now now) {
  read(now);
  if (mind_->next_wake() <= now.mono) mind_->tick(now);
  if (std::exchange(stopping_, false)) mind_->stop(now);
  post();
  auto parcels = std::exchange(parcels_, {});
  for (broker::Parcel& parcel : parcels) mind_->open(now, std::move(parcel));
  carry_out(now);
  post();
  loop_.wake_at(mind_->next_wake());
}

void ShardHost::read(Now now) {
  for (auto& socket : std::exchange(accepted_, {})) {
    const uint32_t index = mind_->accept(now, fmt::format("10.0.0.{}", socket->id() % 256));
    MUSTER_CHECK(sockets_.emplace(index, socket).second);
    socket->accepted(this, index);
    ready_.push_back(socket);
  }
  for (Adoption& adoption : std::exchange(adopted_, {})) {
    const uint32_t index = mind_->adopt(now, std::move(adoption.move));
    MUSTER_CHECK(sockets_.emplace(index, adoption.socket).second);
    adoption.socket->accepted(this, index);
    ready_.push_back(adoption.socket);
  }
  // One read of each: what is there, and with the next turn its end.
  std::set<uint32_t> seen;
  for (const auto& socket : std::exchange(ready_, {})) {
    if (seen.insert(socket->id()).second) read_socket(now, socket);
  }
  for (const auto& socket : std::exchange(writable_, {})) {
    if (socket->host() == this && socket->has_index()) flush_client(now, socket->index());
  }
}

void ShardHost::read_socket(Now now, const std::shared_ptr<Socket>& socket) {
  // Moved on, or closed meanwhile; whoever adopts it looks again.
  if (socket->host() != this || !socket->has_index()) return;
  const uint32_t index = socket->index();
  if (socket->has_input() && (!socket->paused() || socket->peer_closed())) {
    mind_->receive(now, index, socket->take_input());
    if (socket->peer_closed()) readable(socket);
    return;
  }
  if (!socket->peer_closed()) return;
  remove(index);
  mind_->closed(now, index);
}

void ShardHost::remove(uint32_t index) {
  const auto it = sockets_.find(index);
  MUSTER_CHECK(it != sockets_.end());
  it->second->close_by_broker();
  sockets_.erase(it);
}

void ShardHost::post() {
  for (auto& [to, parcel] : mind_->take_parcels()) process_.post(self_, to, std::move(parcel));
  broker::Parcel parcel = mind_->take_node_parcel();
  if (!parcel.empty()) process_.post_to_node(self_, std::move(parcel));
}

// As the real host: a second round for what room in an outbox has brought, the rest next turn.
void ShardHost::carry_out(Now now) {
  for (int round = 0; round < 2; ++round) {
    broker::ShardEffects effects = mind_->take_effects();
    for (const uint32_t index : effects.dirty) flush_client(now, index);
    pause(effects.pause, true);
    pause(effects.resume, false);
    for (broker::Move& move : effects.moves) {
      const uint32_t index = move.client;
      const auto it = sockets_.find(index);
      MUSTER_CHECK(it != sockets_.end());
      process_.move(self_, std::move(move), std::move(it->second));
      sockets_.erase(it);
      mind_->closed(now, index);
    }
    for (const uint32_t index : effects.close) {
      flush_client(now, index);
      remove(index);
      mind_->closed(now, index);
    }
    if (effects.dirty.empty() && effects.resume.empty()) return;
  }
  loop_.poke();
}

void ShardHost::pause(const std::vector<uint32_t>& indexes, bool paused) {
  for (const uint32_t index : indexes) {
    const auto it = sockets_.find(index);
    if (it == sockets_.end()) continue;
    it->second->pause(paused);
    if (!paused) readable(it->second);
  }
}

void ShardHost::flush_client(Now now, uint32_t index) {
  const auto it = sockets_.find(index);
  if (it == sockets_.end()) return;
  const BytesView output = mind_->output(index);
  process_.outbox_seen(output.size());
  const size_t taken = it->second->write(output);
  if (taken > 0) mind_->sent(now, index, taken);
}

}  // namespace muster::sim
