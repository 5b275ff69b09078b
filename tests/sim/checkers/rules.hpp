#pragma once
// The rules by name; each is made by the file of its name.

#include <memory>

#include "tests/sim/checker.hpp"

namespace muster::sim {

using MakeRule = std::unique_ptr<Checker>(Context&, const Ledger&, Cluster&);

void add_all_checkers(Checkers& checkers, Context& context, const Ledger& ledger, Cluster& cluster);

MakeRule no_acknowledged_lost;
MakeRule order;
MakeRule exactly_once;
MakeRule repeats;
MakeRule one_owner;
MakeRule packet_window;
MakeRule inbox_numbers;
MakeRule puback_order;
MakeRule session_kept;
MakeRule only_who_asked;
MakeRule clean_live;
MakeRule answered_once;
MakeRule wills;
MakeRule presence_truth;
MakeRule read_through;
MakeRule takeover_unseen;
MakeRule watch_order;
MakeRule one_log;
MakeRule redirects;
MakeRule urgent_first;
MakeRule bounds;
MakeRule drains;
MakeRule retained;
MakeRule shared_once;
MakeRule shared_kept;
MakeRule delayed_wills;
MakeRule retained_wills;
MakeRule no_local;
MakeRule retain_flag;
MakeRule expiry;
MakeRule session_expiry;

}  // namespace muster::sim
