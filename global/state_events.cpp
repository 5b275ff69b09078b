// What the other servers say, handed to the machine that it concerns.

#include <utility>

#include "core/base/log.hpp"
#include "global/state.hpp"

namespace muster::global {
namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

}  // namespace

void Global::State::handle_events(Now now) {
  while (wire::LinkEvent* event = links.next_event()) {
    std::visit(Overloaded{
                   [&](wire::PeerUp& e) { up(now, e); },
                   [&](wire::PeerDown& e) {
                     if (e.role == wire::Role::query) replicas.gone(e.peer);
                   },
                   [&](wire::PeerEnded&) {},  // whether a broker is over is ours to judge
                   [&](wire::Received& e) { received(now, e); },
                   [&](wire::Acknowledged& e) {
                     for (auto& [incarnation, broker] : brokers.all()) {
                       if (broker.dead() || broker.name() != e.peer) continue;
                       publications.acknowledged(incarnation, e.number);
                       retained.acknowledged(incarnation, e.number);
                     }
                     inboxes.resume(e.peer);
                   },
               },
               *event);
  }
}

void Global::State::up(Now now, const wire::PeerUp& event) {
  if (event.peer.role != wire::Role::broker) return;
  const Broker* known = brokers.find(event.peer.incarnation);
  if (known && known->dead()) return depose(*known);
  hello(now, event);
}

// Said again whenever it asks for its lease.
void Global::State::depose(const Broker& broker) {
  if (const auto deposed = brokers.deposed(broker)) links.talk(broker.name(), *deposed);
}

void Global::State::hello(Now now, const wire::PeerUp& event) {
  const std::string& name = event.peer.name;
  for (const Incarnation before : brokers.predecessors(name, event.peer.incarnation)) {
    log::info("broker {} is back as another process", name);
    died(now, before);
  }
  Broker& broker = brokers.greet(now, name, event.peer.incarnation);
  if (!event.fresh && broker.streams > 0) return;
  ++broker.streams;
  routes.greet(broker);
  publications.greet(broker);
  retained.greet(broker);
}

void Global::State::died(Now now, Incarnation incarnation) {
  Broker& broker = *brokers.find(incarnation);
  const std::string name = broker.name();
  log::warning("broker {} is dead; {} devices turn offline", name, broker.devices.size());
  brokers.die(now, broker);
  claims.died(now, incarnation);
  publications.died(incarnation);
  retained.died(incarnation);
  for (const wire::NodeInfo& peer : links.peers()) {
    if (peer.name == name && peer.incarnation != incarnation) return;  // its successor is there
  }
  links.end_peer(name);
}

void Global::State::received(Now now, wire::Received& event) {
  if (auto* directory_message = std::get_if<wire::Directory>(&event.message)) {
    if (event.role == wire::Role::control) learn(now, *directory_message);
    return;
  }
  if (auto* ask = std::get_if<wire::ReplicaAsk>(&event.message)) {
    // A death before the era is stored would open it again: nothing of it is said. They repeat it.
    if (event.role == wire::Role::query && opened) replicas.ask(now, event.peer, *ask, links);
    return;
  }
  if (event.role != wire::Role::broker) return;
  Broker* broker = brokers.find(event.incarnation);
  if (!broker) return;
  if (broker->dead()) {  // nothing of it is taken, nothing acknowledged
    if (event.number == 0) depose(*broker);
    return;
  }
  from_broker(now, *broker, event.message);
  if (event.number == 0) return;
  ledger.take(event.peer, event.incarnation, event.number, retained.counter(event.incarnation));
}

void Global::State::from_broker(Now now, Broker& broker, wire::Message& message) {
  const Incarnation from = broker.incarnation();
  const auto check = [&](bool current) { stale += current ? 0 : 1; };
  std::visit(
      Overloaded{
          [&](wire::Publish& m) {
            ++published;
            if (m.publication.durability == wire::Durability::power) ledger.open().sync = true;
            if (m.retained) retained.publish(now, m.publication, from, m.retained);
            if (m.packet_id != 0) {
              const Device* device = devices.find(m.publication.publisher);
              if (!sessions.receive(m, device ? device->row.term : Term::none)) return;
            }
            shares.publish(now, std::move(m));
          },
          [&](wire::PublishRun& m) {
            published += inboxes.publish(now, m);
            if (m.durability == wire::Durability::power) ledger.open().sync = true;
          },
          [&](wire::RoutesTaken& m) { routes.taken(broker, m.number); },
          [&](wire::Claim& m) { claims.claim(now, broker, m); },
          [&](wire::ClaimsBegin& m) {
            claims.begin_list(broker);
            retained.taken_before(broker.incarnation(), m.retained);
          },
          [&](wire::ClaimsEnd&) { claims.end_list(broker); },
          [&](wire::Gone& m) { claims.gone(now, broker, m); },
          [&](wire::SubscribeSession& m) { check(sessions.subscribe(from, m)); },
          [&](wire::UnsubscribeSession& m) { check(sessions.unsubscribe(from, m)); },
          [&](wire::InboxAck& m) {
            check(sessions.acknowledge(from, m));
            retained_jobs.resume(m.client_id);
          },
          [&](wire::PublishReleased& m) { check(sessions.release(m)); },
          [&](wire::SetInfo& m) { users.set(m); },
          [&](wire::RetainedSync& m) { retained.sync(broker, m); },
          [&](wire::LeaseRequest& m) {
            brokers.greet(now, broker.name(), from);
            // Behind every eviction that has been decided.
            ledger.say(broker.name(), from, wire::LeaseGrant{m.request, Term{broker.number}});
          },
          [&](auto&) { log::debug("global: unexpected message from {}", broker.name()); },
      },
      message);
}

// Control knows everybody's address. Who is missing there may only be unknown to a control that has
// just started: nobody is let go.
void Global::State::learn(Now now, const wire::Directory& message) {
  for (const wire::NodeInfo& node : message.nodes) {
    if (node.name != links.self().name) links.know(now, node);
  }
}

}  // namespace muster::global
