#include "broker/node_streams.hpp"

#include <iterator>

#include "core/base/check.hpp"

namespace muster::broker {

NodeStreams::NodeStreams(NodeDesk& desk) : desk_(desk), taken_(desk.options.shards) {}

bool NodeStreams::may_stream(const NodePeer& peer, const Receipt& receipt) const {
  return peer.open && (receipt.token == 0 || desk_.links.credit(peer.name));
}

void NodeStreams::send(PeerIndex index, const NodePeer* peer, SharedMessage message,
                       Receipt receipt) {
  Line& line = lines_[index];
  // What nobody waits for (ends, acknowledgements) consumes no credit and passes what does.
  const bool first = line.held.empty() || receipt.token == 0;
  if (peer == nullptr || !first || !may_stream(*peer, receipt)) {
    line.held.push_back({0, std::move(message), receipt});
    return;
  }
  const uint64_t number = desk_.links.stream(peer->name, *message);
  line.sent.push_back({number, std::move(message), receipt});
}

void NodeStreams::pump(const NodePeer& peer) {
  Line& line = lines_[peer.index];
  while (!line.held.empty() && may_stream(peer, line.held.front().receipt)) {
    Item& item = line.held.front();
    item.number = desk_.links.stream(peer.name, *item.message);
    line.sent.push_back(std::move(item));
    line.held.pop_front();
  }
}

void NodeStreams::taken(Receipt receipt) {
  if (receipt.token == 0) return;
  const size_t shard = static_cast<size_t>(receipt.shard);
  MUSTER_CHECK(shard < taken_.size());
  taken_[shard].push_back(receipt.token);
}

void NodeStreams::acknowledged(const NodePeer& peer, uint64_t number) {
  std::deque<Item>& sent = lines_[peer.index].sent;
  while (!sent.empty() && sent.front().number <= number) {
    taken(sent.front().receipt);
    sent.pop_front();
  }
  pump(peer);
}

void NodeStreams::ended(PeerIndex index) {
  Line& line = lines_[index];
  for (const auto* items : {&line.sent, &line.held}) {
    for (const Item& item : *items) taken(item.receipt);
    desk_.counters.dropped_ended += items->size();
  }
  line = {};
}

void NodeStreams::renewed(PeerIndex index) {
  Line& line = lines_[index];
  desk_.counters.sent_again += line.sent.size();
  line.held.insert(line.held.begin(), std::make_move_iterator(line.sent.begin()),
                   std::make_move_iterator(line.sent.end()));
  line.sent.clear();
}

size_t NodeStreams::unacknowledged(PeerIndex index) const {
  return lines_[index].sent.size() + lines_[index].held.size();
}

void NodeStreams::finish_turn() {
  for (size_t shard = 0; shard < taken_.size(); ++shard) {
    if (taken_[shard].empty()) continue;
    desk_.mail.post(static_cast<ShardIndex>(shard), Taken{std::move(taken_[shard])});
    taken_[shard] = {};
  }
}

}  // namespace muster::broker
