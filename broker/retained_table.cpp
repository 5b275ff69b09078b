#include "broker/retained_table.hpp"

#include <algorithm>
#include <utility>

#include "core/mqtt/topic.hpp"

namespace muster::broker {

RetainedTable::Value RetainedTable::pack(Now now, const RetainedValue& value, uint32_t generation) {
  Value packed;
  packed.bytes.reserve(value.topic.size() + value.payload.size() + value.properties.size() +
                       value.publisher.size());
  packed.bytes.append(value.topic).append(value.payload);
  packed.bytes.append(value.properties).append(value.publisher);
  packed.topic = static_cast<uint32_t>(value.topic.size());
  packed.payload = static_cast<uint32_t>(value.payload.size());
  packed.properties = static_cast<uint32_t>(value.properties.size());
  packed.qos = value.qos;
  packed.generation = generation;
  if (value.expiry_s != UINT32_MAX) {
    packed.expires = now.mono + std::chrono::seconds(value.expiry_s);
  }
  return packed;
}

RetainedValue RetainedTable::unpack(Now now, const Value& value) {
  const Slice bytes(value.bytes);
  size_t at = 0;
  const auto cut = [&](size_t size) {
    return bytes.part(bytes.view().substr(std::exchange(at, at + size), size));
  };
  RetainedValue out;
  out.topic = cut(value.topic);
  out.payload = cut(value.payload);
  out.properties = cut(value.properties);
  out.publisher = cut(BytesView::npos);
  out.qos = value.qos;
  if (value.expires != never) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(value.expires - now.mono);
    out.expiry_s = static_cast<uint32_t>(std::max<int64_t>(left.count(), 0));
  }
  return out;
}

bool RetainedTable::alive(Now now, const Value& value) const {
  return value.generation >= whole_ && value.expires > now.mono;
}

void RetainedTable::erase(std::set<Value, ByName>::iterator at) {
  bytes_ -= at->bytes.size();
  if (at->expires != never) expiry_.erase({at->expires, std::string(at->name())});
  values_.erase(at);
}

void RetainedTable::set(Now now, const RetainedValue& value) {
  const auto known = values_.find(BytesView(value.topic));
  if (known != values_.end()) erase(known);
  if (value.payload.empty()) return;
  const auto kept = values_.insert(pack(now, value, generation_)).first;
  bytes_ += kept->bytes.size();
  if (kept->expires != never) expiry_.emplace(kept->expires, value.topic);
}

void RetainedTable::end() {
  whole_ = generation_;
  sweeping_ = !values_.empty();
  swept_.clear();
}

void RetainedTable::own(Now now, ShardIndex from, uint64_t counter, const RetainedValue& value) {
  Owns& owns = owns_[static_cast<size_t>(from)];
  if (counter <= owns.echoed) return;
  const auto known = own_.find(value.topic.view());
  if (known == own_.end() && own_.size() >= own_limit) return;
  own_.insert_or_assign(std::string(value.topic),
                        Own{from, counter, pack(now, value, any_generation)});
  owns.waiting.emplace_back(counter, value.topic);
  if (owns.waiting.size() > 1024 + 2 * own_.size()) compact(static_cast<size_t>(from));
}

// Notes of values that a newer one has replaced.
void RetainedTable::compact(size_t from) {
  std::erase_if(owns_[from].waiting, [&](const auto& note) {
    const auto known = own_.find(note.second);
    return known == own_.end() || static_cast<size_t>(known->second.from) != from ||
           known->second.counter != note.first;
  });
}

size_t RetainedTable::waiting() const {
  size_t count = 0;
  for (const Owns& owns : owns_) count += owns.waiting.size();
  return count;
}

void RetainedTable::echoed(const std::vector<uint64_t>& counters) {
  for (size_t shard = 0; shard < counters.size(); ++shard) {
    Owns& owns = owns_[shard];
    owns.echoed = std::max(owns.echoed, counters[shard]);
    while (!owns.waiting.empty() && owns.waiting.front().first <= owns.echoed) {
      const auto known = own_.find(owns.waiting.front().second);
      const bool newest = known != own_.end() && static_cast<size_t>(known->second.from) == shard &&
                          known->second.counter <= owns.echoed;
      if (newest) own_.erase(known);
      owns.waiting.pop_front();
    }
  }
}

// Two ordered lists merged: of one topic the own value hides the replica's. What no topic can match
// is not visited: a filter like "+/state" looks once at each first level.
bool RetainedTable::read(Now now, BytesView filter, std::string& after, size_t most, size_t bytes,
                         std::vector<RetainedValue>& found) const {
  const BytesView prefix = mqtt::literal_prefix(filter);
  const bool exact = prefix.size() == filter.size();
  const bool first = after < prefix;
  auto value = first ? values_.lower_bound(prefix) : values_.upper_bound(BytesView(after));
  auto own = first ? own_.lower_bound(prefix) : own_.upper_bound(after);
  size_t taken = 0;
  for (; value != values_.end() || own != own_.end(); --most) {
    const bool is_own =
        own != own_.end() && (value == values_.end() || own->first <= value->name());
    const Value& next = is_own ? own->second.value : *value;
    const BytesView topic = next.name();
    if (topic.substr(0, prefix.size()) != prefix) return true;
    if (exact && topic.size() > filter.size()) return true;
    if (most == 0 || taken > bytes) return false;
    const bool matches = mqtt::matches(filter, topic);
    if (matches && alive(now, next) && next.payload > 0) {
      found.push_back(unpack(now, next));
      taken += next.bytes.size();
    }
    const Bytes seek = matches ? Bytes() : mqtt::seek_behind(filter, topic);
    after = topic;
    if (is_own && value != values_.end() && value->name() == topic) ++value;
    if (is_own) {
      ++own;
    } else {
      ++value;
    }
    // Mostly what comes next is near; where much is in between it is passed over.
    if (value != values_.end() && value->name() < seek)
      value = values_.lower_bound(BytesView(seek));
    if (own != own_.end() && own->first < seek) own = own_.lower_bound(seek);
  }
  return true;
}

void RetainedTable::sweep(Now now, size_t most) {
  while (!expiry_.empty() && expiry_.begin()->first <= now.mono && most > 0) {
    --most;
    erase(values_.find(BytesView(expiry_.begin()->second)));
  }
  if (!sweeping_) return;
  auto at = values_.upper_bound(BytesView(swept_));
  for (; at != values_.end() && most > 0; --most) {
    swept_ = at->name();
    const auto next = std::next(at);
    if (at->generation < whole_) erase(at);
    at = next;
  }
  sweeping_ = at != values_.end();
}

Instant RetainedTable::next_sweep() const {
  if (sweeping_) return Instant::min();
  return expiry_.empty() ? never : expiry_.begin()->first;
}

}  // namespace muster::broker
