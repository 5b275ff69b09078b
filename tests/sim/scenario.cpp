#include "tests/sim/scenario.hpp"

namespace muster::sim {
namespace {

void draw_knobs(Random& random, Knobs& knobs) {
  if (random.percent(20)) knobs.turn_max = milliseconds(5);
  if (random.percent(20)) knobs.parcel_max = milliseconds(10);
  if (random.percent(30)) knobs.link_max = milliseconds(30);
  if (random.percent(30)) {
    knobs.link_spike_permille = static_cast<uint32_t>(random.between(1, 50));
    knobs.link_spike = milliseconds(random.between(10, 300));
  }
  if (random.percent(20)) knobs.client_max = milliseconds(50);
  knobs.cut_percent = random.percent(50) ? 3 : 30;
  if (random.percent(30)) knobs.store_max = milliseconds(40);
  if (random.percent(20)) knobs.store_fail_permille = 50;
  knobs.keep_while_down = random.percent(70);
  knobs.late_percent = random.percent(50) ? 10 : 0;
  if (random.percent(20)) knobs.socket_bytes = 2048;
}

void draw_options(Random& random, ClusterOptions& options) {
  options.broker.shards = 2;
  options.broker.topic_cache_entries = 16;
  if (random.percent(30)) options.broker.receive_maximum = 8;
  if (random.percent(30)) options.broker.outbox_limit_bytes = 8 << 10;
  if (random.percent(20)) options.broker.presence_page_rows = 3;
  options.global.sync = random.percent(30);
  options.global.dead_after = seconds(random.between(4, 10));
  if (random.percent(30)) options.global.grace = milliseconds(random.between(200, 1500));
  if (random.percent(30)) options.global.ring_entries = 64;
  options.global.page_rows = random.percent(50) ? 5 : 1000;
  if (random.percent(30)) options.global.sweep_rows = 2;
  if (random.percent(60)) {
    options.query.workers = static_cast<uint32_t>(random.between(1, 2));
    options.query.slice_rows = static_cast<uint32_t>(random.between(10, 60));
    options.query.threshold = static_cast<uint32_t>(random.between(2, 6));
    options.query.page_rows = 4;
    options.query.ring_entries = 64;
  }
}

void draw_faults(Random& random, FaultPlan& plan) {
  if (random.percent(25)) return;
  const auto some = [&](uint32_t& weight) {
    if (random.percent(35)) weight = static_cast<uint32_t>(random.between(1, 10));
  };
  some(plan.kill);
  some(plan.stop);
  some(plan.power);
  some(plan.cut);
  some(plan.half_cut);
  some(plan.isolate);
  some(plan.breaks);
  some(plan.slow);
  some(plan.freeze);
  some(plan.depose);
  plan.every = milliseconds(random.between(600, 4000));
  plan.length = milliseconds(random.percent(30) ? 15'000 : random.between(200, 4000));
  for (const std::string& name : Cluster::names()) {
    if (random.percent(50)) plan.nodes.push_back(name);
  }
  if (plan.nodes.empty()) plan.nodes.push_back(random.pick(Cluster::names()));
}

Profile draw_device(Random& random, size_t index) {
  Profile p;
  p.id = fmt::format("d{}", index);
  p.version = random.percent(70) ? mqtt::Version::v5 : mqtt::Version::v3_1_1;
  p.persistent = random.percent(55);
  p.lowest_ids = p.persistent && index % 2 == 0;  // others forget what they sent
  if (p.version == mqtt::Version::v5) {
    if (random.percent(10)) p.expiry_s = static_cast<uint32_t>(random.between(1, 3));
    if (random.percent(40)) p.receive_maximum = static_cast<uint16_t>(random.between(1, 6));
    if (random.percent(40)) p.message_expiry_percent = 20;
    p.as_published = random.percent(25);
  }
  if (random.percent(50)) p.keep_alive_s = static_cast<uint16_t>(random.between(1, 4));
  p.will_percent = random.percent(50) ? 60 : 0;
  p.will_retain_percent = random.percent(50) ? 50 : 0;
  p.pace = milliseconds(random.between(50, 400));
  p.back_max = milliseconds(random.percent(70) ? 1500 : 5000);
  if (random.percent(60)) p.home = random.pick(Cluster::brokers());
  const auto weight = [&](uint32_t& w, uint64_t most) {
    if (random.percent(50)) w = static_cast<uint32_t>(random.between(1, most));
  };
  p.publish = random.percent(70) ? 40 : 0;
  p.subscribe = random.percent(60) ? 8 : 0;
  if (random.percent(50)) p.filters.push_back(random.percent(50) ? "t/#" : "t/+");
  p.qos = random.percent(50) ? 2 : 1;
  weight(p.unsubscribe, 3);
  weight(p.disconnect, 4);
  weight(p.drop, 4);
  weight(p.silence, 4);
  weight(p.takeover, 5);
  weight(p.wander, 3);
  weight(p.hold_acks, 3);
  weight(p.stop_reading, 2);
  weight(p.ask, 10);
  weight(p.retain, 20);
  if (random.percent(15)) p.flood = static_cast<uint32_t>(random.between(1, 4));
  if (random.percent(30)) p.clean_start_percent = 20;
  p.lazy_percent = random.percent(50) ? 0 : 40;
  return p;
}

// Whoever must see every will, and those who watch and ask: they do not leave by themselves.
void add_steady(Random& random, std::vector<Profile>& devices) {
  Profile warden;
  warden.id = "warden";
  warden.persistent = true;
  warden.steady = true;
  warden.filters = {"w/#", "r/w/#"};
  warden.home = random.pick(Cluster::brokers());
  devices.push_back(warden);
  for (size_t i = 0; i < Cluster::brokers().size(); ++i) {
    Profile watcher;
    watcher.id = fmt::format("watcher{}", i + 1);
    watcher.steady = true;
    watcher.watches = true;
    watcher.home = Cluster::brokers()[i];
    watcher.keep_alive_s = 3;
    watcher.ask = 3;
    devices.push_back(watcher);
  }
  Profile hopper;  // always somewhere: one takeover after the other
  hopper.id = "hopper";
  hopper.steady = true;
  hopper.persistent = random.percent(50);
  hopper.keep_alive_s = 3;
  hopper.takeover = 5;
  hopper.will_percent = 60;
  hopper.pace = milliseconds(300);
  devices.push_back(hopper);
}

// Groups of shared subscriptions, persistent members alone and mixed ones, and who publishes to
// them. The first of each group stays; the others come and go, and may begin anew.
void add_groups(Random& random, std::vector<Profile>& devices) {
  for (const std::string group : {"$share/p/s/#", "$share/m/s/+"}) {
    const uint64_t members = random.between(2, 4);
    for (uint64_t i = 0; i < members; ++i) {
      Profile p;
      p.id = fmt::format("{}{}", group[7], i);
      p.group = group;
      p.filters = {group};
      p.persistent = group[7] == 'p' || random.percent(40);
      p.steady = i == 0;
      p.qos = random.percent(50) ? 2 : 1;
      p.pace = milliseconds(random.between(50, 400));
      if (random.percent(40)) p.receive_maximum = static_cast<uint16_t>(random.between(1, 4));
      p.home = random.pick(Cluster::brokers());
      p.keep_alive_s = 2;
      p.lazy_percent = random.percent(50) ? 0 : 40;
      devices.push_back(p);
      if (i == 0) continue;
      Profile& other = devices.back();
      const auto weight = [&](uint32_t& w) {
        if (random.percent(60)) w = static_cast<uint32_t>(random.between(1, 4));
      };
      weight(other.subscribe);
      weight(other.unsubscribe);
      weight(other.disconnect);
      weight(other.drop);
      weight(other.silence);
      weight(other.hold_acks);
      weight(other.takeover);
      if (other.persistent && random.percent(50)) other.clean_start_percent = 30;
    }
  }
  Profile feeder;
  feeder.id = "feeder";
  feeder.feeds = true;
  feeder.publish = 40;
  feeder.persistent = random.percent(50);
  feeder.steady = random.percent(50);
  if (!feeder.steady) feeder.drop = 2;
  feeder.keep_alive_s = 2;
  if (random.percent(30)) feeder.message_expiry_percent = 20;
  if (random.percent(50)) feeder.home = random.pick(Cluster::brokers());
  devices.push_back(feeder);
}

}  // namespace

Scenario draw_scenario(Random& random) {
  Scenario scenario;
  draw_knobs(random, scenario.knobs);
  draw_options(random, scenario.options);
  draw_faults(random, scenario.faults);
  if (!scenario.options.global.sync) scenario.faults.power = 0;
  add_steady(random, scenario.devices);
  const size_t count = random.between(3, 10);
  for (size_t i = 0; i < count; ++i) scenario.devices.push_back(draw_device(random, i));
  for (const Profile& profile : scenario.devices) {  // a flood's answers are not to be dropped
    if (profile.flood > 0) scenario.options.broker.outbox_limit_bytes = 1 << 20;
  }
  scenario.rounds = random.percent(80) ? 1 : 2;
  scenario.rough = milliseconds(random.between(3000, 10'000));
  if (scenario.faults.depose > 0) {  // time enough for what comes after it
    global::Options& options = scenario.options.global;
    options.dead_after = milliseconds(random.between(1000, 4000));
    scenario.rough += options.lease + options.dead_after;
  }
  if (random.percent(50)) add_groups(random, scenario.devices);
  return scenario;
}

std::vector<std::string> describe(const Scenario& scenario) {
  const Knobs& k = scenario.knobs;
  const FaultPlan& f = scenario.faults;
  std::vector<std::string> lines;
  lines.push_back(fmt::format(
      "world: {} round(s), link {}..{} us, spikes {}/1000 of {} us, parcels {} us, turns {} us, "
      "clients {} us, store {} us, socket {} B",
      scenario.rounds, k.link_min.count(), k.link_max.count(), k.link_spike_permille,
      k.link_spike.count(), k.parcel_max.count(), k.turn_max.count(), k.client_max.count(),
      k.store_max.count(), k.socket_bytes));
  lines.push_back(fmt::format(
      "faults: kill {} stop {} power {} cut {} half cut {} isolate {} break {} slow {} freeze {} "
      "depose {}, "
      "every {} ms, up to {} ms, at {}",
      f.kill, f.stop, f.power, f.cut, f.half_cut, f.isolate, f.breaks, f.slow, f.freeze, f.depose,
      f.every.count() / 1000, f.length.count() / 1000, fmt::join(f.nodes, " ")));
  for (const Profile& p : scenario.devices) {
    lines.push_back(fmt::format(
        "device {}: v{}{} expiry {} s, window {}, keep alive {} s, home {}, will {} %", p.id,
        static_cast<int>(p.version), p.persistent ? " persistent" : " clean", p.expiry_s,
        p.receive_maximum, p.keep_alive_s, p.home.empty() ? "any" : p.home, p.will_percent));
  }
  return lines;
}

}  // namespace muster::sim
