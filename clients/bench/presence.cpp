// The benchmark that no suite has: how soon a change of presence is visible, to a question and to a
// watcher, and how many questions of each kind are answered in a second. Speaks MQTT alone.

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "clients/bench/gathering.hpp"
#include "clients/bench/meter.hpp"
#include "clients/bench/scenarios.hpp"
#include "clients/connection.hpp"

namespace muster::clients::bench {
namespace {

constexpr uint32_t asked_at_once = 16;  // answers awaited, of each asker
constexpr uint32_t batch_size = 100;    // devices in a look-up of many
constexpr uint32_t page_size = 100;     // rows in a list

class Presence : public Listener {
 public:
  explicit Presence(const Options& options)
      : options_(options),
        devices_(options.connections > 0 ? options.connections : 1000),
        changes_(options.messages > 0 ? options.messages : 200),
        crowd_(options.target),
        meter_(options.broker_pids) {}

  void run(Report& report) {
    gather_clients();
    measure_changes(report);
    measure_questions(report);
    crowd_.close_all();
  }

  void on_packet(uint32_t client, const mqtt::Frame& frame) override {
    if (frame.type == mqtt::PacketType::connack) connected_at_ = crowd_.read_at();
    if (frame.type != mqtt::PacketType::publish) return;
    const auto view = mqtt::read_publish(frame, crowd_.version(), mqtt::Sender::server);
    if (!view) throw Failure("a message of the broker cannot be read");
    if (client == asker_) on_answer(view->payload);
    if (client == watcher_) on_change(view->payload);
  }

  void on_closed(uint32_t) override { throw Failure("the broker closed a connection"); }

 private:
  void gather_clients();
  void measure_changes(Report& report);
  void one_change(uint32_t visitor, const std::string& status, Histogram& asked,
                  Histogram& watched);
  void measure_questions(Report& report);
  void measure_kind(const std::string& name, const std::function<std::string()>& question,
                    Report& report);
  void ask(const std::string& question);
  void on_answer(BytesView payload);
  void on_change(BytesView payload);
  void wait_for(const char* what, const std::function<bool()>& over);
  std::string name_of(uint32_t client) const {
    return fmt::format("{}d{}", options_.target.id_prefix, client);
  }
  std::string next_device() { return name_of(next_device_++ % devices_); }

  const Options& options_;
  uint32_t devices_;
  uint64_t changes_;
  Crowd crowd_;
  Meter meter_;
  uint32_t asker_ = 0;
  uint32_t watcher_ = 0;
  uint32_t next_device_ = 0;
  Nanos connected_at_{};

  // The change that is under way; empty names: none.
  std::string device_;
  std::string status_;
  std::string question_;
  Nanos asked_at_{};    // when an answer said so
  Nanos watched_at_{};  // when a message said so
  uint64_t answers_ = 0;
  uint64_t refused_ = 0;
};

// Devices, whose index is their number, then the visitors that come and go.
void Presence::gather_clients() {
  for (uint32_t i = 0; i < devices_; ++i) crowd_.add(fmt::format("d{}", i), true);
  asker_ = crowd_.add("asker", true);
  watcher_ = crowd_.add("watcher", true);
  if (options_.ask_port != 0) {
    crowd_.set_port(asker_, options_.ask_port);
    crowd_.set_port(watcher_, options_.ask_port);
  }
  const auto filters_of = [this](uint32_t client) {
    return client == watcher_ ? std::vector<std::string>{"$user/+/presence"}
                              : std::vector<std::string>{};
  };
  gather(crowd_, 0, watcher_ + 1, filters_of, mqtt::Qos::at_most_once);
  pass_time(crowd_, std::chrono::milliseconds(500));  // the watcher's snapshot
}

void Presence::ask(const std::string& question) {
  Bytes packet;
  // MQTT 5 would take a Response Topic; without one the answer comes to $query/answer in each
  // version, and to nobody else.
  mqtt::encode_publish(crowd_.version(), "$query", question, {}, mqtt::Qos::at_most_once, false,
                       false, 0, packet);
  crowd_.send(asker_, packet);
}

void Presence::on_answer(BytesView payload) {
  ++answers_;
  if (payload.find(R"("outcome":"ok")") == BytesView::npos) ++refused_;
  if (device_.empty() || asked_at_ > Nanos{}) return;
  const bool says_so = payload.find(R"("status":")" + status_ + '"') != BytesView::npos;
  says_so ? void(asked_at_ = crowd_.read_at()) : ask(question_);
}

void Presence::on_change(BytesView payload) {
  if (device_.empty() || watched_at_ > Nanos{}) return;
  const auto row = nlohmann::json::parse(payload, nullptr, false);
  if (!row.is_object() || row.value("device", "") != device_) return;
  if (row.value("status", "") == status_) watched_at_ = crowd_.read_at();
}

void Presence::wait_for(const char* what, const std::function<bool()>& over) {
  const Nanos end = now() + patience;
  while (!over()) {
    if (now() > end) throw Failure(fmt::format("waited in vain for {}", what));
    crowd_.turn(look_again, *this);
  }
}

// From CONNACK, or from sending DISCONNECT.
void Presence::one_change(uint32_t visitor, const std::string& status, Histogram& asked,
                          Histogram& watched) {
  device_ = name_of(visitor);
  status_ = status;
  question_ = nlohmann::json{{"devices", {device_}}}.dump();
  asked_at_ = watched_at_ = connected_at_ = {};
  if (status == "online") {
    crowd_.open(visitor);
    wait_for("CONNACK", [this] { return connected_at_ > Nanos{}; });
  } else {
    crowd_.close(visitor);
    connected_at_ = now();
  }
  ask(question_);
  wait_for("a change of presence", [this] { return asked_at_ > Nanos{} && watched_at_ > Nanos{}; });
  asked.add(asked_at_ - connected_at_);
  watched.add(watched_at_ - connected_at_);
  device_.clear();
}

void Presence::measure_changes(Report& report) {
  Histogram online_asked, online_watched, offline_asked, offline_watched;
  for (uint64_t i = 0; i < changes_; ++i) {
    const uint32_t visitor = crowd_.add("", true);
    crowd_.rename(visitor, fmt::format("d{}", visitor));
    one_change(visitor, "online", online_asked, online_watched);
    one_change(visitor, "offline", offline_asked, offline_watched);
  }
  report.count("devices", devices_);
  report.count("changes", changes_);
  report.percentiles("online_query_", online_asked);
  report.percentiles("online_watcher_", online_watched);
  report.percentiles("offline_query_", offline_asked);
  report.percentiles("offline_watcher_", offline_watched);
}

void Presence::measure_kind(const std::string& name, const std::function<std::string()>& question,
                            Report& report) {
  const uint64_t before = answers_;
  uint64_t asked = 0;
  const Moment from = meter_.look();
  const Nanos end = from.at + nanos_of(options_.seconds);
  while (now() < end) {
    for (; asked - (answers_ - before) < asked_at_once; ++asked) ask(question());
    crowd_.turn(look_again, *this);
    if (now() - std::max(from.at, crowd_.read_at()) > patience) throw Failure("no answer came");
  }
  const Moment to = meter_.look();
  const uint64_t answered = answers_ - before;
  wait_for("the last answers", [&] { return answers_ - before == asked; });
  report.number(name + "_per_s", per_second(answered, to.at - from.at), 1);
  if (!meter_.knows_broker()) return;
  report.number(name + "_cpu_us", us_each(to.broker.cpu_s - from.broker.cpu_s, answered), 2);
}

void Presence::measure_questions(Report& report) {
  const auto lookup = [this](uint32_t count) {
    nlohmann::json devices = nlohmann::json::array();
    for (uint32_t i = 0; i < count; ++i) devices.push_back(next_device());
    return nlohmann::json{{"devices", devices}}.dump();
  };
  const auto list = [] {
    return nlohmann::json{{"kind", "list"}, {"where", {"status=online"}}, {"limit", page_size}}
        .dump();
  };
  const auto count = [](const std::string& condition) {
    return [condition] { return nlohmann::json{{"kind", "count"}, {"where", {condition}}}.dump(); };
  };
  measure_kind(
      "lookup", [&] { return lookup(1); }, report);
  measure_kind(
      fmt::format("lookup_{}", batch_size), [&] { return lookup(batch_size); }, report);
  measure_kind("count", count("status=online"), report);
  const std::string first_hundreds = "device=" + options_.target.id_prefix + "d1*";
  measure_kind("count_prefix", count(first_hundreds), report);
  measure_kind(fmt::format("list_{}", page_size), list, report);
  report.count("refused", refused_);
}

}  // namespace

void run_presence(const Options& options, Report& report) {
  Presence(options).run(report);
}

}  // namespace muster::clients::bench
