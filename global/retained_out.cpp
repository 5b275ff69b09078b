// Retained messages on their way to the brokers: snapshots, changes, and the answers to who wants
// to know that it has them.

#include <algorithm>

#include "global/retained.hpp"

namespace muster::global {
namespace {

constexpr size_t page_bytes = 128 << 10;
constexpr size_t page_entries = 1000;
constexpr size_t entry_overhead = 64;

size_t bytes_of(const wire::Publication& publication) {
  return publication.topic.size() + publication.payload.size() + publication.properties.size() +
         entry_overhead;
}

}  // namespace

void Retained::greet(const Broker& broker) {
  Way& way = ways_[broker.incarnation()];
  way = {};
  way.phase = Phase::begin;
}

void Retained::died(Incarnation broker) {
  ways_.erase(broker);
  waiting_.erase(broker);
  counters_.erase(broker);
  stored_counters_.erase(broker);
}

void Retained::sync(const Broker& broker, const wire::RetainedSync& ask) {
  waiting_[broker.incarnation()] = ask;
}

// What a broker has published that is not here yet still comes, unless it is gone.
bool Retained::reached(Now now, const wire::RetainedSync& ask) const {
  return std::all_of(ask.marks.begin(), ask.marks.end(), [&](const auto& mark) {
    return counter(mark.first) >= mark.second || !brokers_.has_lease(now, mark.first);
  });
}

void Retained::settle(Now now) {
  for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
    if (!reached(now, waiting->second)) {
      ++waiting;
      continue;
    }
    ledger_.open().synced.emplace_back(waiting->first, waiting->second.request);
    waiting = waiting_.erase(waiting);
  }
}

void Retained::acknowledged(Incarnation broker, uint64_t stream_number) {
  const auto found = ways_.find(broker);
  if (found != ways_.end() && found->second.page <= stream_number) found->second.page = 0;
}

// Before anything else of this commit leaves: what follows from a change stands behind it.
void Retained::release(Commit& commit, wire::Links& links) {
  stored_ = commit.number;
  for (const wire::RetainedEntry& entry : commit.retained) {
    if (entry.counter != 0) stored_counters_[entry.origin] = entry.counter;
  }
  if (!commit.retained.empty()) {
    for (auto& [incarnation, way] : ways_) {
      const Broker* broker = brokers_.living(incarnation);
      if (broker && way.phase > Phase::begin) {
        stream_changes(way, *broker, commit.retained, links);
      }
    }
  }
  for (const auto& [incarnation, request] : commit.synced) {
    const auto way = ways_.find(incarnation);
    if (way != ways_.end()) way->second.answers.push_back(request);
  }
}

void Retained::stream_changes(Way& way, const Broker& broker,
                              const std::vector<wire::RetainedEntry>& all, wire::Links& links) {
  wire::Retained changes;
  size_t bytes = 0;
  const auto flush = [&] {
    if (!links.credit(broker.name())) {
      way.phase = Phase::behind;
      return false;
    }
    links.stream(broker.name(), changes);
    changes.entries.clear();
    bytes = 0;
    return true;
  };
  for (const wire::RetainedEntry& entry : all) {
    changes.entries.push_back(entry);
    bytes += bytes_of(entry.publication);
    if ((bytes > page_bytes || changes.entries.size() == page_entries) && !flush()) return;
  }
  if (!changes.entries.empty()) flush();
}

void Retained::pump(Now now, wire::Links& links) {
  for (auto& [incarnation, way] : ways_) {
    const Broker* broker = brokers_.living(incarnation);
    if (broker) pump(now, links, way, *broker);
  }
}

void Retained::pump(Now now, wire::Links& links, Way& way, const Broker& broker) {
  if (way.phase == Phase::behind && links.credit(broker.name())) way.phase = Phase::begin;
  if (way.phase == Phase::begin) {
    ++snapshots_;
    const auto known = stored_counters_.find(broker.incarnation());
    const uint64_t counter = known == stored_counters_.end() ? 0 : known->second;
    links.stream(broker.name(), wire::Retained{wire::RetainedKind::begin, {}, counter});
    way.after.clear();
    way.page = way.omitted = 0;
    way.phase = Phase::pages;
  }
  if (way.phase == Phase::pages && way.page == 0 && send_page(now, links, way, broker)) {
    way.omitted = std::max(way.omitted, last_clear_);
    way.phase = Phase::ending;
  }
  if (way.phase == Phase::ending && way.omitted <= stored_) {
    links.stream(broker.name(), wire::Retained{wire::RetainedKind::end, {}, 0});
    way.phase = Phase::live;
  }
  if (way.phase != Phase::live) return;
  for (const uint64_t request : way.answers) {
    links.stream(broker.name(), wire::RetainedSynced{request});
  }
  way.answers.clear();
}

// True: that was the last one.
bool Retained::send_page(Now now, wire::Links& links, Way& way, const Broker& broker) {
  wire::Retained page{wire::RetainedKind::page, {}, 0};
  size_t bytes = 0;
  auto at = next_of(values_, {}, way.after);
  for (; at != values_.end(); ++at) {
    if (bytes > page_bytes || page.entries.size() == page_entries) break;
    way.after = at->first;
    if (at->second.commit > stored_) {  // it comes as a change
      way.omitted = std::max(way.omitted, at->second.commit);
      continue;
    }
    page.entries.push_back(
        {at->second.number, publication_of(now, at->first, at->second), Incarnation::none, 0});
    bytes += bytes_of(page.entries.back().publication);
  }
  const bool last = at == values_.end();
  if (!page.entries.empty()) {
    const uint64_t number = links.stream(broker.name(), page);
    if (!last) way.page = number;
  }
  return last;
}

}  // namespace muster::global
