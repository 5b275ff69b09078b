#include "clients/bench/traffic.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "clients/connection.hpp"

namespace muster::clients::bench {
namespace {

constexpr size_t write_size = 256 * 1024;

}  // namespace

Traffic::Traffic(const Options& options, Crowd& crowd)
    : crowd_(crowd),
      qos_(options.quality()),
      windows_(windows_of(options)),
      payload_(options.payload) {}

uint32_t Traffic::add_publisher(uint32_t client) {
  Publisher publisher;
  publisher.client = client;
  publishers_.push_back(std::move(publisher));
  publisher_of_.resize(std::max<size_t>(publisher_of_.size(), client + 1), none);
  publisher_of_[client] = static_cast<uint32_t>(publishers_.size() - 1);
  return publisher_of_[client];
}

uint32_t Traffic::add_stream(const std::string& topic, uint32_t publisher, uint32_t receivers,
                             bool retain) {
  const auto index = static_cast<uint32_t>(streams_.size());
  streams_.push_back({.topic = topic,
                      .packet = {crowd_.version(), topic, payload_, qos_, retain},
                      .publisher = publisher,
                      .receivers = receivers});
  publishers_[publisher].streams.push_back(index);
  return index;
}

uint32_t Traffic::add_subscriber(uint32_t client, uint32_t first_stream, uint32_t streams) {
  tally_.add_subscriber(first_stream, streams);
  subscriber_of_.resize(std::max<size_t>(subscriber_of_.size(), client + 1), none);
  subscriber_of_[client] = subscribers_;
  return subscribers_++;
}

void Traffic::ready() {
  const size_t clients = crowd_.size();
  publisher_of_.resize(clients, none);
  subscriber_of_.resize(clients, none);
  windows_.inflight = std::min<uint32_t>(windows_.inflight, crowd_.receive_maximum());
  for (Publisher& publisher : publishers_) {
    if (publisher.streams.empty()) throw Failure("a publisher has no topic: ask for more topics");
    const uint64_t receivers = std::accumulate(
        publisher.streams.begin(), publisher.streams.end(), uint64_t{0},
        [this](uint64_t sum, uint32_t stream) { return sum + streams_[stream].receivers; });
    const uint64_t streams = publisher.streams.size();
    publisher.fan = std::max<uint64_t>(1, (receivers + streams / 2) / streams);
    publisher.window = receivers == 0 ? 0 : publisher.fan * windows_.window;
  }
}

void Traffic::limit_to_each_stream(uint64_t messages) {
  for (Publisher& publisher : publishers_) publisher.left = messages * publisher.streams.size();
}

void Traffic::without_end_to_end_window() {
  for (Publisher& publisher : publishers_) publisher.window = 0;
}

void Traffic::start() {
  for (uint32_t publisher = 0; publisher < publishers_.size(); ++publisher) wake(publisher);
}

void Traffic::wake(uint32_t publisher) {
  if (std::exchange(publishers_[publisher].waiting, true)) return;
  to_pump_.push_back(publisher);
}

void Traffic::pump() {
  std::swap(pumping_, to_pump_);
  for (const uint32_t index : pumping_) {
    publishers_[index].waiting = false;
    if (!pump_one(publishers_[index])) wake(index);
  }
  pumping_.clear();
}

uint64_t Traffic::credit(const Publisher& publisher) const {
  uint64_t allowed = publisher.left;
  if (publisher.window > 0) {
    if (publisher.on_the_way >= publisher.window) return 0;
    const uint64_t deliveries = publisher.window - publisher.on_the_way;
    allowed = std::min(allowed, (deliveries + publisher.fan - 1) / publisher.fan);
  }
  if (qos_ == mqtt::Qos::at_most_once) return allowed;
  if (publisher.unacknowledged >= windows_.inflight) return 0;
  return std::min<uint64_t>(allowed, windows_.inflight - publisher.unacknowledged);
}

// A few messages are not worth a write while others are under way: they will bring the rest.
// False: there is more to send than the socket takes.
bool Traffic::pump_one(Publisher& publisher) {
  if (!crowd_.connected(publisher.client)) return true;
  if (crowd_.has_unsent(publisher.client)) return false;
  uint64_t credits = credit(publisher);
  const bool under_way = publisher.on_the_way > 0 || publisher.unacknowledged > 0;
  if (credits < windows_.batch && credits < publisher.left && under_way) return true;
  const Nanos at = now();
  while (credits > 0) {
    for (scratch_.clear(); credits > 0 && scratch_.size() < write_size; --credits) {
      append_next(publisher, at);
    }
    crowd_.send(publisher.client, scratch_);
    if (crowd_.has_unsent(publisher.client)) return credits == 0;
  }
  return true;
}

bool Traffic::send_one(uint32_t index) {
  Publisher& publisher = publishers_[index];
  if (!crowd_.connected(publisher.client) || credit(publisher) == 0) return false;
  scratch_.clear();
  append_next(publisher, now());
  crowd_.send(publisher.client, scratch_);
  return true;
}

void Traffic::append_next(Publisher& publisher, Nanos at) {
  const uint32_t index = publisher.streams[publisher.turn];
  if (++publisher.turn == publisher.streams.size()) publisher.turn = 0;
  Stream& stream = streams_[index];
  if (qos_ != mqtt::Qos::at_most_once) {
    if (++publisher.last_id == 0) publisher.last_id = 1;
    ++publisher.unacknowledged;
  }
  const size_t begin = scratch_.size();
  scratch_.resize(begin + stream.packet.size());
  stream.packet.write(scratch_.data() + begin, payload_, {index, stream.next_number, at},
                      publisher.last_id);
  ++stream.next_number;
  publisher.on_the_way += stream.receivers;
  --publisher.left;
  counts_.expected += stream.receivers;
  ++counts_.sent;
}

void Traffic::stop() {
  for (Publisher& publisher : publishers_) publisher.left = 0;
}

void Traffic::give_credit_back() {
  ++counts_.stalls;
  for (Publisher& publisher : publishers_) {
    publisher.on_the_way = 0;
    publisher.unacknowledged = 0;
  }
  start();
}

bool Traffic::all_sent() const {
  return std::all_of(publishers_.begin(), publishers_.end(), [this](const Publisher& publisher) {
    return publisher.left == 0 && publisher.unacknowledged == 0 &&
           !crowd_.has_unsent(publisher.client);
  });
}

bool Traffic::all_arrived() const {
  return all_sent() && tally_.received() >= counts_.expected;
}

uint64_t Traffic::lost() const {
  return counts_.expected - std::min(counts_.expected, tally_.received());
}

}  // namespace muster::clients::bench
