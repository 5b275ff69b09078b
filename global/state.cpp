#include "global/state.hpp"

#include <algorithm>
#include <utility>

namespace muster::global {

Global::State::State(Options opts, wire::NodeInfo self, Recovered found)
    : options(std::move(opts)),
      links(std::move(self), options.links, true),
      log(ledger, options.ring_entries),
      brokers(options, ledger, log),
      devices(options, ledger, log),
      users(options, log),
      routes(ledger, brokers),
      inboxes(options, ledger, log),
      publications(ledger, log, brokers),
      shares(inboxes, routes, publications),
      retained(options, ledger, log, brokers),
      retained_jobs(options, ledger, inboxes, retained),
      wills(ledger, shares, retained),
      sessions(options, ledger, inboxes, routes, shares, retained_jobs),
      claims(options, ledger, brokers, devices, sessions, wills),
      replicas(options, log, devices, users, brokers),
      recovered(std::move(found)) {}

void Global::State::start(Now now) {
  MUSTER_CHECK(!started);
  started = true;
  for (int phase = 0; phase < 3; ++phase) {
    for (const store::Record& record : recovered.records) load(record, phase);
  }
  log.begin(recovered.repaired, now.wall);
  recovered = {};
  inboxes.loaded();
  devices.start(now, brokers);
  brokers.start(now);
  routes.start(log.era());
  sessions.start(now);
  wills.start(now);
  publications.start();
  retained.start(now);
  claims.start(now);
  for (const wire::NodeInfo& peer : options.peers) links.know(now, peer);
}

void Global::State::tick(Now now) {
  const Brokers::Due due = brokers.tick(now);
  for (const Incarnation incarnation : due.unreachable) claims.lease_ended(now, incarnation);
  for (const Incarnation incarnation : due.dead) died(now, incarnation);
  devices.tick(now, [this](const std::string& id) { return sessions.find(id) != nullptr; });
  wills.tick(now);
  retained.tick(now);
  claims.expire(now);
  claims.work(now);
  retained_jobs.work(now, [this](const std::string& id) { return sessions.find(BytesView(id)); });
  replicas.tick(now, links);
  replicas.work(now, links);
}

Instant Global::State::next_wake() const {
  return std::min({links.next_wake(), brokers.next_wake(), devices.next_wake(), wills.next_wake(),
                   sessions.next_wake(), replicas.next_wake(), retained.next_wake()});
}

void Global::State::finish_turn(Now now) {
  shares.route_again(now);
  routes.announce(links);
  retained.settle(now);
  if (auto commit = ledger.finish()) release(now, std::move(*commit));
  settle_subscriptions(now);
  publications.pump(now, links);
  retained.pump(now, links);
  inboxes.pump(now, links, [this](uint64_t number) { return sessions.find(number); });
  links.finish_turn(now);
}

// The commit is stored, or had nothing to store: what waited for it leaves, in order.
void Global::State::release(Now now, Commit commit) {
  opened = true;
  brokers.stored(commit);
  log.stored(commit.entries);
  retained.release(commit, links);
  for (Said& said : commit.said) {
    // Not to a broker that ended, or whose stream has not begun: it gets it from its hello on.
    const Broker* broker = brokers.living(said.incarnation);
    if (broker && broker->streams > 0) links.stream(said.peer, said.message);
  }
  for (const auto& [incarnation, taken] : commit.taken) {
    if (brokers.living(incarnation)) links.acknowledge(taken.peer, incarnation, taken.number);
  }
  for (const Wake& wake : commit.wakes) {
    if (Session* session = sessions.find(wake.session)) {
      inboxes.stored(*session, wake, commit.number);
    }
  }
  for (SubscribeWait& wait : commit.subscribes) routes.wait(std::move(wait));
  publications.stored(commit.number);
  replicas.send_deltas(links);
  settle_subscriptions(now);
}

void Global::State::settle_subscriptions(Now now) {
  for (SubscribeWait& wait : routes.settled(now)) {
    const Session* session = sessions.find(wait.client_id);
    if (!session || !session->hold || session->hold->term != wait.term) continue;
    links.stream(session->hold->peer, wire::SubscribeDone{wait.client_id, wait.term, wait.request,
                                                          std::move(wait.reasons)});
  }
}

Stats Global::State::stats() const {
  Stats stats;
  stats.devices = devices.size();
  stats.connected = devices.connected();
  stats.users = users.all().size();
  for (const auto& [incarnation, broker] : brokers.all()) {
    if (broker.alive()) ++stats.brokers_alive;
    if (!broker.alive() && !broker.dead()) ++stats.brokers_unreachable;
  }
  stats.sessions = sessions.size();
  stats.sessions_held = sessions.held();
  stats.sessions_waiting = claims.waiting();
  stats.subscriptions = inboxes.subscriptions();
  stats.inbox_entries = inboxes.entries();
  stats.inbox_bytes = inboxes.bytes();
  stats.wills = wills.size();
  stats.wills_delayed = wills.delayed();
  stats.publications = publications.size();
  stats.retained = retained.size();
  stats.retained_bytes = retained.bytes();
  stats.retained_refused = retained.refused();
  stats.retained_snapshots = retained.snapshots();
  stats.claims = claims.claims();
  stats.evictions = claims.evictions();
  stats.published = published;
  stats.inbox_appended = inboxes.appended();
  stats.inbox_refused = inboxes.refused();
  stats.inbox_expired = inboxes.expired();
  stats.wills_published = wills.published();
  stats.stale = stale;
  stats.snapshots = replicas.snapshots();
  stats.resumes = replicas.resumes();
  stats.unreadable = unreadable;
  stats.batches = batches;
  return stats;
}

}  // namespace muster::global
