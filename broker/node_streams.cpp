#include "broker/node_streams.hpp"

#include <iterator>

#include "core/base/check.hpp"
#include "core/mqtt/codec.hpp"

namespace muster::broker {
namespace {

// For what may wait for long: it must not keep all of the parcel that it came in.
SharedMessage owned(const SharedMessage& message) {
  const auto* publish = std::get_if<wire::Publish>(message.get());
  if (publish == nullptr) return message;
  wire::Publish copy = *publish;
  wire::own(copy.publication);
  return std::make_shared<const wire::Message>(std::move(copy));
}

}  // namespace

NodeStreams::NodeStreams(NodeDesk& desk) : desk_(desk), taken_(desk.options.shards) {}

bool NodeStreams::may_stream(const NodePeer& peer, const Receipt& receipt) const {
  if (!peer.open) return false;
  return passes(receipt) || (peer.up && desk_.links.credit(peer.name));
}

void NodeStreams::send(Instant now, PeerIndex index, const NodePeer* peer, SharedMessage message,
                       Receipt receipt) {
  Line& line = lines_[index];
  // What nobody waits for (ends, acknowledgements) consumes no credit and passes what does.
  const bool first = line.held.empty() || passes(receipt);
  if (receipt.retained != 0) loose_bytes_ += loose_bytes_of({0, message, receipt, now});
  if (peer == nullptr || !first || !may_stream(*peer, receipt)) {
    line.held.push_back({0, owned(message), receipt, now});
    return;
  }
  const uint64_t number = desk_.links.stream(peer->name, message);
  line.sent.push_back({number, std::move(message), receipt, now});
}

void NodeStreams::pump(Instant now, const NodePeer& peer) {
  Line& line = lines_[peer.index];
  while (!line.held.empty() && may_stream(peer, line.held.front().receipt)) {
    Item item = std::move(line.held.front());
    line.held.pop_front();
    if (!age(now, peer.index, item)) {
      ++desk_.counters.expired;
      taken(item.receipt);
      continue;
    }
    item.number = desk_.links.stream(peer.name, item.message);
    line.sent.push_back(std::move(item));
  }
}

size_t NodeStreams::loose_bytes_of(const Item& item) {
  if (item.receipt.retained == 0 || item.receipt.token != 0) return 0;
  constexpr size_t overhead = 256;
  const wire::Publication& from = std::get<wire::Publish>(*item.message).publication;
  return from.topic.size() + from.payload.size() + from.properties.size() + overhead;
}

void NodeStreams::done(const Item& item) {
  taken(item.receipt);
  if (item.receipt.retained == 0) return;
  retained_taken_ = item.receipt.retained;
  loose_bytes_ -= loose_bytes_of(item);
}

// Takes the time that it waited off its expiry; false: nothing is left.
bool NodeStreams::age(Instant now, PeerIndex index, Item& item) {
  const auto waited = std::chrono::floor<std::chrono::seconds>(now - item.since);
  const auto* publish = std::get_if<wire::Publish>(item.message.get());
  if (publish == nullptr || waited.count() <= 0) return true;
  const uint32_t expiry_s = publish->publication.expiry_s;
  if (expiry_s == wire::no_expiry) return true;
  const bool over = waited.count() >= expiry_s;
  // A retained one still takes the place of the one before it: global clears the topic.
  if (over && (index != global_peer || item.receipt.retained == 0)) return false;
  wire::Publish aged = *publish;
  aged.publication.expiry_s = over ? 0 : expiry_s - static_cast<uint32_t>(waited.count());
  Bytes properties;  // 3.3.2-6
  mqtt::forwardable_properties(publish->publication.properties, aged.publication.expiry_s,
                               properties);
  aged.publication.properties = std::move(properties);
  item.message = std::make_shared<const wire::Message>(std::move(aged));
  item.since += waited;
  return true;
}

void NodeStreams::taken(Receipt receipt) {
  if (receipt.token == 0) return;
  const size_t shard = static_cast<size_t>(receipt.shard);
  MUSTER_CHECK(shard < taken_.size());
  taken_[shard].push_back(receipt.token);
}

void NodeStreams::acknowledged(Instant now, const NodePeer& peer, uint64_t number) {
  taken_up_to(peer.index, number);
  pump(now, peer);
}

void NodeStreams::taken_up_to(PeerIndex index, uint64_t number) {
  std::deque<Item>& sent = lines_[index].sent;
  while (!sent.empty() && sent.front().number <= number) {
    done(sent.front());
    sent.pop_front();
  }
}

std::vector<std::pair<ShardIndex, SharedMessage>> NodeStreams::ended(PeerIndex index) {
  Line& line = lines_[index];
  std::vector<std::pair<ShardIndex, SharedMessage>> shared;
  for (const auto* items : {&line.sent, &line.held}) {
    for (const Item& item : *items) {
      taken(item.receipt);
      const auto* publish = std::get_if<wire::Publish>(item.message.get());
      if (publish == nullptr || publish->way != wire::ShareWay::one) continue;
      if (items == &line.sent && publish->publication.qos == 2) continue;
      shared.emplace_back(item.receipt.shard, item.message);
    }
    desk_.counters.dropped_ended += items->size();
  }
  line = {};
  return shared;
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
