#include "broker/node_sys.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace muster::broker {
namespace {

constexpr const char* load_names[] = {"messages/received", "messages/sent",   "publish/received",
                                      "publish/sent",      "publish/dropped", "bytes/received",
                                      "bytes/sent",        "sockets",         "connections"};

ShardCounters sum_of(const std::vector<ShardCounters>& shards) {
  ShardCounters sum;
  for (const ShardCounters& one : shards) {
    for (auto member : {&ShardCounters::received,
                        &ShardCounters::delivered,
                        &ShardCounters::dropped,
                        &ShardCounters::expired,
                        &ShardCounters::slow_closed,
                        &ShardCounters::refused,
                        &ShardCounters::bytes_received,
                        &ShardCounters::bytes_sent,
                        &ShardCounters::packets_received,
                        &ShardCounters::packets_sent,
                        &ShardCounters::payload_received,
                        &ShardCounters::payload_sent,
                        &ShardCounters::connects,
                        &ShardCounters::sockets,
                        &ShardCounters::connections,
                        &ShardCounters::subscriptions,
                        &ShardCounters::shared_subscriptions,
                        &ShardCounters::in_flight,
                        &ShardCounters::waiting,
                        &ShardCounters::waiting_bytes,
                        &ShardCounters::retained,
                        &ShardCounters::retained_bytes}) {
      sum.*member += one.*member;
    }
  }
  return sum;
}

}  // namespace

void NodeSys::start(Instant now) {
  began_ = looked_ = now;
  if (desk_.options.sys_interval > Duration::zero()) next_ = now;
}

// A shard that is slower than the interval is waited for.
void NodeSys::tick(Instant now) {
  if (next_ > now) return;
  next_ = now + desk_.options.sys_interval;
  if (owed_ > 0) return;
  owed_ = static_cast<uint32_t>(shards_.size());
  desk_.mail.post_all(Count{++round_});
}

void NodeSys::counted(Instant now, ShardIndex shard, const Counted& letter) {
  if (letter.round != round_ || owed_ == 0) return;
  shards_[static_cast<size_t>(shard)] = letter.counters;
  if (--owed_ == 0) publish(now);
}

void NodeSys::heap(uint64_t bytes) {
  heap_ = bytes;
  heap_maximum_ = std::max(heap_maximum_, bytes);
}

void NodeSys::look(Duration passed, const ShardCounters& sum) {
  const std::array<uint64_t, loads> now = {
      sum.packets_received, sum.packets_sent, sum.received, sum.delivered, sum.dropped,
      sum.bytes_received,   sum.bytes_sent,   sum.sockets,  sum.connects};
  for (size_t i = 0; i < loads; ++i) loads_[i].look(now[i], passed);
}

void NodeSys::publish(Instant now) {
  const ShardCounters sum = sum_of(shards_);
  clients_maximum_ = std::max(clients_maximum_, sum.connections);
  if (now > looked_) look(now - looked_, sum);
  looked_ = now;
  std::vector<SysValue> fresh = values(now, sum);
  if (table_ && table_->size() == fresh.size()) {
    for (size_t i = 0; i < fresh.size(); ++i) {
      fresh[i].changed = fresh[i].payload != (*table_)[i].payload;
    }
  }
  table_ = std::make_shared<const std::vector<SysValue>>(std::move(fresh));
  desk_.mail.post_all(SysValues{table_});
}

std::vector<SysValue> NodeSys::values(Instant now, const ShardCounters& sum) const {
  std::vector<SysValue> out;
  const auto text = [&](std::string_view name, std::string value) {
    out.push_back({fmt::format("$SYS/broker/{}", name), std::move(value)});
  };
  const auto number = [&](std::string_view name, uint64_t value) {
    text(name, std::to_string(value));
  };
  const uint64_t stored = sum.waiting + sum.retained;
  text("version", desk_.options.version);
  text("uptime",
       fmt::format("{} seconds",
                   std::chrono::duration_cast<std::chrono::seconds>(now - began_).count()));
  number("clients/total", sum.connections);
  number("clients/maximum", clients_maximum_);
  number("clients/connected", sum.connections);
  number("clients/active", sum.connections);
  number("clients/disconnected", 0);
  number("clients/inactive", 0);
  number("clients/expired", 0);
  number("messages/received", sum.packets_received);
  number("messages/sent", sum.packets_sent);
  number("messages/stored", stored);
  number("messages/inflight", sum.in_flight);
  number("store/messages/count", stored);
  number("store/messages/bytes", sum.waiting_bytes + sum.retained_bytes);
  number("publish/messages/received", sum.received);
  number("publish/messages/sent", sum.delivered);
  number("publish/messages/dropped", sum.dropped);
  number("publish/bytes/received", sum.payload_received);
  number("publish/bytes/sent", sum.payload_sent);
  number("bytes/received", sum.bytes_received);
  number("bytes/sent", sum.bytes_sent);
  number("retained messages/count", sum.retained);
  number("subscriptions/count", sum.subscriptions);
  number("shared_subscriptions/count", sum.shared_subscriptions);
  if (heap_) {
    number("heap/current", *heap_);
    number("heap/maximum", heap_maximum_);
  }
  for (size_t load = 0; load < loads; ++load) {
    for (size_t i = 0; i < LoadAverage::minutes.size(); ++i) {
      text(fmt::format("load/{}/{}min", load_names[load], LoadAverage::minutes[i]),
           fmt::format("{:.2f}", loads_[load].over(i)));
    }
  }
  std::sort(out.begin(), out.end(),
            [](const SysValue& a, const SysValue& b) { return a.topic < b.topic; });
  return out;
}

}  // namespace muster::broker
