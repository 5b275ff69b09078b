#include "global/wills.hpp"

#include <algorithm>
#include <utility>

#include "global/keys.hpp"
#include "global/stored_publication.hpp"

namespace muster::global {

bool Wills::load(const std::string& client_id, const Connection& connection, BytesView value) {
  Reader reader(value);
  Registered registered;
  registered.client_id = client_id;
  registered.due_ms = reader.integer();
  registered.will.delay_s = static_cast<uint32_t>(reader.number());
  registered.will.publication = read_publication(reader);
  registered.lost = reader.number() != 0;
  registered.spent = reader.number() != 0;
  if (reader.bad()) return false;
  spent_ += registered.spent;
  if (registered.due_ms != 0) delayed_[client_id].push_back(connection);
  wills_[connection] = std::move(registered);
  return true;
}

void Wills::start(Now now) {
  for (const auto& [connection, registered] : wills_) {
    if (registered.due_ms == 0) continue;
    const int64_t left = std::clamp<int64_t>(registered.due_ms - now.wall.ms, 0,
                                             int64_t{1000} * registered.will.delay_s);
    delays_.set(connection, now.mono + std::chrono::milliseconds(left));
  }
}

void Wills::put(const Connection& connection, const Registered& registered) {
  Writer writer;
  writer.integer(registered.due_ms).number(registered.will.delay_s);
  write_publication(writer, registered.will.publication);
  writer.number(registered.lost).number(registered.spent);
  ledger_.put(keys::will(registered.client_id, connection), writer.take());
}

void Wills::add(const Connection& connection, const std::string& client_id,
                const wire::Will& will) {
  const auto [found, is_new] =
      wills_.try_emplace(connection, Registered{client_id, will, 0, false, false});
  if (!is_new) return;
  wire::own(found->second.will.publication);
  put(connection, found->second);
}

void Wills::spend(const Connection& connection, const std::string& client_id) {
  const auto [found, is_new] =
      wills_.try_emplace(connection, Registered{client_id, {}, 0, true, true});
  if (!is_new) return;
  ++spent_;
  put(connection, found->second);
}

bool Wills::is_spent(const Connection& connection) const {
  const auto found = wills_.find(connection);
  return found != wills_.end() && found->second.spent;
}

void Wills::forget_spent(Incarnation broker) {
  auto it = wills_.lower_bound({broker, Serial::none});
  while (it != wills_.end() && it->first.broker == broker) {
    const auto spent = it++;
    if (spent->second.spent) remove(spent->first);
  }
}

void Wills::remove(Connection connection) {
  const auto found = wills_.find(connection);
  if (found == wills_.end()) return;
  spent_ -= found->second.spent;
  const std::string& client_id = found->second.client_id;
  if (found->second.due_ms != 0) {
    delays_.clear(connection);
    auto& delayed = delayed_[client_id];
    std::erase(delayed, connection);
    if (delayed.empty()) delayed_.erase(client_id);
  }
  ledger_.erase(keys::will(client_id, connection));
  wills_.erase(found);
}

void Wills::publish(Now now, const Connection& connection) {
  Registered& registered = wills_.at(connection);
  wire::Publication publication = std::move(registered.will.publication);
  const bool lost = registered.lost;
  const std::string client_id = registered.client_id;
  remove(connection);
  if (lost) spend(connection, client_id);
  publication.published_ms = now.wall.ms;
  if (publication.retain) retained_.publish(now, publication, Incarnation::none, 0);
  ++published_;
  shares_.publish_will(now, std::move(publication));
}

void Wills::ended(Now now, const Connection& connection, wire::GoneReason reason,
                  const Fate& fate) {
  const auto found = wills_.find(connection);
  if (found == wills_.end() || found->second.due_ms != 0) return;
  Registered& registered = found->second;
  registered.lost = reason == wire::GoneReason::broker_lost;
  if (registered.spent && registered.lost) return;
  if (reason == wire::GoneReason::disconnected || registered.spent) return remove(connection);
  const uint32_t delay_s = std::min(registered.will.delay_s, fate.expiry_s);
  if (registered.will.delay_s > 0 && fate.kind == Fate::resumed) return remove(connection);
  if (fate.kind != Fate::detached || delay_s == 0) return publish(now, connection);
  registered.due_ms = now.wall.ms + int64_t{1000} * delay_s;
  delayed_[registered.client_id].push_back(connection);
  delays_.set(connection, now.mono + std::chrono::seconds(delay_s));
  put(connection, registered);
}

void Wills::moved(const Connection& connection) {
  const auto found = wills_.find(connection);
  if (found != wills_.end() && found->second.due_ms == 0) remove(connection);
}

std::vector<Connection> Wills::delayed_of(const std::string& client_id) const {
  const auto found = delayed_.find(client_id);
  return found == delayed_.end() ? std::vector<Connection>{} : found->second;
}

void Wills::resumed(const std::string& client_id) {
  for (const Connection& connection : delayed_of(client_id)) remove(connection);
}

void Wills::session_over(Now now, const std::string& client_id, const Connection& last) {
  for (const Connection& connection : delayed_of(client_id)) publish(now, connection);
  const auto found = wills_.find(last);
  if (found == wills_.end() || found->second.will.delay_s == 0) return;
  found->second.will.delay_s = 0;
  put(last, found->second);
}

std::vector<Wills::Open> Wills::open_of(Incarnation broker, size_t limit) const {
  std::vector<Open> found;
  for (auto it = wills_.lower_bound({broker, Serial::none}); it != wills_.end(); ++it) {
    if (it->first.broker != broker || found.size() == limit) break;
    if (it->second.due_ms == 0 && !it->second.spent)
      found.push_back({it->first, it->second.client_id});
  }
  return found;
}

void Wills::tick(Now now) {
  while (const auto connection = delays_.pop(now.mono)) publish(now, *connection);
}

}  // namespace muster::global
