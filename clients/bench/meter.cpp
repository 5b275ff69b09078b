#include "clients/bench/meter.hpp"

#include <algorithm>

namespace muster::clients::bench {
namespace {

constexpr double mebibyte = 1024 * 1024;

}  // namespace

Moment Meter::look() const {
  Moment moment;
  if (knows_broker()) moment.broker = usage_of(pids_);
  moment.machine_cpu_s = machine_cpu_s();
  moment.own_cpu_s = own_cpu_s();
  moment.at = now();
  return moment;
}

void Meter::write(const Moment& from, const Moment& to, uint64_t units, Report& report) const {
  const Nanos span = to.at - from.at;
  const double own = to.own_cpu_s - from.own_cpu_s;
  report.number("seconds", seconds_of(span), 3);
  report.count("measured", units);
  report.number("per_s", per_second(units, span), 1);
  report.number("bench_cpu_us", us_each(own, units), 4);
  if (!knows_broker()) return;
  const double broker = to.broker.cpu_s - from.broker.cpu_s;
  const double machine = to.machine_cpu_s - from.machine_cpu_s;
  report.number("broker_cpu_us", us_each(broker, units), 4);
  report.number("broker_cores", broker / seconds_of(span), 3);
  report.number("other_cores", std::max(0.0, machine - broker - own) / seconds_of(span), 3);
  report.number("broker_mib", static_cast<double>(to.broker.resident_bytes) / mebibyte, 1);
  report.number("broker_peak_mib", static_cast<double>(to.broker.peak_bytes) / mebibyte, 1);
}

void Meter::write_memory(const Moment& from, const Moment& to, uint64_t units,
                         const std::string& name, Report& report) const {
  if (!knows_broker() || units == 0) return;
  const double grown = static_cast<double>(to.broker.resident_bytes) -
                       static_cast<double>(from.broker.resident_bytes);
  report.number(name, grown / static_cast<double>(units), 0);
}

void write_counts(const Traffic& traffic, Report& report) {
  const Counts& counts = traffic.counts();
  const Tally& tally = traffic.tally();
  report.count("publishers", traffic.publishers());
  report.count("subscribers", traffic.subscribers());
  report.count("sent", counts.sent);
  report.count("received", tally.received());
  report.count("lost", traffic.lost());
  report.count("duplicated", tally.duplicated());
  report.count("reordered", tally.reordered());
  report.count("corrupt", counts.corrupt + tally.misdirected());
  report.count("marked_dup", counts.marked_dup);
  report.count("closed", counts.closed);
  report.count("stalls", counts.stalls);
}

}  // namespace muster::clients::bench
