#include "tests/sim/device.hpp"

namespace muster::sim {
namespace {

// Few topics, so that everything meets everything.
std::string random_topic(Random& random, bool feeds) {
  if (feeds) return fmt::format("s/{}", random.below(2));
  const uint64_t a = random.below(4);
  return random.percent(50) ? fmt::format("t/{}", a) : fmt::format("t/{}/{}", a, random.below(2));
}

std::string random_filter(Random& random) {
  switch (random.below(8)) {
    case 0:
      return "#";
    case 1:
      return "t/#";
    case 2:
      return "t/+";
    case 3:
      return "t/+/1";
    case 4:
      return fmt::format("t/{}/#", random.below(4));
    case 5:
      return "+/0";
    default:
      return random_topic(random, false);
  }
}

uint8_t random_qos(Random& random, uint32_t percent) {
  return static_cast<uint8_t>(random.percent(percent) ? random.between(1, 2) : 0);
}
constexpr const char* online_list = R"("kind":"list","where":"status=online")";

}  // namespace

void Device::begin() {
  act_later(random_.between(milliseconds(1), seconds(2)));
}

void Device::calm(bool online) {
  calm_ = true;
  stays_offline_ = !online;
  std::vector<LinePtr> lines = older_;  // reading on may end some of them
  if (line_) lines.push_back(line_);
  for (const LinePtr& line : lines) {
    if (!line->over) line->client->read(true);
  }
  if (online) act_later(random_.between(milliseconds(1), milliseconds(500)));
}

void Device::act_later(Duration delay) {
  if (act_planned_) return;
  act_planned_ = true;
  context_.schedule.after(delay, [this] {
    act_planned_ = false;
    act();
  });
}

void Device::act() {
  if (!line_) return act_offline();
  if (calm_) return;  // the connection stays as it is
  if (line_->accepted) act_online();
  act_later(random_.between(profile_.pace / 4, profile_.pace * 2));
}

void Device::act_offline() {
  if (calm_ && stays_offline_) return;
  const bool clean =
      !profile_.persistent || (!calm_ && random_.percent(profile_.clean_start_percent));
  // A clean session with Clean Start 0 may have something to resume: it asks global.
  const bool resumes =
      !profile_.persistent && profile_.version == mqtt::Version::v5 && random_.percent(10);
  connect(clean && !resumes);
}

void Device::take_over() {
  context_.note("{} takes itself over", profile_.id);
  connect(!profile_.persistent || random_.percent(profile_.clean_start_percent));
}

void Device::act_online() {
  const Profile& p = profile_;
  const uint64_t total = p.publish + p.subscribe + p.unsubscribe + p.disconnect + p.drop +
                         p.silence + p.takeover + p.wander + p.hold_acks + p.stop_reading + p.ask +
                         p.flood + p.retain + p.nothing;
  uint64_t drawn = random_.below(total);
  const auto is = [&](uint32_t weight) {
    if (drawn < weight) return true;
    drawn -= weight;
    return false;
  };
  if (is(p.publish)) {
    const uint64_t burst = random_.percent(10) ? random_.between(5, 30) : random_.between(1, 3);
    const std::string topic = random_topic(random_, p.feeds);
    const bool same = random_.percent(60);
    for (uint64_t i = 0; i < burst; ++i) {
      publish(same ? topic : random_topic(random_, p.feeds), random_qos(random_, 70));
    }
  } else if (is(p.subscribe)) {
    if (p.group.empty()) {
      subscribe({random_filter(random_)}, random_qos(random_, 80));
    } else {
      subscribe({p.group}, p.qos);
    }
  } else if (is(p.unsubscribe)) {
    unsubscribe();
  } else if (is(p.disconnect)) {
    leave(random_.percent(80) || p.version != mqtt::Version::v5 ? End::disconnected
                                                                : End::disconnected_with_will);
  } else if (is(p.drop)) {
    leave(End::dropped);
  } else if (is(p.silence)) {
    if (p.keep_alive_s > 0) leave(End::silent);
  } else if (is(p.takeover)) {
    take_over();
  } else if (is(p.wander)) {
    wander();
  } else if (is(p.hold_acks)) {
    line_->acks_held_until = context_.now() + random_.between(milliseconds(100), seconds(3));
  } else if (is(p.stop_reading)) {
    line_->client->read(false);
    const Duration deaf = random_.between(milliseconds(100), seconds(4));
    ledger_.connections[line_->connection].deaf_until = context_.now() + deaf;
    context_.schedule.after(deaf, [line = line_] {
      if (!line->over) line->client->read(true);
    });
  } else if (is(p.retain)) {
    retain();
  } else if (is(p.ask)) {
    ask_something();
  } else if (is(p.flood)) {
    flood();
  }
}

// Leaves a subscription and the broker in one breath, and makes the same one at another: what the
// first broker has still to say about the session is old when global hears of it.
void Device::wander() {
  const std::string filter = profile_.persistent ? unsubscribe() : std::string();
  if (filter.empty()) return;
  std::vector<std::string> others = Cluster::brokers();
  std::erase(others, record(line_).broker);
  const LinePtr left = line_;
  connect_to(random_.pick(others), false);
  if (line_ != left) line_->wants = filter;
}

void Device::ask_something() {
  static const std::vector<std::string> priorities{"low", "normal", "high", "urgent"};
  const std::string kind =
      random_.percent(50)   ? fmt::format(R"("devices":["{}"])", random_.pick(ledger_.device_names))
      : random_.percent(50) ? online_list
                            : R"("kind":"count")";
  ask(fmt::format(R"({},"priority":"{}")", kind, random_.pick(priorities)));
}

// More than one query server's threshold, at once.
void Device::flood() {
  const std::string& server = random_.pick(Cluster::queries());
  for (uint64_t left = random_.between(5, 20); left > 0; --left) {
    const std::string kind =
        random_.percent(60) ? fmt::format(R"("devices":["{}"])", random_.pick(ledger_.device_names))
        : random_.percent(50) ? online_list
                              : R"("kind":"count","where":"status=online")";
    const char* priority = random_.percent(40) ? "low" : random_.percent(50) ? "normal" : "urgent";
    ask(fmt::format(R"({},"priority":"{}","server":"{}")", kind, priority, server));
  }
}

std::optional<uint32_t> Device::ask(const std::string& json_fields, bool roll_call) {
  if (!online()) return {};
  Ask ask;
  ask.id = static_cast<uint32_t>(ledger_.asks.size());
  ask.device = index_;
  ask.connection = line_->connection;
  ask.sent = context_.now();
  ask.roll_call = roll_call;
  ask.online = json_fields.starts_with(online_list);
  ledger_.asks.push_back(ask);
  const std::string json = fmt::format(R"({{{},"id":{}}})", json_fields, ask.id);
  context_.note("{} #{} asks {}", profile_.id, line_->connection, json);
  mqtt::Publish packet;
  packet.topic = "$query";
  packet.payload = json;
  line_->client->send(packet);
  return ask.id;
}

}  // namespace muster::sim
