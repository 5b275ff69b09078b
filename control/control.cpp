#include "control/control.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "control/nodes.hpp"
#include "control/redirect.hpp"
#include "control/slot_map.hpp"
#include "core/base/log.hpp"
#include "core/wire/links.hpp"

namespace muster::control {

struct Control::State {
  State(wire::NodeInfo node, Options given)
      : self(std::move(node)),
        options(std::move(given)),
        links(self, options.links, false),
        nodes(options.nodes_max),
        redirect(options.strategy) {}

  void take_events(Now now);
  void on(Now now, const wire::PeerUp& up);
  void on(Now now, const wire::PeerDown& down) { gone(now, down.peer); }
  void on(Now now, const wire::PeerEnded& ended) { gone(now, ended.peer); }
  void on(Now now, wire::Received& received);
  void on(Now, const wire::Acknowledged&) {}
  void gone(Now now, const std::string& peer);
  void forward(Now now, const std::string& from, wire::Task task);
  void refuse(const wire::Task& task, std::string text);
  void update_map(Now now);
  void publish();

  const wire::NodeInfo self;
  const Options options;
  wire::Links links;
  Nodes nodes;
  SlotMap map;
  Redirect redirect;
  wire::Directory directory;
  bool changed = true;
  bool mapped = false;  // the first slot map was made
  Instant map_by{};     // whoever is there by then is in the first slot map
  Instant repeat_at{};
  Now seen{};  // the end of the last turn
  Stats stats;
};

Control::Control(wire::NodeInfo self, Options options)
    : state_(std::make_unique<State>(std::move(self), std::move(options))) {}
Control::~Control() = default;

void Control::start(Now now) {
  State& s = *state_;
  s.map_by = now.mono + s.options.settle;
  s.repeat_at = now.mono + s.options.repeat;
  s.nodes.up(now, s.self);
  for (const wire::NodeInfo& peer : s.options.peers)
    if (peer.name != s.self.name) s.links.know(now, peer);
}

void Control::receive(Now now, wire::InFrame frame) {
  state_->links.receive(now, std::move(frame));
  state_->take_events(now);
}

void Control::tick(Now now) {
  state_->links.tick(now);
  state_->take_events(now);
}

Instant Control::next_wake() const {
  const State& s = *state_;
  Instant wake = std::min({s.links.next_wake(), s.repeat_at});
  if (!s.mapped && s.seen.mono < s.map_by) wake = std::min(wake, s.map_by);
  return std::min(wake, s.nodes.next_loss(s.seen, s.options.remap_after));
}

void Control::finish_turn(Now now) {
  State& s = *state_;
  s.update_map(now);
  if (s.changed) s.publish();
  if (now.mono >= s.repeat_at) {
    // Talk may be lost; a directory that came already is ignored.
    s.repeat_at = now.mono + s.options.repeat;
    for (const wire::NodeInfo& peer : s.links.peers()) s.links.talk(peer.name, s.directory);
  }
  s.links.finish_turn(now);
}

wire::Effects Control::take_effects() {
  return state_->links.take_effects();
}

const wire::Directory& Control::directory() const {
  return state_->directory;
}

Stats Control::stats() const {
  Stats stats = state_->stats;
  stats.nodes = state_->nodes.size();
  stats.up = state_->nodes.up_count();
  return stats;
}

// ---- nodes
// ---------------------------------------------------------------------------------------------

void Control::State::take_events(Now now) {
  while (wire::LinkEvent* event = links.next_event()) {
    std::visit([&](auto& what) { on(now, what); }, *event);
  }
}

void Control::State::on(Now now, const wire::PeerUp& up) {
  if (nodes.up(now, up.peer)) changed = true;
  if (!changed) links.talk(up.peer.name, directory);  // otherwise it comes at the turn's end
}

void Control::State::gone(Now now, const std::string& peer) {
  nodes.down(now, peer);
  redirect.server_gone(peer);
}

void Control::State::update_map(Now now) {
  seen = now;
  const std::vector<std::string> names = nodes.query_servers(now, options.remap_after);
  if (!mapped && names.size() < options.queries_expected && now.mono < map_by) return;
  std::vector<SlotMap::Server> servers;
  for (const std::string& name : names)
    servers.push_back({name, nodes.is_up(name) && redirect.in_pool(name)});
  if (mapped && servers == map.servers()) return;
  if (servers.empty() && !mapped) return;
  mapped = true;
  map = SlotMap(std::move(servers), options.replicas);
  changed = true;
}

void Control::State::publish() {
  changed = false;
  ++directory.version;
  ++stats.directories;
  directory.nodes = nodes.list();
  map.fill(directory);
  for (const wire::NodeInfo& peer : links.peers()) links.talk(peer.name, directory);
}

// ---- tasks
// -----------------------------------------------------------------------------------------------

void Control::State::on(Now now, wire::Received& received) {
  if (received.role != wire::Role::query) return;
  if (auto* ask = std::get_if<wire::AskTask>(&received.message)) {
    forward(now, received.peer, std::move(ask->task));
  } else if (const auto* load = std::get_if<wire::Load>(&received.message)) {
    redirect.load(now, received.peer, *load);
  }
}

// In the same turn, so that what is left of the deadline is what came.
void Control::State::forward(Now now, const std::string& from, wire::Task task) {
  if (task.redirected) {
    ++stats.refused;
    log::warning("control: {} handed on a task that was redirected already", from);
    return refuse(task, "redirected already");
  }
  const std::string server = redirect.choose(now, task, from, map);
  task.redirected = true;
  if (server.empty()) {
    ++stats.busy;
    return refuse(task, "no query server can take it");
  }
  ++stats.redirects;
  links.talk(server, wire::AskTask{std::move(task)});
}

void Control::State::refuse(const wire::Task& task, std::string text) {
  wire::Answer answer;
  answer.id = task.id;
  answer.outcome = wire::Outcome::busy;
  answer.text = std::move(text);
  answer.retry_after_ms = static_cast<uint32_t>(options.retry_after.count() / 1000);
  answer.server = self.name;
  answer.redirected = true;
  links.talk(task.asker, wire::TaskAnswer{std::move(answer)});
}

}  // namespace muster::control
