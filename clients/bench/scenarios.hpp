#pragma once
// The scenarios of `muster bench`, each in a file of its own: it plays its clients, measures, and
// leaves its figures in the report. Throws Failure when the broker does not play along.

#include "clients/bench/options.hpp"
#include "clients/bench/report.hpp"

namespace muster::clients::bench {

void run_flow(const Options& options,
              Report& report);  // fan-out, fan-in, pairs, wildcards, latency
void run_connect(const Options& options, Report& report);
void run_idle(const Options& options, Report& report);
void run_retained(const Options& options, Report& report);
void run_offline(const Options& options, Report& report);
void run_presence(const Options& options, Report& report);

}  // namespace muster::clients::bench
