#include "tests/sim/cluster.hpp"

namespace muster::sim {
namespace {

wire::Role role_of(const std::string& name) {
  switch (name.front()) {
    case 'b':
      return wire::Role::broker;
    case 'g':
      return wire::Role::global;
    case 'q':
      return wire::Role::query;
    default:
      return wire::Role::control;
  }
}

}  // namespace

const std::vector<std::string>& Cluster::names() {
  static const std::vector<std::string> all{"b1", "b2", "control", "global", "q1", "q2"};
  return all;
}

const std::vector<std::string>& Cluster::brokers() {
  static const std::vector<std::string> all{"b1", "b2"};
  return all;
}

const std::vector<std::string>& Cluster::queries() {
  static const std::vector<std::string> all{"q1", "q2"};
  return all;
}

Cluster::Cluster(Context& context, Network& network, ClusterOptions options)
    : context_(context), network_(network), options_(std::move(options)) {
  for (const std::string& name : names()) {
    starts_[name] = 0;
    wall_errors_ms_[name] = static_cast<int64_t>(context_.random.between(0, 400)) - 200;
  }
  // What configuration tells: everybody knows control; control tells the rest.
  const wire::NodeInfo control = info("control");
  options_.broker.control_talk = control.talk;
  options_.broker.control_bulk = control.bulk;
  options_.global.peers = {control};
  options_.query.peers = {control, info("global")};
  options_.control.peers = {};
}

wire::NodeInfo Cluster::info(const std::string& name) const {
  return {name, role_of(name), Incarnation::none, "sim://" + name + "/talk",
          "sim://" + name + "/bulk"};
}

void Cluster::start(const std::string& name) {
  MUSTER_CHECK(!runs(name));
  wire::NodeInfo self = info(name);
  self.incarnation = Incarnation{context_.random.next() | 1};
  const int64_t wall = wall_errors_ms_[name];
  context_.note("start {} incarnation {:x}", name, static_cast<uint64_t>(self.incarnation));
  ++starts_[name];
  auto& place = processes_[name];
  switch (self.role) {
    case wire::Role::broker:
      place = std::make_unique<BrokerProcess>(context_, network_, self, wall, options_.broker);
      break;
    case wire::Role::global:
      place =
          std::make_unique<GlobalProcess>(context_, network_, self, wall, options_.global, store_);
      break;
    case wire::Role::query:
      place = std::make_unique<QueryProcess>(context_, network_, self, wall, options_.query);
      break;
    case wire::Role::control:
      place = std::make_unique<ControlProcess>(context_, network_, self, wall, options_.control);
      break;
  }
}

void Cluster::kill(const std::string& name, bool power_lost) {
  context_.note("kill {}{}", name, power_lost ? ", power lost" : "");
  processes_.erase(name);
  if (role_of(name) != wire::Role::global) return;
  if (power_lost) {
    store_.crash_power(context_.random.below(store_.unsynced() + 1));
  } else {
    store_.crash_process();
  }
}

Process* Cluster::process(const std::string& name) {
  const auto it = processes_.find(name);
  return it == processes_.end() ? nullptr : it->second.get();
}

BrokerProcess* Cluster::broker(const std::string& name) {
  return static_cast<BrokerProcess*>(process(name));
}

const GlobalProcess* Cluster::global() const {
  const auto it = processes_.find("global");
  return it == processes_.end() ? nullptr : static_cast<const GlobalProcess*>(it->second.get());
}

const Cluster::QueryProcess* Cluster::query(const std::string& name) const {
  const auto it = processes_.find(name);
  return it == processes_.end() ? nullptr : static_cast<const QueryProcess*>(it->second.get());
}

const Cluster::ControlProcess* Cluster::control() const {
  const auto it = processes_.find("control");
  return it == processes_.end() ? nullptr : static_cast<const ControlProcess*>(it->second.get());
}

}  // namespace muster::sim
