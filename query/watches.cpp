#include "query/watches.hpp"

#include <algorithm>

#include "core/base/log.hpp"

namespace muster::query {

namespace {

constexpr uint32_t pages_max = 1 << 16;  // asked for in advance by one watch

}  // namespace

Watches::Watches(const Options& options, Feed& feed, Credit credit, Send send)
    : options_(options), feed_(feed), credit_(std::move(credit)), send_(std::move(send)) {
  feed_.listen([this](const Change& change, uint64_t place) { on_change(change, place); },
               [this](bool only_attributes) { on_reset(only_attributes); },
               [this] { on_slots_dropped(); }, [this] { on_blur(); });
}

// ---- what brokers ask
// -----------------------------------------------------------------------------

void Watches::open(Now now, const std::string& broker, const wire::WatchOpen& open) {
  close(broker, open.watch);
  auto filter = Filter::compile(open.where, now.wall.ms);
  const bool full = watches_.size() >= options_.watches_max;
  if (!filter || full) {
    return refuse({broker, open.watch}, full ? "too many watches" : filter.error());
  }
  const auto it = watches_.emplace(Key{broker, open.watch}, Watch{}).first;
  it->second.filter = std::move(*filter);
  it->second.resume = open.resume;
  if (!open.slots.empty()) it->second.slots = std::make_unique<SlotSet>(to_set(open.slots));
  list_of(it->second).push_back(it);
  activate(it);
}

void Watches::refuse(const Key& watch, const std::string& why) {
  log::info("watch {} of {} refused: {}", watch.second, watch.first, why);
  wire::WatchRows refusal;
  refusal.watch = watch.second;
  refusal.kind = wire::WatchKind::snapshot_end;
  send_(watch.first, std::move(refusal));
}

void Watches::more(const std::string& broker, uint64_t watch) {
  const auto it = watches_.find({broker, watch});
  if (it == watches_.end() || it->second.live) return;
  it->second.pages = std::min(it->second.pages + 1, pages_max);
  activate(it);
}

void Watches::close(const std::string& broker, uint64_t watch) {
  const auto it = watches_.find({broker, watch});
  if (it != watches_.end()) remove(it);
}

void Watches::drop(const std::string& broker) {
  for (auto it = watches_.lower_bound({broker, 0});
       it != watches_.end() && it->first.first == broker;) {
    remove(it++);
  }
}

std::vector<Watches::Map::iterator>& Watches::list_of(const Watch& watch) {
  if (watch.filter.exact_device()) return by_device_[*watch.filter.exact_device()];
  if (watch.filter.exact_user()) return by_user_[*watch.filter.exact_user()];
  return general_;
}

void Watches::remove(Map::iterator watch) {
  auto& list = list_of(watch->second);
  list.erase(std::find(list.begin(), list.end(), watch));
  if (list.empty() && &list != &general_) {
    if (watch->second.filter.exact_device()) {
      by_device_.erase(*watch->second.filter.exact_device());
    } else {
      by_user_.erase(*watch->second.filter.exact_user());
    }
  }
  watches_.erase(watch);
}

void Watches::activate(Map::iterator watch) {
  if (watch->second.active) return;
  watch->second.active = true;
  active_.push_back(watch->first);
  stalled_ = false;
}

size_t Watches::backlog() const {
  size_t changes = 0;
  for (const auto& [key, watch] : watches_) changes += watch.pending.size();
  return changes;
}

// ---- what happens to rows
// -----------------------------------------------------------------------------

void Watches::on_change(const Change& change, uint64_t place) {
  const auto offer_all = [&](Index& index, std::string_view name) {
    if (index.empty()) return;
    const auto list = index.find(std::string(name));
    if (list == index.end()) return;
    for (const auto& watch : list->second) offer(watch, change, place);
  };
  const RowView after = feed_.after(change);
  offer_all(by_device_, after.device);
  offer_all(by_user_, after.user);
  if (change.before && change.before.user() != after.user)
    offer_all(by_user_, change.before.user());
  for (const auto& watch : general_) offer(watch, change, place);
}

void Watches::offer(Map::iterator it, const Change& change, uint64_t place) {
  Watch& watch = it->second;
  if (!watch.live) {
    // What lies behind the cursor comes with a page.
    if (!watch.begun || watch.reset || feed_.after(change).device > watch.after) return;
  }
  if (!wants(watch, change)) return;
  if (watch.pending.size() >= options_.backlog_max) return restart(it);
  watch.pending.push_back(place);
  if (watch.live) activate(it);
}

bool Watches::wants(const Watch& watch, const Change& change) const {
  if (change.number <= watch.skip_until) return false;
  if (change.only_attributes && !watch.filter.reads_attributes()) return false;
  const RowView after = feed_.after(change);
  if (watch.slots && !watch.slots->test(static_cast<size_t>(slot_of(after.device)))) return false;
  return watch.filter.matches(after) ||
         (change.before && watch.filter.matches(change.before.view()));
}

void Watches::on_reset(bool only_attributes) {
  for (auto it = watches_.begin(); it != watches_.end(); ++it) {
    if (only_attributes && !it->second.filter.reads_attributes()) continue;
    if (it->second.begun || it->second.live) restart(it);
  }
}

// Those that lose slots are refused when it is their turn.
void Watches::on_slots_dropped() {
  for (auto it = watches_.begin(); it != watches_.end(); ++it) activate(it);
}

// A broker reads its subscribers' snapshots at any server, one that is further too.
void Watches::on_blur() {
  for (auto it = watches_.begin(); it != watches_.end(); ++it) {
    if (it->second.resumed) restart(it);
  }
}

void Watches::restart(Map::iterator it) {
  Watch& watch = it->second;
  ++resets_;
  watch.reset = true;
  watch.begun = watch.live = watch.resumed = false;
  watch.pages = 1;
  watch.after.clear();
  watch.skip_until = 0;
  watch.pending.clear();
  activate(it);
}

// ---- what is sent
// ----------------------------------------------------------------------------------------

void Watches::pump(int64_t& budget, const SlotSet& held) {
  if (held.none()) return;
  stalled_ = true;
  for (size_t left = active_.size(); left > 0 && budget > 0; --left) {
    const Key key = std::move(active_.front());
    active_.pop_front();
    const auto it = watches_.find(key);
    if (it == watches_.end() || !it->second.active) continue;  // closed meanwhile
    it->second.active = false;
    if (!credit_(key.first)) {
      it->second.active = true;
      active_.push_back(key);
      continue;
    }
    stalled_ = false;
    const bool readable = it->second.slots ? (*it->second.slots & ~held).none() : held.all();
    if (!readable) {
      remove(it);
      refuse(key, "it is about slots that are not here");
    } else if (serve(it, budget)) {
      activate(it);
    }
  }
  if (budget <= 0) stalled_ = false;
}

// True: there is more to do.
bool Watches::serve(Map::iterator it, int64_t& budget) {
  Watch& watch = it->second;
  budget -= 4;
  if (watch.resume) resume(it);
  if (watch.reset) {
    wire::WatchRows rows;
    rows.watch = it->first.second;
    rows.kind = wire::WatchKind::reset;
    rows.at = feed_.told();
    send_(it->first.first, std::move(rows));
    watch.reset = false;
  }
  if (!watch.live && watch.pages > 0) send_page(it, budget);
  if (watch.live && !watch.pending.empty()) send_changes(it, budget);
  return watch.live ? !watch.pending.empty() : watch.pages > 0;
}

void Watches::resume(Map::iterator it) {
  Watch& watch = it->second;
  const Position from = *watch.resume;
  watch.resume.reset();
  if (!feed_.covers(from)) return restart(it);
  watch.live = watch.resumed = true;
  // It may come from a server that was further: what it has will come here too.
  if (from.number > feed_.told().number) watch.skip_until = from.number;
  const Ring& ring = feed_.ring();
  for (uint64_t place = ring.first(); place < ring.end(); ++place) {
    if (ring.at(place)->number <= from.number || !wants(watch, *ring.at(place))) continue;
    if (watch.pending.size() >= options_.backlog_max) return restart(it);
    watch.pending.push_back(place);
  }
}

void Watches::send_page(Map::iterator it, int64_t& budget) {
  Watch& watch = it->second;
  watch.begun = true;
  Page page;
  const bool end = read_page(watch, budget, page);
  if (!page.rows.empty()) {
    --watch.pages;
    wire::WatchRows present;
    present.watch = it->first.second;
    present.kind = wire::WatchKind::present;
    present.at = feed_.told();
    present.rows = std::move(page.rows);
    send_(it->first.first, std::move(present));
  }
  if (!end) return;
  watch.live = true;
  wire::WatchRows last;
  last.watch = it->first.second;
  last.kind = wire::WatchKind::snapshot_end;
  last.at = position(watch);
  send_(it->first.first, std::move(last));
}

// True: the last row was read. Stops early when the page or the budget is full.
bool Watches::read_page(Watch& watch, int64_t& budget, Page& page) {
  const Table& table = feed_.table();
  if (watch.filter.exact_device()) {
    const RowId id = table.find(*watch.filter.exact_device());
    if (id != no_id) take(watch, id, page);
    budget -= Run::find_visits + Run::row_visits;
    watch.after = *watch.filter.exact_device();
    return true;
  }
  if (watch.filter.exact_user()) {
    const UserId user = table.find_user(*watch.filter.exact_user());
    if (user == no_id) return true;
    if (table.devices_of(user) <= options_.turn_rows) return read_user(watch, budget, page);
  }
  const auto& order = table.order();
  auto place = watch.after.empty() ? order.at_or_after("") : order.after(watch.after);
  budget -= Run::find_visits;
  RowId last = no_id;
  for (; order.valid(place) && (budget > 0 || last == no_id) && !full(page);
       place = order.next(place)) {
    last = order.id(place);
    budget -= take(watch, last, page) ? Run::row_visits : 1;
  }
  if (last != no_id) watch.after = table.device(last);
  return !order.valid(place);
}

bool Watches::read_user(Watch& watch, int64_t& budget, Page& page) {
  const Table& table = feed_.table();
  std::vector<RowId> ids;
  for (RowId id = table.first_of(table.find_user(*watch.filter.exact_user())); id != no_id;
       id = table.next_of_user(id)) {
    if (table.device(id) > watch.after) ids.push_back(id);
  }
  budget -= Run::find_visits + static_cast<int64_t>(ids.size());
  std::sort(ids.begin(), ids.end(),
            [&](RowId left, RowId right) { return table.device(left) < table.device(right); });
  for (const RowId id : ids) {
    if (full(page)) return false;
    budget -= take(watch, id, page) ? Run::row_visits : 1;
    watch.after = table.device(id);
  }
  return true;
}

bool Watches::full(const Page& page) const {
  return page.rows.size() >= options_.page_rows || page.bytes >= options_.answer_bytes_max;
}

bool Watches::take(const Watch& watch, RowId id, Page& page) {
  const Table& table = feed_.table();
  if (watch.slots && !watch.slots->test(table.slot(id))) return false;
  if (!watch.filter.matches(table, id, Read::told)) return false;
  page.rows.push_back(table.answer_row(id, Read::told));
  page.bytes += table.bytes(id);
  return true;
}

void Watches::send_changes(Map::iterator it, int64_t& budget) {
  Watch& watch = it->second;
  wire::WatchRows changes;
  changes.watch = it->first.second;
  changes.kind = wire::WatchKind::change;
  const size_t count = std::min<size_t>(watch.pending.size(), options_.page_rows);
  for (size_t at = 0; at < count; ++at) {
    const Change* change = feed_.ring().at(watch.pending[at]);
    if (!change) return restart(it);  // forgotten while it waited for credit
    changes.rows.push_back(feed_.answer(*change));
    changes.numbers.push_back(change->number);
    budget -= Run::row_visits;
  }
  watch.pending.erase(watch.pending.begin(),
                      watch.pending.begin() + static_cast<std::ptrdiff_t>(count));
  changes.at = position(watch);
  send_(it->first.first, std::move(changes));
}

// The watcher has every change up to here once it has what was sent: it may resume from it.
Position Watches::position(const Watch& watch) const {
  Position position = feed_.told();
  for (const uint64_t place : watch.pending) {
    const Change* change = feed_.ring().at(place);
    if (change) position.number = std::min(position.number, change->number - 1);
  }
  return position;
}

}  // namespace muster::query
