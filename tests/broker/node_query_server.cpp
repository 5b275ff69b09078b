#include "tests/broker/node_query_server.hpp"

namespace muster::broker::node_testing {
namespace {

bool matches(const std::vector<wire::Condition>& where, const wire::AnswerRow& row) {
  for (const wire::Condition& condition : where) {
    if (condition.field == "user" && row.device.user != condition.value) return false;
  }
  return true;
}

}  // namespace

void Log::set(const std::string& device, const std::string& user, wire::Status status) {
  wire::AnswerRow row;
  row.device.device = device;
  row.device.user = user;
  row.device.connected = status == wire::Status::online;
  row.status = status;
  row.number = ++number;
  rows[device] = row;
  changes.emplace_back(number, row);
}

QueryServer::QueryServer(World& world, Log& log, const std::string& name)
    : world_(world), log_(log), name_(name), peer_(&world.peer(name, wire::Role::query)) {
  peer_->scripts.push_back([this](const wire::LinkEvent& event) { handle(event); });
}

void QueryServer::handle(const wire::LinkEvent& event) {
  if (const auto* ended = std::get_if<wire::PeerEnded>(&event)) {
    std::erase_if(watches_, [&](const Watch& it) { return it.broker == ended->peer; });
  }
  const auto* received = std::get_if<wire::Received>(&event);
  if (received == nullptr) return;
  if (const auto* ask = std::get_if<wire::AskTask>(&received->message)) {
    tasks.push_back(ask->task);
    if (!silent) answer(ask->task);
  } else if (const auto* open = std::get_if<wire::WatchOpen>(&received->message)) {
    if (full) {
      wire::WatchRows refusal;
      refusal.watch = open->watch;
      refusal.kind = wire::WatchKind::snapshot_end;
      peer_->stream(received->peer, refusal);
      return;
    }
    Watch watch{received->peer, *open, log_.number};
    if (open->resume && !forgetful) {
      watch.told = open->resume->number;
    } else {
      wire::WatchRows reset;
      reset.watch = open->watch;
      reset.kind = wire::WatchKind::reset;
      reset.at = {1, log_.number};
      peer_->stream(received->peer, reset);
    }
    watches_.push_back(watch);
    tell(watches_.back());
  } else if (const auto* close = std::get_if<wire::WatchClose>(&received->message)) {
    std::erase_if(watches_, [&](const Watch& it) {
      return it.broker == received->peer && it.open.watch == close->watch;
    });
  }
}

void QueryServer::catch_up() {
  for (Watch& watch : watches_) tell(watch);
}

void QueryServer::tell(Watch& watch) {
  wire::WatchRows rows;
  rows.watch = watch.open.watch;
  rows.at = {1, log_.number - (midway ? 1 : 0)};
  for (const auto& [number, row] : log_.changes) {
    if (number <= watch.told || !matches(watch.open.where, row)) continue;
    rows.rows.push_back(row);
    rows.numbers.push_back(number);
  }
  watch.told = log_.number;
  if (!rows.rows.empty()) peer_->stream(watch.broker, rows);
}

void QueryServer::answer(const wire::Task& task) {
  peer_->talk(task.asker, wire::TaskAnswer{run(task)});
}

wire::Answer QueryServer::run(const wire::Task& task) const {
  wire::Answer answer;
  answer.id = task.id;
  answer.outcome = outcome;
  answer.server = name_;
  answer.as_of = {1, log_.number - behind};
  if (outcome == wire::Outcome::busy) answer.retry_after_ms = 300;
  if (outcome != wire::Outcome::ok) return answer;
  for (const auto& [device, row] : log_.rows) {
    if (task.query.kind == wire::QueryKind::lookup) {
      for (const std::string& wanted : task.query.devices) {
        if (wanted == device) answer.rows.push_back(row);
      }
      continue;
    }
    if (device <= task.query.after || !matches(task.query.where, row)) continue;
    if (answer.rows.size() == task.query.limit) {
      answer.next = answer.rows.back().device.device;
      break;
    }
    answer.rows.push_back(row);
  }
  answer.count = answer.rows.size();
  return answer;
}

}  // namespace muster::broker::node_testing
