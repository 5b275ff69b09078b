#include "tests/sim/chaos.hpp"

namespace muster::sim {

void Chaos::begin(Instant until) {
  active_ = plan_.any();
  until_ = until;
  ++round_;
  if (active_) later();
}

void Chaos::later() {
  const Instant when = context_.now() + context_.random.between(plan_.every / 4, plan_.every * 2);
  if (when >= until_) return;
  context_.schedule.at(when, [this, round = round_] {
    if (!active_ || round != round_) return;
    strike();
    later();
  });
}

void Chaos::strike() {
  const FaultPlan& p = plan_;
  const std::string name = context_.random.pick(p.nodes);
  uint64_t drawn = context_.random.below(p.kill + p.stop + p.power + p.cut + p.half_cut +
                                         p.isolate + p.breaks + p.slow + p.freeze + p.depose);
  const auto is = [&](uint32_t weight) {
    if (drawn < weight) return true;
    drawn -= weight;
    return false;
  };
  if (is(p.kill)) return kill(name, false);
  if (is(p.stop)) return stop(name);
  if (is(p.power)) return kill("global", true);
  if (is(p.cut)) return cut(name, other(name), true, length());
  if (is(p.half_cut)) {
    const std::string peer = other(name);
    return context_.random.percent(50) ? cut(name, peer, false, length())
                                       : cut(peer, name, false, length());
  }
  if (is(p.isolate)) return isolate(name);
  if (is(p.breaks)) {
    const std::string peer = other(name);
    note("break", {name, peer}, context_.now() + seconds(1));
    return network_.break_between(name, peer);
  }
  if (is(p.slow)) {
    const std::string peer = other(name);
    const size_t fault = note("slow", {name, peer}, never);
    network_.slow(name, peer, context_.random.between(milliseconds(20), milliseconds(400)));
    context_.schedule.after(length(), [this, name, peer, fault] {
      network_.slow(name, peer, Duration(0));
      ledger_.faults[fault].until = context_.now() + seconds(1);
    });
    return;
  }
  if (is(p.depose)) return depose();
  freeze(name);
}

std::string Chaos::other(const std::string& name) {
  while (true) {
    const std::string& peer = context_.random.pick(Cluster::names());
    if (peer != name) return peer;
  }
}

size_t Chaos::note(std::string kind, std::vector<std::string> nodes, Instant until) {
  context_.note("fault {} {}", kind, fmt::format("{}", fmt::join(nodes, " ")));
  ledger_.faults.push_back({std::move(kind), std::move(nodes), context_.now(), until});
  return ledger_.faults.size() - 1;
}

void Chaos::kill(const std::string& name, bool power) {
  if (!cluster_.runs(name)) return;
  const size_t fault = note(power ? "power" : "kill", {name}, never);
  stopping_.erase(name);
  cluster_.kill(name, power);
  context_.schedule.after(length(), [this, name, fault] { restart(name, fault); });
}

// SIGTERM: it has five seconds, then it is killed. A restart follows.
void Chaos::stop(const std::string& name) {
  if (!cluster_.runs(name) || !stopping_.insert(name).second) return;
  const size_t fault = note("stop", {name}, never);
  cluster_.process(name)->stop();
  const uint64_t life = cluster_.starts(name);
  const Duration grace = context_.random.between(milliseconds(200), seconds(5));
  context_.schedule.after(grace, [this, name, fault, life] {
    if (!cluster_.runs(name) || cluster_.starts(name) != life) return;
    stopping_.erase(name);
    cluster_.kill(name);
    context_.schedule.after(context_.random.between(milliseconds(10), seconds(1)),
                            [this, name, fault] { restart(name, fault); });
  });
}

void Chaos::restart(const std::string& name, size_t fault) {
  ledger_.faults[fault].until = context_.now() + seconds(2);
  if (!cluster_.runs(name)) cluster_.start(name);
}

void Chaos::cut(const std::string& a, const std::string& b, bool both, Duration span) {
  const size_t fault = note(both ? "cut" : "half cut", {a, b}, never);
  network_.cut(a, b);
  if (both) network_.cut(b, a);
  context_.schedule.after(span, [this, a, b, fault] { heal(a, b, fault); });
}

// A broker that goes on with its clients while global judges it dead, and then is heard again.
void Chaos::depose() {
  const global::Options& options = cluster_.options().global;
  cut(context_.random.pick(Cluster::brokers()), "global", true,
      options.lease + options.dead_after +
          context_.random.between(milliseconds(100), milliseconds(1500)));
}

void Chaos::heal(const std::string& a, const std::string& b, size_t fault) {
  network_.heal(a, b);
  network_.heal(b, a);
  ledger_.faults[fault].until = std::min(ledger_.faults[fault].until, context_.now() + seconds(2));
}

void Chaos::isolate(const std::string& name) {
  const Duration span = length();
  const size_t fault = note("isolate", {name}, never);
  for (const std::string& peer : Cluster::names()) {
    if (peer == name) continue;
    network_.cut(name, peer);
    network_.cut(peer, name);
    context_.schedule.after(span, [this, name, peer, fault] { heal(name, peer, fault); });
  }
}

void Chaos::freeze(const std::string& name) {
  if (!cluster_.runs(name)) return;
  const Instant until = context_.now() + length();
  note("freeze", {name}, until + seconds(1));
  cluster_.process(name)->freeze(until);
}

void Chaos::mend() {
  active_ = false;
  context_.note("mend everything");
  network_.heal_all();
  for (const std::string& name : std::exchange(stopping_, {})) cluster_.kill(name);
  for (const std::string& name : Cluster::names()) {
    if (cluster_.runs(name)) {
      cluster_.process(name)->freeze(context_.now());
    } else {
      cluster_.start(name);
    }
  }
  for (Fault& fault : ledger_.faults)
    fault.until = std::min(fault.until, context_.now() + seconds(2));
}

}  // namespace muster::sim
