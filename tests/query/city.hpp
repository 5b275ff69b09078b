#pragma once
// Query servers between a global, a control and brokers that are scripts, in one Town.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/wire/query_json.hpp"
#include "query/query.hpp"
#include "query/slots.hpp"
#include "tests/query/rows.hpp"
#include "tests/query/town.hpp"

namespace muster::query::testing {

using testing_town::Peer;
using testing_town::Town;

// Answers ReplicaAsk with a snapshot, or resumes; passes on what is added.
class FakeGlobal {
 public:
  FakeGlobal(Town& town, Peer& peer) : town_(town), peer_(peer) {
    peer_.on_message = [this](const wire::Received& message) {
      if (const auto* ask = std::get_if<wire::ReplicaAsk>(&message.message))
        answer(message.peer, *ask);
    };
  }

  template <class Row>
  void add(Row row) {
    const wire::LogEntry entry = log.add(std::move(row));
    for (auto& [name, replica] : replicas_) {
      if (entry.slot < slot_count && !replica.slots.test(entry.slot)) continue;
      peer_.links.bulk(
          name,
          wire::Delta{replica.request, log.era, false, {entry}, replica.told, log.at().number});
      replica.told = log.at().number;
    }
    town_.flush("g");
  }
  void heartbeat() {
    for (auto& [name, replica] : replicas_) {
      auto heartbeat = log.heartbeat();
      std::erase_if(heartbeat.slots, [&, slots = replica.slots](const auto& slot) {
        return slot.first < slot_count && !slots.test(slot.first);
      });
      peer_.links.bulk(name, heartbeat);
      replica.told = log.at().number;
    }
    town_.flush("g");
  }

  Log log;
  int snapshots = 0;
  int resumes = 0;

 private:
  struct Replica {
    uint64_t request = 0;
    SlotSet slots;
    uint64_t told = 0;
  };
  void answer(const std::string& name, const wire::ReplicaAsk& ask) {
    Replica& replica = replicas_[name] = {ask.request, to_set(ask.slots), log.at().number};
    std::vector<wire::LogEntry> entries;
    for (const wire::LogEntry& entry : log.entries()) {
      const bool wanted = entry.slot >= slot_count || replica.slots.test(entry.slot);
      if (wanted && entry.number > ask.have.number) entries.push_back(entry);
    }
    if (ask.have.number > 0) {
      ++resumes;
      peer_.links.bulk(
          name, wire::Delta{ask.request, log.era, true, entries, ask.have.number, log.at().number});
      return;
    }
    ++snapshots;
    const size_t half = entries.size() / 2;
    peer_.links.bulk(
        name,
        wire::SnapshotPage{
            ask.request, log.at(), 0, false, {entries.begin(), entries.begin() + long(half)}});
    peer_.links.bulk(
        name, wire::SnapshotPage{
                  ask.request, log.at(), 1, true, {entries.begin() + long(half), entries.end()}});
  }

  Town& town_;
  Peer& peer_;
  std::map<std::string, Replica> replicas_;
};

class City {
 public:
  // With `servers` query servers q1, q2, ...; without control they hold everything after map_wait.
  explicit City(size_t servers, Options options = {}, bool with_control = true)
      : options_(std::move(options)) {
    const wire::NodeInfo g = testing_town::node("g", wire::Role::global, 11);
    const wire::NodeInfo c = testing_town::node("c", wire::Role::control, 12);
    options_.peers = {g, c};
    global_peer = &town.add("g", std::make_unique<Peer>(g, std::vector<wire::NodeInfo>{}));
    global = std::make_unique<FakeGlobal>(town, *global_peer);
    global->add(broker(broker_1, wire::BrokerState::alive));
    std::vector<wire::NodeInfo> infos;
    for (size_t at = 1; at <= servers; ++at)
      infos.push_back(testing_town::node("q" + std::to_string(at), wire::Role::query, 20 + at));
    infos_ = infos;
    b1 = &town.add(
        "b1", std::make_unique<Peer>(testing_town::node("b1", wire::Role::broker, 101), infos));
    for (const wire::NodeInfo& info : infos) start_query(info);
    if (with_control) {
      control = &town.add("c", std::make_unique<Peer>(c, std::vector<wire::NodeInfo>{}));
      control->on_up = [this](const wire::PeerUp& up) {
        control->links.talk(up.peer.name, directory());
      };
    }
  }

  void start_query(const wire::NodeInfo& info) {
    queries[info.name] = &town.add(info.name, std::make_unique<Query>(info, options_));
  }
  // Each slot on two servers (all of them if there are no more), in turn.
  wire::Directory directory() const {
    wire::Directory directory;
    directory.version = version;
    directory.nodes = infos_;
    for (const wire::NodeInfo& info : infos_) directory.names.push_back(info.name);
    for (size_t slot = 0; slot < slot_count; ++slot) {
      directory.holders.push_back(static_cast<uint8_t>(slot % infos_.size()));
      directory.holders.push_back(
          infos_.size() == 1 ? 255 : static_cast<uint8_t>((slot + 1) % infos_.size()));
    }
    return directory;
  }
  bool all_ready() {
    return town.run_until([&] {
      for (const auto& [name, query] : queries)
        if (!query->ready()) return false;
      return true;
    });
  }

  wire::Task task(const std::string& text, wire::Priority priority = wire::Priority::normal,
                  wire::QueryKind kind = wire::QueryKind::list) {
    wire::Task task;
    task.id = {Incarnation{101}, ++numbers_};
    task.asker = "b1";
    task.priority = priority;
    task.deadline_us = 2'000'000;
    task.query.kind = kind;
    task.query.now_ms = town.now().wall.ms;
    if (kind == wire::QueryKind::lookup) {
      task.query.devices = {text};
    } else {
      task.query.where = *wire::parse_conditions(text);
    }
    return task;
  }
  void send(const std::string& server, const wire::Task& task) {
    b1->links.talk(server, wire::AskTask{task});
    town.flush("b1");
  }
  const wire::Answer* answer_to(const wire::TaskId& id) const {
    for (const wire::Received& message : b1->received) {
      const auto* answer = std::get_if<wire::TaskAnswer>(&message.message);
      if (answer && answer->answer.id == id) return &answer->answer;
    }
    return nullptr;
  }
  wire::Answer ask(const std::string& server, const wire::Task& task) {
    send(server, task);
    town.run_until([&] { return answer_to(task.id) != nullptr; });
    const wire::Answer* answer = answer_to(task.id);
    return answer ? *answer : wire::Answer{};
  }
  static std::vector<std::string> devices(const wire::Answer& answer) {
    std::vector<std::string> devices;
    for (const wire::AnswerRow& row : answer.rows) devices.push_back(row.device.device);
    return devices;
  }

  Town town;
  Peer* global_peer = nullptr;
  Peer* control = nullptr;
  Peer* b1 = nullptr;
  std::unique_ptr<FakeGlobal> global;
  std::map<std::string, Query*> queries;
  uint64_t version = 1;

 private:
  Options options_;
  std::vector<wire::NodeInfo> infos_;
  uint64_t numbers_ = 0;
};

}  // namespace muster::query::testing
