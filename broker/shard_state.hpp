#pragma once
// The inside of a shard: its machines and the moments of a client's life, one file for each group
// below (shard_<group>.cpp). Private to broker/shard*.cpp; one thread.

#include <forward_list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/binding.hpp"
#include "broker/client.hpp"
#include "broker/deadlines.hpp"
#include "broker/groups.hpp"
#include "broker/interests.hpp"
#include "broker/retained_table.hpp"
#include "broker/routes.hpp"
#include "broker/shard.hpp"
#include "broker/topic_cache.hpp"
#include "broker/virtual_topics.hpp"
#include "broker/withheld.hpp"
#include "core/base/flat_index.hpp"
#include "core/mqtt/codec.hpp"

namespace muster::broker {

// One publication on its way to this shard's own clients: encoded once for each form that is asked
// for, then copied into outboxes.
struct Outgoing {
  PublicationView publication;
  uint32_t from = UINT32_MAX;  // publishing client of this shard, for No Local
  struct Form {
    BytesView packet;  // empty: not made yet
    BytesView tail;    // a large payload, which is not copied here
    size_t size() const { return packet.size() + tail.size(); }
    uint32_t id_at = 0;
  };
  struct Encoded {
    Form forms[2][3];               // [5.0?][QoS]
    Bytes first;                    // where the first one that was encoded stands,
    std::forward_list<Bytes> more;  // and the others
  };
  Encoded encoded;
  bool retain = false;                      // goes out with RETAIN 1
  const PublicationView* shared = nullptr;  // to a member of a group: as it came, with its name
  bool awaited = false;                     // of a page that was asked for when there was room

  // The form of its own version and QoS need not be encoded: this is it. Empty: it must.
  void take_as_is(mqtt::Version version, BytesView packet) {
    if (packet.empty()) return;
    const auto qos = static_cast<size_t>(publication.qos);
    Form& form = encoded.forms[version == mqtt::Version::v5][qos];
    form.packet = packet;
    const char* const id = publication.topic.data() + publication.topic.size();
    if (qos > 0) form.id_at = static_cast<uint32_t>(id - packet.data());
  }
};

// Retained messages: those that live here, and what is known of those that live with neighbours.
struct Retaining {
  explicit Retaining(uint16_t shards)
      : table(shards), sent(shards), received(shards), needed(shards) {}
  RetainedTable table;
  uint64_t published = 0;                     // retained publications of own clients
  std::vector<uint64_t> sent;                 // RetainedOwn letters, by receiver
  std::vector<uint64_t> received;             // by sender
  std::vector<std::vector<uint64_t>> needed;  // by sender: letters sent, as last heard, by receiver
  std::deque<std::pair<ShardIndex, RetainedAsk>> held;  // asks that wait for RetainedOwn letters
  uint64_t next_read = 1;
  uint64_t wanted = 0;
  uint64_t ready = 0;
  std::multimap<uint64_t, ClientRef> waits;  // by `wanted`
};

// Where a publication goes to.
enum class Reach : uint8_t {
  all,      // whoever wants it
  direct,   // all but global, which has it
  nowhere,  // it came before
};

constexpr size_t spare_capacity_limit = 1 << 20;  // a larger encode buffer goes back to the heap
constexpr size_t full_parcel_bytes = 256 << 10;

constexpr uint32_t departed = UINT32_MAX;  // instead of a client's index

// A connection of a persistent publisher that has ended while QoS 2 publications were under way:
// global hears of its end when all their targets have them.
struct Departure {
  wire::Gone gone;
  wire::Claim claim;     // until then it is listed
  uint32_t waiting = 0;  // publications
};

// QoS 2 (shard_qos2.cpp)
uint32_t unanswered(const Client& client);
void note_sent(Client& client, BytesView packet, uint16_t packet_id);

struct Shard::State {
  State(ShardIndex index, Options set, Incarnation of);

  ShardIndex self;
  Options options;
  Incarnation incarnation;
  Now now{};
  ShardCounters counters;
  ShardEffects effects;

  std::vector<std::unique_ptr<Client>> clients;  // by index
  std::vector<uint32_t> unused;                  // free indexes
  FlatIndex by_id;                               // client identifier -> index
  uint64_t next_serial = 1;

  Interests interests;
  Routes routes;
  Groups groups;
  TopicCache cache;
  Retaining retaining;
  Binding binding;
  Deadlines deadlines;
  Instant lease_until{};
  bool global_known = false;

  std::vector<Parcel> to_shards;  // by index
  bool parcels_full = false;      // one of them has full_parcel_bytes
  Parcel to_node;
  size_t unhurried = 0;  // of its letters: they may wait until presence_due
  Instant presence_due{};
  std::vector<Bytes> spare;  // outboxes to borrow
  size_t spare_bytes = 0;    // that they have room for
  Bytes encode_buffer;       // Outgoing::Encoded::first, kept from one publication to the next

  WithheldTable withheld;
  std::map<uint32_t, Departure> departures;
  uint32_t next_departure = 1;
  uint64_t next_token = 1;
  SharedBuffer incoming;  // what is being parsed, when it is a large packet put together
  std::multimap<uint64_t, ClientRef> route_waits;  // by route number
  std::vector<ClientRef> lease_waits;
  struct Doomed {
    uint32_t client;
    mqtt::Reason reason;
    const char* detail;
  };
  std::vector<Doomed> doomed;
  uint64_t next_request = 1;
  std::vector<uint32_t> acked_clients;
  std::map<uint64_t, uint32_t> presence;  // subscription number -> client
  uint64_t next_presence = 1;
  SysTable sys;  // may be empty

  // clients (shard_clients.cpp)
  uint32_t new_client(std::string address, wire::Durability door);
  Client& at(uint32_t index) { return *clients[index]; }
  const Client& at(uint32_t index) const { return *clients[index]; }
  Client* find(uint32_t index, uint32_t generation);
  static constexpr uint32_t no_client = FlatIndex::none;
  uint32_t holder_of(BytesView client_id) const;
  void hold_id(uint32_t index);
  void let_go_id(uint32_t index);
  Client* find_session(const std::string& client_id, Term term, uint32_t& index);
  ClientRef ref(uint32_t index);
  void set_deadline(uint32_t index, Instant wanted);
  void deadline_passed(uint32_t index);
  void free_client(uint32_t index);

  // packets (shard_packets.cpp)
  void feed(uint32_t index, BytesView bytes);
  bool parse_rest(uint32_t index);
  BytesView parse(uint32_t index, BytesView input, size_t& needed);
  void handle(uint32_t index, const mqtt::Frame& frame);
  void handle_live(uint32_t index, const mqtt::Frame& frame);
  void pause(uint32_t index);
  void resume(uint32_t index);
  void last_words(uint32_t index);

  // output (shard_output.cpp)
  void write(uint32_t index, BytesView bytes);
  bool write(uint32_t index, const mqtt::Packet& packet);  // false: too large for the client
  void append(uint32_t index, BytesView bytes);
  void write_publish(uint32_t index, BytesView packet, BytesView tail = {}, uint32_t id_at = 0,
                     uint16_t id = 0);
  void borrow_outbox(Client& client);
  void sent(uint32_t index, size_t bytes);

  // connect (shard_connect.cpp)
  void connect(uint32_t index, const mqtt::Frame& frame);
  bool acceptable(uint32_t index, const mqtt::Connect& packet);
  void refuse(uint32_t index, mqtt::Version version, mqtt::Reason reason, BytesView detail = {});
  std::string new_client_id();
  bool move_home(uint32_t index, const mqtt::Frame& frame);
  void open_session(uint32_t index, const mqtt::Connect& packet);
  void connack(uint32_t index, bool session_present);
  Bytes accepted(const Client& client, bool session_present) const;
  wire::Claim claim(const Client& client) const;
  void list_claims(uint64_t round);
  void granted_page(const wire::GrantPage& page);
  void granted(const wire::Grant& grant);
  void take_up(uint32_t index, const std::vector<wire::Subscription>& subscriptions);
  void withhold_output(uint32_t index);
  void release_output(uint32_t index);
  void refused(const wire::Refused& refusal);

  // authenticate (shard_authenticate.cpp)
  std::shared_ptr<const AuthMethod> auth_method(BytesView name) const;
  void authenticate(uint32_t index, const mqtt::Frame& frame, const mqtt::Connect& packet);
  void handle_authenticating(uint32_t index, const mqtt::Frame& frame);
  void auth(uint32_t index, const mqtt::Frame& frame);
  void take_step(uint32_t index, AuthStep step);
  void authenticated(uint32_t index);

  // close (shard_close.cpp): every way in which a connection ends
  void fail(uint32_t index, mqtt::Reason reason, wire::GoneReason why, BytesView detail = {});
  void disconnected(uint32_t index, const mqtt::Frame& frame);
  void end(uint32_t index, wire::GoneReason why, std::optional<uint32_t> expiry_s = {});
  void take_over(uint32_t index);
  void evict(const wire::Evict& order);
  void forget_session(uint32_t index);

  // departures (shard_departures.cpp)
  bool depart(uint32_t index, const wire::Gone& gone);
  void departure_taken(uint32_t number);
  bool departing(const wire::Grant& grant);
  void list_departures();
  void give_up_departures();

  // publish (shard_publish.cpp): from clients and neighbours to everybody
  void publish(uint32_t index, const mqtt::Frame& frame);
  bool publish_allowed(uint32_t index, const mqtt::PublishView& packet);
  void publish_aliased(uint32_t index, mqtt::PublishView packet);
  void publish_whole(uint32_t index, const mqtt::PublishView& packet, BytesView as_is);
  const Resolved& route(Client& client, BytesView topic);
  uint32_t forward(const Resolved& resolved, const mqtt::PublishView& packet, BytesView as_is,
                   const Client& publisher, Reach reach);
  void hold_large(PublicationView& publication, Slice& held);
  void publish_routed(uint32_t index, const mqtt::PublishView& packet, BytesView as_is,
                      Reach reach = Reach::all);
  void deliver_parcel(const Parcel& parcel);

  // plain (shard_plain.cpp): the short way
  size_t publish_plain(uint32_t index, BytesView input);
  bool takes_more(const Client& client) const;
  void answer_plain(uint32_t index, uint16_t packet_id, bool away);
  void publish_run(uint32_t index, const Resolved& resolved, PublicationRun& run);
  void run_arrived(const PublicationRun& run);
  const Resolved* known_route(Client& client, BytesView topic);
  Resolved::Plain plainness(const Resolved& resolved, mqtt::Version version);
  Resolved::Plain plainness_here(const Resolved& resolved, mqtt::Version version);
  void deliver_run(const Resolved& resolved, const mqtt::PlainRun& run);
  void deliver_acknowledged(const Resolved& resolved, BytesView whole,
                            const mqtt::PlainPacket& packet);
  void deliver_unlike(const Resolved& resolved, const PublicationRun& run, BytesView whole,
                      const mqtt::PlainPacket& packet);

  // deliver (shard_deliver.cpp): to this shard's own clients
  void deliver_encoding(const Resolved& resolved, Outgoing& outgoing);
  void deliver(const Resolved& resolved, Outgoing& outgoing);
  const Target* wanting(const Target& target, const Outgoing& outgoing);
  void deliver_to(const Target& target, Outgoing& outgoing);
  Outgoing::Form& form(Outgoing& outgoing, mqtt::Version version, mqtt::Qos qos);
  uint16_t send_or_queue(uint32_t index, const Outgoing::Form& packet,
                         uint32_t expiry_s);  // 0: not sent yet
  void pump_waiting(uint32_t index);
  bool still_wanted(Waiting::Item& item, mqtt::Version version);
  bool slow(uint32_t index);
  void doom(uint32_t index, mqtt::Reason reason, const char* detail);
  void close_doomed();

  // groups (shard_groups.cpp): shared subscriptions
  static std::string own_filter(BytesView filter, const Client& client);
  mqtt::Reason may_share(const Client& client, const Subscribed& subscription);
  uint64_t join_group(const std::string& name, const Subscriber& member, bool& added);
  void leave_group(const std::string& name, uint32_t index);
  void group_routes(GroupTarget target, const std::vector<wire::GroupRoute>& changed);
  void groups_resettled();
  uint32_t publish_to_groups(uint32_t index, const Resolved& resolved,
                             const mqtt::PublishView& packet, BytesView as_is, bool& found);
  uint32_t to_owner(Group& group, GroupTarget owner, Outgoing& outgoing, wire::ShareWay way,
                    uint64_t token);
  void route_share(Group* group, const PublicationView& publication, wire::ShareWay way);
  void shared_arrived(const PublicationView& publication);
  std::string groups_served(const Resolved& resolved);
  bool to_member(Group& group, Outgoing& outgoing);
  uint64_t load_of(const Subscriber& member, bool acknowledged);

  // shares (shard_shares.cpp): what members have not acknowledged
  void keep_share(uint32_t index, uint16_t id, const PublicationView& publication, mqtt::Qos qos);
  void share_sent(uint32_t index, uint16_t id, KeptShare kept);
  void share_acknowledged(uint32_t index, uint16_t id);
  std::vector<KeptShare> take_shares(Client& client);
  void route_again(const std::vector<KeptShare>& kept);

  // acknowledge (shard_acknowledge.cpp): PUBACK, PUBREC and PUBCOMP out, PUBACK in
  void acknowledge(uint32_t index, const mqtt::PublishView& packet, mqtt::Reason reason,
                   uint32_t targets);
  void write_answer(uint32_t index, mqtt::PacketType type, uint16_t packet_id, mqtt::Reason reason);
  void answer(uint32_t index, mqtt::PacketType type, uint16_t packet_id, mqtt::Reason reason,
              uint32_t targets);
  void queue_answer(uint32_t index, mqtt::PacketType type, uint16_t packet_id, mqtt::Reason reason,
                    bool done);
  bool may_answer(uint32_t index, const AckQueue::Item& item);
  void release_acks(uint32_t index);
  void taken(const Taken& letter);
  void puback(uint32_t index, const mqtt::Frame& frame);

  // QoS 2 (shard_qos2.cpp)
  Reach received(uint32_t index, const mqtt::PublishView& packet);
  bool known(const Client& client, const mqtt::PublishView& packet) const;
  void exactly_once(uint32_t index, const mqtt::Frame& frame);
  void pubrec(uint32_t index, const mqtt::AcknowledgementView& packet);
  void pubrel(uint32_t index, const mqtt::AcknowledgementView& packet);
  void pubcomp(uint32_t index, const mqtt::AcknowledgementView& packet);
  void inherit(uint32_t index, const wire::Grant& grant);
  void send_pubrel(uint32_t index, uint16_t packet_id, mqtt::Reason reason);
  void inbox_pubrec(uint32_t index, const mqtt::AcknowledgementView& packet);
  void inbox_received(uint32_t index, uint64_t number);
  void inbox_released(const wire::InboxReleased& message);

  // subscribe (shard_subscribe.cpp)
  void subscribe(uint32_t index, const mqtt::Frame& frame);
  mqtt::Reason subscribe_one(uint32_t index, Subscribed subscription, uint64_t& number,
                             wire::SubscribeSession& stored);
  uint64_t add_subscription(uint32_t index, Subscribed subscription);
  bool remove_subscription(uint32_t index, BytesView filter);
  void withdraw(uint32_t index, const std::string& filter, uint64_t presence_number);
  void withdraw_all(uint32_t index);
  void unsubscribe(uint32_t index, const mqtt::Frame& frame);
  void answer_later(uint32_t index, PendingAnswer answer);
  void answer_due(uint32_t index);
  void routes_moved();
  void subscribe_done(const wire::SubscribeDone& done);
  void take_refusals(uint32_t index, PendingAnswer& answer, const std::vector<uint8_t>& reasons);
  void ask_again(uint32_t index);

  // virtual (shard_virtual.cpp): $query, $user
  void publish_virtual(uint32_t index, const mqtt::PublishView& packet, Reach reach);
  void ask_query(uint32_t index, const mqtt::PublishView& packet);
  void query_answered(const QueryAnswered& letter);
  mqtt::Reason open_presence(uint32_t index, Subscribed subscription, const PresenceFilter& filter);
  void presence_rows(const PresenceRows& letter);
  void presence_drained(uint32_t index);

  // sys (shard_sys.cpp): $SYS, what this broker says of itself
  void count_for_sys(uint64_t round);
  void sys_news(const SysValues& letter);
  bool wants_sys(uint32_t index, const Subscribed& subscription);
  void send_sys(uint32_t index, const Subscribed& subscription);

  // retained (shard_retained.cpp): retained messages in, and out to who subscribes
  uint64_t retain(const mqtt::PublishView& packet, const Client& publisher);
  void retained_own(ShardIndex from, const RetainedOwn& letter);
  void retained_part(const RetainedPart& letter);
  void note_own(ShardIndex from, const PublicationView& publication);
  void note_owns(ShardIndex from, const std::vector<uint64_t>& owns);
  void deliver_retained(const Resolved& resolved, Outgoing& outgoing);
  bool wants_retained(uint32_t index, const Subscribed& subscription) const;
  void read_retained(uint32_t index, std::vector<std::string> filters);
  void retained_ready(uint64_t number);
  void pump_retained(uint32_t index);
  void retained_ask(ShardIndex from, const RetainedAsk& letter);
  bool answer_ask(ShardIndex from, const RetainedAsk& letter);
  void retained_page(const RetainedPage& letter);
  void sweep_retained();

  // inbox (shard_inbox.cpp): persistent sessions
  void inbox_deliver(wire::Deliver message);
  void inbox_deliver(const wire::DeliverRun& message);
  void inbox_damaged(uint32_t index);
  bool inbox_open(const Client& client, uint64_t number) const;
  void pump_inbox(uint32_t index);
  void inbox_acked(uint32_t index, uint16_t packet_id);
  void acknowledge_number(uint32_t index, uint64_t number);
  bool inbox_wanted(InboxState::Held& entry);
  void came_again(uint32_t index, const wire::InboxEntry& entry);
  void tell_global(uint32_t index);
  void inbox_send(uint32_t index, const wire::InboxEntry& entry);
  void await_lease(uint32_t index);
  void lease_renewed(Instant until);
  void flush_inbox_acks();

  // letters (shard_letters.cpp)
  void open(Parcel&& parcel);
  void peer_routes(const PeerRoutes& letter);
  void route_change(ShardIndex from, const RouteChange& letter);
  void from_global(wire::Message& message);
  void post_route_change();
  void for_global(wire::Message message);
  void tell_presence(const Client& client, wire::Message message);
  bool holds_presence() const;
};

}  // namespace muster::broker
