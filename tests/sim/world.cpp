#include "tests/sim/world.hpp"

#include "core/base/log.hpp"
#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

// The minds' own log lines go into the trace of the world that this thread runs.
thread_local const Context* logging = nullptr;

void log_line(log::Level, const std::string& line) {
  if (logging) logging->note("log {}", line);
}

}  // namespace

World::World(uint64_t seed, Trace::Mode mode)
    : trace_(mode),
      random_(seed),
      scenario_(draw_scenario(random_)),
      context_{schedule_, random_, trace_, scenario_.knobs},
      network_(context_),
      tap_(context_, checkers_),
      cluster_(context_, network_, scenario_.options),
      chaos_(context_, ledger_, cluster_, network_, scenario_.faults) {
  log::install(log_line);
  logging = &context_;
  tap_.listen(network_);
  add_all_checkers(checkers_, context_, ledger_, cluster_);
  for (const Profile& profile : scenario_.devices) {
    devices_.push_back(std::make_unique<Device>(context_, ledger_, checkers_, cluster_, profile,
                                                static_cast<uint32_t>(devices_.size())));
  }
}

World::~World() {
  logging = nullptr;
}

void World::run() {
  for (const std::string& line : describe(scenario_)) trace_.comment(schedule_.now(), line);
  boot();
  for (uint32_t round = 0; round < scenario_.rounds; ++round) {
    rough();
    quiet();
    roll_call();
    checkers_.tell(&Checker::quiet);
    for (const auto& device : devices_) device->resume();
  }
  checkers_.tell(&Checker::end);
}

void World::boot() {
  // Until all have found each other the world is as good as cut.
  ledger_.faults.push_back({"boot", {}, schedule_.now(), schedule_.now() + milliseconds(2500)});
  for (const std::string& name : Cluster::names()) {
    schedule_.after(random_.between(Duration(0), milliseconds(500)),
                    [this, name] { cluster_.start(name); });
  }
  schedule_.run(schedule_.now() + milliseconds(500));
  for (const auto& device : devices_) device->begin();
  schedule_.run(schedule_.now() + seconds(2));
}

void World::rough() {
  context_.note("rough");
  const Instant until = schedule_.now() + scenario_.rough;
  chaos_.begin(until);
  schedule_.run(until);
}

// Faults are over, everybody who has something to get or to give is back. How long it takes until
// all is settled follows from the leases and from how long a lost broker is waited for.
void World::quiet() {
  chaos_.mend();
  for (const auto& device : devices_) {
    const bool needed = device->profile().persistent || device->profile().steady;
    device->calm(needed || random_.percent(50));
  }
  Duration settle = seconds(8);
  if (!ledger_.calm(schedule_.now() - scenario_.rough + seconds(1), schedule_.now())) {
    settle += scenario_.options.global.dead_after + seconds(8);
  }
  constexpr Duration pause = seconds(2);
  schedule_.run(schedule_.now() + settle - pause);
  // A long queue towards a Receive Maximum of 1 takes its time.
  const Instant patience = schedule_.now() + seconds(300);
  for (size_t before = SIZE_MAX; before != ledger_.deliveries.size();) {
    if (schedule_.now() > patience) break;
    before = ledger_.deliveries.size();
    schedule_.run(schedule_.now() + pause);
  }
}

// The cluster is asked who is there, at both brokers, until both query servers had their say.
void World::roll_call() {
  context_.note("roll call");
  for (const auto& device : devices_) {
    if (!device->profile().watches) continue;
    std::string names;
    for (const std::string& name : ledger_.device_names) {
      names += fmt::format("{}\"{}\"", names.empty() ? "" : ",", name);
    }
    device->probe_retained();
    for (int i = 0; i < 3; ++i) {
      for (const std::string& question :
           {fmt::format(R"("devices":[{}])", names),
            std::string(R"("kind":"list","where":"status=online")"),
            std::string(R"("kind":"count","where":"status=online")")}) {
        device->ask(question, true);
        schedule_.run(schedule_.now() + milliseconds(100));  // one at a time: not too many anywhere
      }
    }
  }
  schedule_.run(schedule_.now() + seconds(3));
}

Verdict run_seed(uint64_t seed, Trace::Mode mode) {
  Verdict verdict;
  World world(seed, mode);
  try {
    world.run();
  } catch (const Violation& violation) {
    verdict.held = false;
    verdict.rule = violation.rule;
    verdict.what = violation.what();
  }
  verdict.hash = world.trace().hash();
  verdict.steps = world.steps();
  verdict.seen = world.seen();
  verdict.last_lines.assign(world.trace().last().begin(), world.trace().last().end());
  return verdict;
}

}  // namespace muster::sim
