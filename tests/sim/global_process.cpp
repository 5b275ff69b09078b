#include "tests/sim/global_process.hpp"

namespace muster::sim {
namespace {

global::Recovered recover(store::Store& store) {
  auto recovered = global::Global::recover(store);
  MUSTER_CHECK(recovered.has_value());
  return std::move(recovered).value();
}

}  // namespace

GlobalProcess::GlobalProcess(Context& context, Network& network, const wire::NodeInfo& info,
                             int64_t wall_error_ms, const global::Options& options,
                             store::MemoryStore& store)
    : Process(context, network, info, wall_error_ms),
      store_(store),
      mind_(options, info, recover(store)),
      loop_(
          context, network, info_, clock_, mind_, [this](Now now) { before(now); },
          [this](Now now) { after(now); }) {}

void GlobalProcess::before(Now now) {
  if (stored_) mind_.stored(now, *std::exchange(stored_, {}));
}

void GlobalProcess::after(Now) {
  if (committing_) return;
  committing_ = mind_.take_batch();
  if (!committing_) return;
  commit_later();
}

// A death before the commit loses the batch; one between the commit and its report does not.
void GlobalProcess::commit_later() {
  const Duration commit = context_.random.between(Duration(1), context_.knobs.store_max);
  const Duration report = context_.random.between(Duration(1), context_.knobs.store_max);
  context_.schedule.after(commit, [this, alive = alive_, report] {
    if (!*alive) return;
    if (context_.random.permille(context_.knobs.store_fail_permille)) store_.fail_commits(1);
    if (!store_.commit(*committing_, committing_->sync)) return commit_later();
    context_.note("store batch {} writes {}", committing_->number, committing_->writes.size());
    context_.schedule.after(report, [this, alive] {
      if (!*alive) return;
      stored_ = committing_->number;
      committing_.reset();
      loop_.poke();
    });
  });
}

}  // namespace muster::sim
