#pragma once
// The nodes of one world by name: which run, with which incarnation; start, kill, stop. Owned by
// the World.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "control/control.hpp"
#include "query/query.hpp"
#include "tests/sim/broker_process.hpp"
#include "tests/sim/global_process.hpp"

namespace muster::sim {

struct ClusterOptions {
  broker::Options broker;
  global::Options global;
  query::Options query;
  control::Options control;
};

class Cluster {
 public:
  using QueryProcess = MindProcess<query::Query>;
  using ControlProcess = MindProcess<control::Control>;

  Cluster(Context& context, Network& network, ClusterOptions options);

  static const std::vector<std::string>& names();    // b1 b2 control global q1 q2
  static const std::vector<std::string>& brokers();  // b1 b2
  static const std::vector<std::string>& queries();  // q1 q2

  void start(const std::string& name);
  // kill -9; `power_lost`: what the store had not synced is gone too.
  void kill(const std::string& name, bool power_lost = false);
  bool runs(const std::string& name) const { return processes_.contains(name); }
  Process* process(const std::string& name);
  BrokerProcess* broker(const std::string& name);
  const GlobalProcess* global() const;
  const QueryProcess* query(const std::string& name) const;
  const ControlProcess* control() const;
  uint64_t starts(const std::string& name) const { return starts_.at(name); }
  const ClusterOptions& options() const { return options_; }

 private:
  wire::NodeInfo info(const std::string& name) const;

  Context& context_;
  Network& network_;
  ClusterOptions options_;
  store::MemoryStore store_;
  std::map<std::string, int64_t> wall_errors_ms_;
  std::map<std::string, uint64_t> starts_;
  std::map<std::string, std::unique_ptr<Process>> processes_;
};

}  // namespace muster::sim
