#include "tests/sim/checkers/rules.hpp"

#include <cstdlib>

namespace muster::sim {

void add_all_checkers(Checkers& checkers, Context& context, const Ledger& ledger,
                      Cluster& cluster) {
  // WITHOUT=rule,rule: to look behind a rule that is known to be broken.
  const char* without = std::getenv("WITHOUT");
  const Bytes left_out = without ? without : "";
  for (MakeRule* make :
       {no_acknowledged_lost, exactly_once,    order,        repeats,      one_owner,
        packet_window,        inbox_numbers,   puback_order, session_kept, only_who_asked,
        clean_live,           answered_once,   wills,        drains,       presence_truth,
        read_through,         takeover_unseen, watch_order,  one_log,      redirects,
        urgent_first,         shared_once,     bounds,       retained,     delayed_wills,
        retained_wills,       no_local,        retain_flag,  expiry,       session_expiry,
        shared_kept}) {
    auto checker = make(context, ledger, cluster);
    if (BytesView(left_out).find(checker->rule()) != BytesView::npos) continue;
    checkers.add(std::move(checker));
  }
}

}  // namespace muster::sim
