#include "global/retained.hpp"

#include <algorithm>

#include "global/keys.hpp"
#include "global/stored_publication.hpp"

namespace muster::global {
namespace {

constexpr size_t value_overhead = 128;  // bytes counted for a topic beside its message

size_t cost_of(size_t topic, size_t data) {
  return topic + data + value_overhead;
}

}  // namespace

bool Retained::load(const std::string& topic, BytesView value) {
  Reader reader(value);
  const uint64_t number = reader.number();
  const int64_t expires_ms = reader.integer();
  const wire::Publication publication = read_publication(reader);
  if (reader.bad() || publication.topic != topic) return false;
  keep({}, publication, number);
  Value& kept = values_.at(topic);
  kept.expires_ms = expires_ms;
  kept.commit = 0;
  return true;
}

void Retained::load_counter(Incarnation broker, uint64_t counter) {
  if (counter == 0) return;
  counters_[broker] = stored_counters_[broker] = counter;
}

void Retained::taken_before(Incarnation broker, uint64_t counter) {
  if (counter > this->counter(broker)) load_counter(broker, counter);
}

void Retained::start(Now now) {
  for (const auto& [topic, value] : values_) {
    if (value.expires_ms == 0) continue;
    const int64_t left = std::max<int64_t>(value.expires_ms - now.wall.ms, 0);
    expiry_.set(topic, now.mono + std::chrono::milliseconds(left));
  }
}

void Retained::publish(Now now, const wire::Publication& publication, Incarnation origin,
                       uint64_t counter) {
  if (counter != 0) counters_[origin] = std::max(counters_[origin], counter);
  const auto known = values_.find(publication.topic.view());
  if (known != values_.end()) forget(known);
  const uint64_t number = log_.take_number();
  const bool clear = publication.payload.empty() || publication.expiry_s == 0;
  const size_t cost =
      cost_of(publication.topic.size(), publication.payload.size() + publication.properties.size() +
                                            publication.publisher.size());
  const bool room =
      values_.size() < options_.retained_max && bytes_ + cost <= options_.retained_max_bytes;
  wire::RetainedEntry change{number, publication, origin, counter};
  if (clear || !room) {
    refused_ += clear ? 0 : 1;
    change.publication.payload.clear();
    change.publication.properties.clear();
    change.publication.encoded = {};
    last_clear_ = ledger_.number();
    ledger_.erase(keys::retained(publication.topic));
  } else {
    keep(now, publication, number);
    write(publication, number);
  }
  ledger_.open().retained.push_back(std::move(change));
}

void Retained::write(const wire::Publication& publication, uint64_t number) {
  if (publication.durability == wire::Durability::memory) {  // nor what the topic had before
    ledger_.erase(keys::retained(publication.topic));
    return;
  }
  Writer writer;
  writer.number(number).integer(values_.find(publication.topic.view())->second.expires_ms);
  write_publication(writer, publication);
  ledger_.put(keys::retained(publication.topic), writer.take());
}

void Retained::keep(Now now, const wire::Publication& publication, uint64_t number) {
  Value& value = values_[std::string(publication.topic)];
  value.number = number;
  value.commit = ledger_.number();
  value.published_ms = publication.published_ms;
  value.qos = publication.qos;
  value.payload = static_cast<uint32_t>(publication.payload.size());
  value.properties = static_cast<uint32_t>(publication.properties.size());
  value.data.reserve(publication.payload.size() + publication.properties.size() +
                     publication.publisher.size());
  value.data.append(publication.payload);
  value.data.append(publication.properties);
  value.data.append(publication.publisher);
  bytes_ += cost_of(publication.topic.size(), value.data.size());
  if (publication.expiry_s == wire::no_expiry) return;
  value.expires_ms = now.wall.ms + int64_t{1000} * publication.expiry_s;
  expiry_.set(std::string(publication.topic),
              now.mono + std::chrono::seconds(publication.expiry_s));
}

void Retained::forget(Values::iterator at) {
  bytes_ -= cost_of(at->first.size(), at->second.data.size());
  if (at->second.expires_ms != 0) expiry_.clear(at->first);
  values_.erase(at);
}

uint64_t Retained::counter(Incarnation broker) const {
  const auto found = counters_.find(broker);
  return found == counters_.end() ? 0 : found->second;
}

// The brokers drop what has expired by themselves: no change is told.
void Retained::tick(Now now) {
  while (const auto topic = expiry_.pop(now.mono)) {
    const auto found = values_.find(*topic);
    if (found == values_.end()) continue;
    ledger_.erase(keys::retained(*topic));
    forget(found);
  }
}

wire::Publication Retained::publication_of(Now now, const std::string& topic, const Value& value) {
  wire::Publication publication;
  publication.topic = topic;
  publication.payload = value.data.substr(0, value.payload);
  publication.properties = value.data.substr(value.payload, value.properties);
  publication.publisher = value.data.substr(value.payload + value.properties);
  publication.qos = value.qos;
  publication.retain = true;
  publication.published_ms = value.published_ms;
  if (value.expires_ms != 0) {
    const int64_t left_ms = std::max<int64_t>(value.expires_ms - now.wall.ms, 0);
    publication.expiry_s = static_cast<uint32_t>((left_ms + 999) / 1000);
  }
  return publication;
}

Retained::Values::const_iterator Retained::next_of(const Values& values, BytesView prefix,
                                                   const std::string& after) {
  return after < prefix ? values.lower_bound(prefix) : values.upper_bound(after);
}

}  // namespace muster::global
