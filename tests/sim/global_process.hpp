#pragma once
// Global with its store: recovered at start, one commit at a time, each taking a while and
// sometimes failing once. The store itself outlives the process. Owned by the World.

#include <memory>
#include <optional>

#include "core/store/store_memory.hpp"
#include "global/global.hpp"
#include "tests/sim/process.hpp"

namespace muster::sim {

class GlobalProcess final : public Process {
 public:
  GlobalProcess(Context& context, Network& network, const wire::NodeInfo& info,
                int64_t wall_error_ms, const global::Options& options, store::MemoryStore& store);
  ~GlobalProcess() override { *alive_ = false; }

  void freeze(Instant until) override { loop_.freeze(until); }
  void stop() override { loop_.stop(); }
  bool stopped() const override { return loop_.stopped() && !committing_; }
  const global::Global& mind() const { return mind_; }

 private:
  void before(Now now);
  void after(Now now);
  void commit_later();

  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  store::MemoryStore& store_;
  global::Global mind_;
  std::optional<global::StoreBatch> committing_;
  std::optional<uint64_t> stored_;
  MindLoop loop_;
};

}  // namespace muster::sim
