#include "broker/node_snapshot.hpp"

#include <algorithm>

#include "broker/node_may_see.hpp"

namespace muster::broker {

std::vector<wire::Condition> presence_conditions(const std::string& user) {
  if (user == everybody) return {};
  return {{"user", wire::Compare::equal, user}};
}

void NodeSnapshot::begin(Position at_least) {
  begun_ = true;
  done_ = asked_ = false;
  generation_ = ++generations_;
  at_least_ = at_least;
  after_.clear();
  ahead_.clear();
  pages_.clear();
  newer_.clear();
}

wire::Query NodeSnapshot::ask(const std::string& user, uint32_t rows) {
  asked_ = true;
  wire::Query query;
  query.kind = wire::QueryKind::list;
  query.where = presence_conditions(user);
  query.limit = rows;
  query.after = after_;
  return query;
}

bool NodeSnapshot::usable(const wire::Answer& answer) const {
  if (answer.outcome != wire::Outcome::ok || answer.as_of < at_least_) return false;
  return answer.next.empty() || answer.next > after_;
}

std::vector<PresenceItemPtr> NodeSnapshot::page(const std::string& user, wire::Answer answer) {
  asked_ = false;
  done_ = answer.next.empty();
  after_ = answer.next;
  for (const wire::AnswerRow& row : answer.rows) {
    if (row.number > answer.as_of.number) newer_[row.device.device] = row.number;
  }
  if (!pages_.empty() && pages_.back().as_of == answer.as_of) pages_.pop_back();
  pages_.push_back({after_, answer.as_of});
  const auto end = done_ ? ahead_.end() : ahead_.upper_bound(after_);
  std::map<std::string, PresenceItemPtr> merged;
  for (auto at = ahead_.begin(); at != end; at = ahead_.erase(at)) {
    if (!contained(at->first, at->second.at)) merged.emplace(at->first, std::move(at->second.item));
  }
  for (wire::AnswerRow& row : answer.rows) {
    if (merged.contains(row.device.device)) continue;
    PresenceItemPtr item = presence_item(user, std::move(row));
    merged.emplace(item->key, std::move(item));
  }
  std::vector<PresenceItemPtr> out;
  out.reserve(merged.size());
  for (auto& [device, item] : merged) out.push_back(std::move(item));
  return out;
}

bool NodeSnapshot::contained(const std::string& device, Position at) const {
  const auto newer = newer_.find(device);
  if (newer != newer_.end() && at.number <= newer->second) return true;
  for (const Page& page : pages_) {
    if (page.last.empty() || device <= page.last) return at <= page.as_of;
  }
  return false;
}

bool NodeSnapshot::passed(const PresenceItemPtr& change, Position at, size_t limit) {
  if (done_ || (begun_ && change->key <= after_)) return !contained(change->key, at);
  ahead_[change->key] = {change, at};
  if (ahead_.size() <= limit) return false;
  ahead_.clear();
  at_least_ = std::max(at_least_, at);
  asked_ = false;
  generation_ = ++generations_;
  return false;
}

}  // namespace muster::broker
