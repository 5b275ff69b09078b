#include "broker/node_sessions.hpp"

namespace muster::broker {
namespace {

const std::string* client_of(const wire::Message& message) {
  if (const auto* grant = std::get_if<wire::Grant>(&message)) return &grant->client_id;
  if (const auto* page = std::get_if<wire::GrantPage>(&message)) return &page->client_id;
  if (const auto* refused = std::get_if<wire::Refused>(&message)) return &refused->client_id;
  if (const auto* evict = std::get_if<wire::Evict>(&message)) return &evict->client_id;
  if (const auto* done = std::get_if<wire::SubscribeDone>(&message)) return &done->client_id;
  if (const auto* deliver = std::get_if<wire::Deliver>(&message)) return &deliver->client_id;
  if (const auto* run = std::get_if<wire::DeliverRun>(&message)) return &run->client_id;
  if (const auto* released = std::get_if<wire::InboxReleased>(&message))
    return &released->client_id;
  return nullptr;
}

}  // namespace

NodeSessions::NodeSessions(NodeDesk& desk, NodePeers& peers, NodeStreams& streams)
    : desk_(desk), peers_(peers), streams_(streams), waiting_(desk.options.shards) {}

void NodeSessions::for_global(Instant now, ShardIndex shard, ForGlobal letter) {
  const NodePeer* global = peers_.at(global_peer);
  if (std::holds_alternative<wire::Claim>(letter.message)) {
    if (global != nullptr) claim(*global, letter.message);
    return;
  }
  const bool info = std::holds_alternative<wire::SetInfo>(letter.message);
  if (global == nullptr && !info) return;  // the list will say all of it
  const size_t bound =
      global == nullptr ? desk_.options.held_for_global : desk_.options.for_global_max;
  if (letter.token == 0 && streams_.unacknowledged(global_peer) >= bound) {
    ++desk_.counters.for_global_dropped;
    return;
  }
  streams_.send(now, global_peer, global, letter.message, {shard, letter.token});
}

void NodeSessions::claim(const NodePeer& global, const wire::Message& message) {
  if (!global.up || !global.open) return;
  const bool slow = desk_.links.waiting_bytes(global.name) >= desk_.options.link.window_bytes;
  if (slow && waiting_count_ == 0) {
    ++desk_.counters.for_global_dropped;
    list_again_ = true;
    return;
  }
  desk_.links.stream(global.name, message);
}

void NodeSessions::from_global(wire::Message message) {
  const std::string* client = client_of(message);
  if (client == nullptr) {
    ++desk_.counters.unexpected;
    return;
  }
  const ShardIndex home = home_of(*client, desk_.mail.shards());
  desk_.mail.post(home, FromGlobal{std::move(message)});
}

void NodeSessions::global_up(const NodePeer& global) {
  ++round_;
  ++desk_.counters.claim_rounds;
  end_number_ = 0;
  list_again_ = false;
  waiting_.assign(waiting_.size(), true);
  waiting_count_ = waiting_.size();
  desk_.links.stream(global.name, wire::ClaimsBegin{streams_.retained_taken()});
  desk_.mail.post_all(ListClaims{round_});
}

void NodeSessions::global_down() {
  ++round_;
  waiting_count_ = 0;
}

void NodeSessions::claims_listed(ShardIndex shard, const ClaimsListed& letter) {
  const size_t index = static_cast<size_t>(shard);
  if (letter.round != round_ || !waiting_[index]) return;
  waiting_[index] = false;
  if (--waiting_count_ > 0) return;
  const NodePeer* global = peers_.at(global_peer);
  if (global == nullptr || !global->open) return;
  end_number_ = desk_.links.stream(global->name, wire::ClaimsEnd{});
}

bool NodeSessions::acknowledged(const NodePeer& global, uint64_t number) {
  const bool all = end_number_ != 0 && number >= end_number_;
  listed_ = listed_ || all;
  const size_t waiting = desk_.links.waiting_bytes(global.name);
  if (list_again_ && global.up && waiting < desk_.options.link.window_bytes / 2) global_up(global);
  return all;
}

}  // namespace muster::broker
