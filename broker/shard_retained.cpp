// Retained messages (design.md section 4). In: to the topic's shard by letter, and to global. Out:
// after SUBACK, once this broker has what it must have (RetainedReady), page by page from each
// shard that may have some, as the client takes them.

#include <algorithm>
#include <utility>

#include "broker/shard_state.hpp"

namespace muster::broker {
namespace {

constexpr size_t page_looks = 2000;         // topics looked at for one page
constexpr size_t page_bytes = 32 << 10;     // a page ends behind so many
constexpr size_t low_water = 64 << 10;      // unsent bytes of a client that is asked for more
constexpr size_t overtaken_limit = 65'536;  // topics; of more a reader may get an older one last
constexpr size_t sweep_topics = 1000;       // looked at in one turn

}  // namespace

// ---- in --------------------------------------------------------------------------------------

// Returns how many such letters the topic's shard has got from here.
uint64_t Shard::State::retain(const mqtt::PublishView& packet, const Client& publisher) {
  RetainedOwn letter;
  letter.counter = ++retaining.published;
  letter.value.topic = packet.topic;
  letter.value.payload = packet.payload;
  letter.value.properties = packet.properties;
  letter.value.publisher = publisher.client_id();
  letter.value.qos = static_cast<uint8_t>(packet.qos);
  letter.value.expiry_s = packet.message_expiry;
  const auto owner = static_cast<size_t>(home_of(packet.topic, options.shards));
  to_shards[owner].letters.emplace_back(std::move(letter));
  return ++retaining.sent[owner];
}

void Shard::State::retained_own(ShardIndex from, const RetainedOwn& letter) {
  retaining.table.own(now, from, letter.counter, letter.value);
  ++retaining.received[static_cast<size_t>(from)];
  auto& held = retaining.held;
  std::erase_if(held, [&](const auto& ask) { return answer_ask(ask.first, ask.second); });
}

void Shard::State::retained_part(const RetainedPart& letter) {
  if (letter.kind == wire::RetainedKind::begin) retaining.table.begin();
  for (const RetainedValue& value : letter.values) retaining.table.set(now, value);
  if (letter.kind == wire::RetainedKind::end) retaining.table.end();
}

void Shard::State::note_owns(ShardIndex from, const std::vector<uint64_t>& owns) {
  auto& known = retaining.needed[static_cast<size_t>(from)];
  known.resize(std::max(known.size(), owns.size()));
  for (size_t i = 0; i < owns.size(); ++i) known[i] = std::max(known[i], owns[i]);
}

// A retained publication of a neighbour: what its topic's shard must have got by now.
void Shard::State::note_own(ShardIndex from, const PublicationView& publication) {
  const auto owner = static_cast<size_t>(home_of(publication.topic, options.shards));
  auto& known = retaining.needed[static_cast<size_t>(from)];
  if (known.empty()) known.resize(options.shards);
  known[owner] = std::max(known[owner], publication.token);
}

void Shard::State::sweep_retained() {
  if (retaining.table.next_sweep() <= now.mono) retaining.table.sweep(now, sweep_topics);
}

// ---- live ------------------------------------------------------------------------------------

void Shard::State::deliver_retained(const Resolved& resolved, Outgoing& outgoing) {
  Outgoing as_published{outgoing.publication, outgoing.from, {}, true};
  for (const Target& target : resolved.targets) {
    const Target* wants = wanting(target, outgoing);
    if (wants == nullptr) continue;
    if (RetainedReads* state = at(target.client).retained.get();
        state != nullptr && state->overtaken.size() < overtaken_limit) {
      state->overtaken[std::string(outgoing.publication.topic)] = state->reads.back().number;
    }
    deliver_to(*wants, wants->retain_as_published ? as_published : outgoing);
  }
}

// ---- out -------------------------------------------------------------------------------------

// Retain Handling (3.8.3.1), asked before the subscription is added. Shared ones get none
// (4.8.2-27).
bool Shard::State::wants_retained(uint32_t index, const Subscribed& subscription) const {
  if (subscription.filter.starts_with("$share/")) return false;
  const uint8_t handling = subscription.options.retain_handling;
  if (handling == 0) return true;
  return handling == 1 && interests.find(subscription.filter, index) == nullptr;
}

void Shard::State::read_retained(uint32_t index, std::vector<std::string> filters) {
  if (filters.empty()) return;
  Client& client = at(index);
  if (!client.retained) client.retained = std::make_unique<RetainedReads>();
  const uint64_t wanted = ++retaining.wanted;
  for (std::string& filter : filters) {
    client.retained->reads.push_back({retaining.next_read++, wanted, std::move(filter)});
  }
  to_node.letters.emplace_back(RetainedWanted{wanted});
  retaining.waits.emplace(wanted, ref(index));
}

void Shard::State::retained_ready(uint64_t number) {
  retaining.ready = std::max(retaining.ready, number);
  auto& waits = retaining.waits;
  while (!waits.empty() && waits.begin()->first <= retaining.ready) {
    const ClientRef due = waits.begin()->second;
    waits.erase(waits.begin());
    if (find(due.index, due.generation) != nullptr) pump_retained(due.index);
  }
}

// Asks for the next page if the client can take it.
void Shard::State::pump_retained(uint32_t index) {
  Client& client = at(index);
  if (!client.retained || client.retained->asked || client.phase != Phase::live) return;
  RetainedReads& state = *client.retained;
  while (!state.reads.empty() && interests.find(state.reads.front().filter, index) == nullptr) {
    state.reads.pop_front();  // unsubscribed, refused, or no ordinary filter
    state.shard = 0;
    state.after.clear();
  }
  if (state.reads.empty()) return client.retained.reset();
  const RetainedReads::Read& first = state.reads.front();
  if (first.wanted > retaining.ready) return;
  const size_t room = std::min(low_water, options.outbox_limit_bytes);
  if (client.waiting || client.outbox.size() - client.sent > room) return;

  if (!mqtt::has_wildcard(first.filter)) {
    state.shard = static_cast<uint16_t>(home_of(first.filter, options.shards));
  }
  RetainedAsk ask{ref(index), first.number, first.filter, state.after, {}};
  for (const auto& sent : retaining.needed) {
    ask.owns.push_back(state.shard < sent.size() ? sent[state.shard] : 0);
  }
  state.asked = true;
  to_shards[state.shard].letters.emplace_back(std::move(ask));
}

void Shard::State::retained_ask(ShardIndex from, const RetainedAsk& letter) {
  if (!answer_ask(from, letter)) retaining.held.emplace_back(from, letter);
}

// False: publications that it must see are still on their way here.
bool Shard::State::answer_ask(ShardIndex from, const RetainedAsk& letter) {
  for (size_t i = 0; i < letter.owns.size(); ++i) {
    if (retaining.received[i] < letter.owns[i]) return false;
  }
  RetainedPage page{letter.client, letter.read, {}, letter.after, false};
  page.last =
      retaining.table.read(now, letter.filter, page.after, page_looks, page_bytes, page.values);
  to_shards[static_cast<size_t>(from)].letters.emplace_back(std::move(page));
  return true;
}

void Shard::State::retained_page(const RetainedPage& letter) {
  const uint32_t index = letter.client.index;
  Client* client = find(index, letter.client.generation);
  if (client == nullptr || !client->retained) return;
  RetainedReads& state = *client->retained;
  state.asked = false;
  const RetainedReads::Read& first = state.reads.front();
  MUSTER_CHECK(first.number == letter.read);
  const Subscriber* subscriber = interests.find(first.filter, index);
  if (subscriber == nullptr) return pump_retained(index);

  Target target;
  target.client = index;
  target.qos = subscriber->qos;
  target.persistent = subscriber->persistent;
  target.add_identifier(subscriber->identifier);
  const bool no_local = subscriber->no_local;
  for (const RetainedValue& value : letter.values) {
    if (no_local && value.publisher == client->client_id()) continue;  // 3.8.3-3
    const auto overtaken = state.overtaken.find(value.topic.view());
    if (overtaken != state.overtaken.end() && overtaken->second >= first.number) continue;
    Bytes properties;
    mqtt::forwardable_properties(value.properties, value.expiry_s, properties);
    Outgoing outgoing;
    outgoing.publication = {
        value.topic, value.payload, properties, {}, static_cast<mqtt::Qos>(value.qos)};
    outgoing.publication.expiry_s = value.expiry_s;
    outgoing.retain = true;
    outgoing.awaited = true;
    deliver_to(target, outgoing);
  }
  state.after = letter.after;
  if (letter.last) {
    state.after.clear();
    const bool more = mqtt::has_wildcard(first.filter) && state.shard + 1u < options.shards;
    state.shard = more ? static_cast<uint16_t>(state.shard + 1) : uint16_t{0};
    if (!more) state.reads.pop_front();
  }
  pump_retained(index);
}

}  // namespace muster::broker
