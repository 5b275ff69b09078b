#include "broker/node_streams.hpp"

#include <iterator>

#include "core/base/check.hpp"
#include "core/mqtt/codec.hpp"

namespace muster::broker {
namespace {

// For what may wait for long: it must not keep all of the parcel that it came in.
SharedMessage owned(const wire::Message& message) {
  const auto copy = std::make_shared<wire::Message>(message);
  if (auto* publish = std::get_if<wire::Publish>(copy.get())) wire::own(publish->publication);
  if (auto* run = std::get_if<wire::PublishRun>(copy.get())) wire::own(*run);
  return copy;
}

bool for_one_member(const wire::Message& message) {
  const auto* publish = std::get_if<wire::Publish>(&message);
  return publish != nullptr && publish->way == wire::ShareWay::one;
}

// A retained publication that nobody waits for.
size_t loose_bytes_of(const wire::Message& message, const Receipt& receipt) {
  if (receipt.retained == 0 || receipt.token != 0) return 0;
  constexpr size_t overhead = 256;
  const wire::Publication& from = std::get<wire::Publish>(message).publication;
  return from.topic.size() + from.payload.size() + from.properties.size() + overhead;
}

}  // namespace

NodeStreams::NodeStreams(NodeDesk& desk) : desk_(desk), taken_(desk.options.shards) {}

bool NodeStreams::may_stream(const NodePeer& peer, const Receipt& receipt) const {
  if (!peer.open) return false;
  return passes(receipt) || (peer.up && desk_.links.credit(peer.name));
}

void NodeStreams::send(Instant now, PeerIndex index, const NodePeer* peer,
                       const wire::Message& message, Receipt receipt) {
  Line& line = lines_[index];
  // What nobody waits for (ends, acknowledgements) consumes no credit and passes what does.
  const bool first = line.held.empty() || passes(receipt);
  Item item{receipt, now, loose_bytes_of(message, receipt), nullptr};
  loose_bytes_ += item.loose;
  if (peer == nullptr || !first || !may_stream(*peer, receipt)) {
    item.message = owned(message);
    line.held.push_back(std::move(item));
    return;
  }
  if (for_one_member(message)) item.message = owned(message);
  line.sent.push_back({std::move(item), desk_.links.stream(peer->name, message)});
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
    const uint64_t number = desk_.links.stream(peer.name, *item.message);
    if (!for_one_member(*item.message)) item.message.reset();
    line.sent.push_back({std::move(item), number});
  }
}

void NodeStreams::done(const Item& item) {
  taken(item.receipt);
  if (item.receipt.retained == 0) return;
  retained_taken_ = item.receipt.retained;
  loose_bytes_ -= item.loose;
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
  aged.publication.encoded = {};
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
  std::deque<Sent>& sent = lines_[index].sent;
  while (!sent.empty() && sent.front().number <= number) {
    done(sent.front());
    sent.pop_front();
  }
}

std::vector<std::pair<ShardIndex, SharedMessage>> NodeStreams::ended(PeerIndex index) {
  Line& line = lines_[index];
  std::vector<std::pair<ShardIndex, SharedMessage>> shared;
  const auto end = [&](const Item& item, bool was_sent) {
    taken(item.receipt);
    if (!item.message || !for_one_member(*item.message)) return;
    const uint8_t qos = std::get<wire::Publish>(*item.message).publication.qos;
    if (!was_sent || qos != 2) shared.emplace_back(item.receipt.shard, item.message);
  };
  for (const Sent& item : line.sent) end(item, true);
  for (const Item& item : line.held) end(item, false);
  desk_.counters.dropped_ended += line.sent.size() + line.held.size();
  line = {};
  return shared;
}

// What the link has no more was taken; what it has beside ours was not for us to keep.
void NodeStreams::renewed(PeerIndex index, wire::Backlog backlog) {
  Line& line = lines_[index];
  std::deque<Item> again;
  uint64_t number = 0;
  wire::Message message;
  for (Sent& item : line.sent) {
    bool more = true;
    while (more && number < item.number) more = backlog.next(number, message);
    if (number != item.number) {
      done(item);
      continue;
    }
    item.message = std::make_shared<const wire::Message>(std::move(message));
    again.push_back(std::move(item));
  }
  desk_.counters.sent_again += again.size();
  line.sent.clear();
  line.held.insert(line.held.begin(), std::make_move_iterator(again.begin()),
                   std::make_move_iterator(again.end()));
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
