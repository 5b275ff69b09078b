#include "broker/node_retained.hpp"

#include <algorithm>
#include <utility>

namespace muster::broker {

NodeRetained::NodeRetained(NodeDesk& desk, NodePeers& peers, NodeStreams& streams)
    : desk_(desk),
      peers_(peers),
      streams_(streams),
      published_(desk.options.shards),
      echoed_(desk.options.shards),
      wanted_(desk.options.shards),
      asked_(desk.options.shards),
      ready_(desk.options.shards) {}

// ---- out -------------------------------------------------------------------------------------

uint64_t NodeRetained::accepted(ShardIndex shard) {
  ++counter_;
  note(shard);
  return counter_;
}

void NodeRetained::dropped(ShardIndex shard) {
  note(shard);
}

void NodeRetained::note(ShardIndex shard) {
  const uint64_t own = ++published_[static_cast<size_t>(shard)];
  if (!unechoed_.empty() && unechoed_.back().shard == shard &&
      unechoed_.back().counter == counter_) {
    unechoed_.back().own = own;  // dropped ones take no room
  } else if (unechoed_.empty() && streams_.retained_taken() >= counter_) {
    echoed_[static_cast<size_t>(shard)] = own;
    echoes_moved_ = true;
  } else {
    unechoed_.push_back({counter_, shard, own});
  }
}

// ---- readers ---------------------------------------------------------------------------------

void NodeRetained::heard(PeerIndex peer, uint64_t counter) {
  marks_[peer] = std::max(marks_[peer], counter);
}

void NodeRetained::wanted(ShardIndex shard, const RetainedWanted& letter) {
  uint64_t& number = wanted_[static_cast<size_t>(shard)];
  number = std::max(number, letter.number);
}

void NodeRetained::finish_turn(Instant now) {
  if (echoes_moved_) tell_echoes();
  if (deadline_ != never || wanted_ == ready_) return;
  const NodePeer* global = peers_.at(global_peer);
  if (global == nullptr || !global->up || !global->open) return give_up();
  wire::RetainedSync sync{++request_, {}};
  peers_.each([&](NodePeer& peer) {
    const uint64_t mark = marks_[peer.index];
    if (peer.index != global_peer && mark != 0) sync.marks.emplace_back(peer.incarnation, mark);
  });
  desk_.links.stream(global->name, sync);
  asked_ = wanted_;
  deadline_ = now + desk_.options.retained_wait;
}

void NodeRetained::synced(const wire::RetainedSynced& message) {
  if (deadline_ == never || message.request != request_) return;
  deadline_ = never;
  ready(asked_);
}

void NodeRetained::tick(Instant now) {
  if (deadline_ > now) return;
  ++desk_.counters.retained_not_awaited;
  deadline_ = never;
  ready(asked_);
}

void NodeRetained::give_up() {
  deadline_ = never;
  ready(wanted_);
}

void NodeRetained::ready(const std::vector<uint64_t>& numbers) {
  for (size_t shard = 0; shard < numbers.size(); ++shard) {
    if (numbers[shard] <= ready_[shard]) continue;
    ready_[shard] = numbers[shard];
    desk_.mail.post(static_cast<ShardIndex>(shard), RetainedReady{numbers[shard]});
  }
}

// ---- global ----------------------------------------------------------------------------------

void NodeRetained::global_up() {
  acknowledged_ = streams_.retained_taken();
}

void NodeRetained::received(wire::Retained message) {
  if (message.kind == wire::RetainedKind::begin) {
    // What it had stored and has no more (its store was damaged, or not synced) is lost.
    echoed(std::max(message.counter, acknowledged_));
  }
  if (message.entries.empty()) {
    desk_.mail.post_all(RetainedPart{message.kind, {}});
  } else {
    std::vector<std::vector<RetainedValue>> parts(desk_.mail.shards());
    for (wire::RetainedEntry& entry : message.entries) {
      wire::Publication& from = entry.publication;
      RetainedValue value{from.alone(from.topic),
                          from.alone(from.payload),
                          from.alone(from.properties),
                          from.alone(from.publisher),
                          from.qos,
                          from.expiry_s};
      const ShardIndex home = home_of(value.topic, desk_.mail.shards());
      parts[static_cast<size_t>(home)].push_back(std::move(value));
      const bool ours = entry.origin == desk_.links.self().incarnation;
      if (ours && entry.counter != 0) echoed(entry.counter);
    }
    for (size_t shard = 0; shard < parts.size(); ++shard) {
      if (parts[shard].empty()) continue;
      desk_.mail.post(static_cast<ShardIndex>(shard),
                      RetainedPart{message.kind, std::move(parts[shard])});
    }
  }
  if (echoes_moved_) tell_echoes();
}

void NodeRetained::echoed(uint64_t counter) {
  while (!unechoed_.empty() && unechoed_.front().counter <= counter) {
    echoed_[static_cast<size_t>(unechoed_.front().shard)] = unechoed_.front().own;
    unechoed_.pop_front();
    echoes_moved_ = true;
  }
}

void NodeRetained::tell_echoes() {
  echoes_moved_ = false;
  desk_.mail.post_all(RetainedEchoed{echoed_});
}

}  // namespace muster::broker
