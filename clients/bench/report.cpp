#include "clients/bench/report.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "clients/table.hpp"

namespace muster::clients::bench {

void Report::text(const std::string& name, const std::string& value) {
  figures_.push_back({name, value, true});
}

void Report::count(const std::string& name, uint64_t value) {
  figures_.push_back({name, std::to_string(value), false});
}

void Report::number(const std::string& name, double value, int decimals) {
  figures_.push_back({name, fmt::format("{:.{}f}", value, decimals), false});
}

void Report::percentiles(const std::string& prefix, const Histogram& histogram) {
  if (histogram.count() == 0) return;
  const auto us = [](Nanos value) { return static_cast<double>(value.count()) / 1000; };
  number(prefix + "p50_us", us(histogram.percentile(0.5)));
  number(prefix + "p99_us", us(histogram.percentile(0.99)));
  number(prefix + "p999_us", us(histogram.percentile(0.999)));
  number(prefix + "max_us", us(histogram.largest()));
}

// Names and texts are our own words: nothing in them needs escaping.
std::string Report::json() const {
  std::string line = "{";
  for (const Figure& figure : figures_) {
    if (line.size() > 1) line += ", ";
    const char* quote = figure.quoted ? "\"" : "";
    line += fmt::format("\"{}\": {}{}{}", figure.name, quote, figure.value, quote);
  }
  return line + "}\n";
}

std::string Report::people() const {
  std::vector<Row> rows;
  for (const Figure& figure : figures_) {
    std::string words = figure.name;
    std::replace(words.begin(), words.end(), '_', ' ');
    rows.push_back({words, figure.value});
  }
  return table({"FIGURE", "VALUE"}, rows);
}

double us_each(double seconds, uint64_t units) {
  return units == 0 ? 0 : seconds * 1e6 / static_cast<double>(units);
}

double per_second(uint64_t units, Nanos span) {
  return span <= Nanos{} ? 0 : static_cast<double>(units) / seconds_of(span);
}

}  // namespace muster::clients::bench
