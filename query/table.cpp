#include "query/table.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace muster::query {

namespace {

constexpr size_t brokers_kept = 1024;  // incarnations without devices, beyond: the dead ones leave

// wire::read_status for a stored row.
wire::Status read_through(bool connected, wire::BrokerState broker) {
  if (!connected) return wire::Status::offline;
  switch (broker) {
    case wire::BrokerState::alive:
      return wire::Status::online;
    case wire::BrokerState::unreachable:
      return wire::Status::unknown;
    case wire::BrokerState::dead:
      break;
  }
  return wire::Status::offline;
}

}  // namespace

Table::Table() : order_(DeviceName{&rows_}), users_order_(UserName{&users_, &rows_}) {}

// ---- devices ----------------------------------------------------------------------------------

RowId Table::put(const wire::DeviceRow& from, uint16_t slot, uint64_t number) {
  RowId id = find(from.device);
  const bool is_new = id == no_id;
  if (is_new) id = rows_.add();
  StoredRow& row = rows_[id];
  row.since_ms = from.since_ms;
  row.last_seen_ms = from.last_seen_ms;
  row.number = number;
  row.serial = from.serial;
  row.term = from.term;
  row.keep_alive_s = from.keep_alive_s;
  row.slot = slot;
  row.protocol = from.protocol;
  row.why = from.why;
  row.connected = from.connected;
  row.persistent = from.persistent;
  row.mark = mark_;
  row.used = true;

  const UserId user = user_for(from.user);
  const bool joins = row.user != user;
  if (joins && !is_new) leave_user(id);
  if (joins || row.texts[2] != from.address) {
    row.texts = Texts<3>({from.user, from.device, from.address});
  }
  if (joins) join_user(id, user);
  if (is_new) order_.insert(id);
  const uint32_t broker = broker_for(from.broker, from.broker_name);
  if (row.broker != broker) {
    if (!is_new) --brokers_[row.broker].devices;
    row.broker = broker;
    ++brokers_[broker].devices;
  }
  tell(id);
  return id;
}

void Table::erase(RowId id) {
  leave_user(id);
  --brokers_[rows_[id].broker].devices;
  order_.erase(id);
  rows_.remove(id);
}

std::string_view Table::device(RowId id) const {
  return DeviceName{&rows_}(id);
}

RowView Table::view(RowId id, Read read, bool user) const {
  const StoredRow& row = rows_[id];
  const Broker& broker = brokers_[row.broker];
  const wire::BrokerState state = read == Read::told ? row.told : broker.state;
  RowView view;
  view.device = row.texts[1];
  view.address = row.texts[2];
  view.broker = broker.name;
  view.status = read_through(row.connected, state);
  view.why = row.why;
  view.protocol = row.protocol;
  view.since_ms = row.since_ms;
  view.last_seen_ms = row.last_seen_ms;
  // The present state of a device whose broker is lost began when that was noticed.
  if (row.connected && state != wire::BrokerState::alive && state == broker.state &&
      broker.since_ms != 0) {
    view.since_ms = broker.since_ms;
  }
  if (row.connected && state == wire::BrokerState::dead) view.why = wire::GoneReason::broker_lost;
  if (user) {
    view.user = row.texts[0];
    view.attributes = users_[row.user].attributes.get();
  }
  return view;
}

RowFacts Table::facts(RowId id, Read read) const {
  const StoredRow& row = rows_[id];
  RowFacts facts;
  facts.number = row.number;
  if (row.connected && (read == Read::present || !untold(id))) {
    facts.number = std::max(facts.number, broker_number(id));
  }
  facts.broker = brokers_[row.broker].incarnation;
  facts.serial = row.serial;
  facts.term = row.term;
  facts.keep_alive_s = row.keep_alive_s;
  facts.connected = row.connected;
  facts.persistent = row.persistent;
  return facts;
}

wire::DeviceRow Table::device_row(RowId id) const {
  const StoredRow& row = rows_[id];
  const Broker& broker = brokers_[row.broker];
  wire::DeviceRow out;
  out.user = row.texts[0];
  out.device = row.texts[1];
  out.address = row.texts[2];
  out.connected = row.connected;
  out.broker = broker.incarnation;
  out.broker_name = broker.name;
  out.serial = row.serial;
  out.term = row.term;
  out.protocol = row.protocol;
  out.keep_alive_s = row.keep_alive_s;
  out.persistent = row.persistent;
  out.since_ms = row.since_ms;
  out.last_seen_ms = row.last_seen_ms;
  out.why = row.why;
  return out;
}

size_t Table::bytes(RowId id) const {
  const StoredRow& row = rows_[id];
  const User& user = users_[row.user];
  size_t size = 96;
  for (size_t i = 0; i < 3; ++i) size += row.texts[i].size();
  if (user.attributes)
    for (const auto& [name, value] : *user.attributes) size += name.size() + value.size() + 10;
  return size;
}

bool Table::untold(RowId id) const {
  const StoredRow& row = rows_[id];
  return row.connected && row.told != brokers_[row.broker].state;
}

uint64_t Table::broker_number(RowId id) const {
  return brokers_[rows_[id].broker].number;
}

uint64_t Table::broker_number(Incarnation incarnation, const std::string& name) const {
  const auto known = broker_ids_.find({incarnation, name});
  return known == broker_ids_.end() ? 0 : brokers_[known->second].number;
}

void Table::tell(RowId id) {
  rows_[id].told = brokers_[rows_[id].broker].state;
}

// ---- a snapshot replaces the rows
// ----------------------------------------------------------------

void Table::begin_replace() {
  if (!replacing_) {
    replacing_ = true;
    mark_ = !mark_;
    return;
  }
  // The last one was not finished: nothing of it counts.
  for (RowId id = 0; id < rows_.end(); ++id) rows_[id].mark = !mark_;
  for (UserId id = 0; id < users_.end(); ++id) users_[id].mark = !mark_;
  for (uint32_t id = 0; id < brokers_.end(); ++id) brokers_[id].mark = !mark_;
}

void Table::end_replace() {
  MUSTER_CHECK(replacing_);
  replacing_ = false;
  for (RowId id = 0; id < rows_.end(); ++id)
    if (alive(id) && rows_[id].mark != mark_) erase(id);
  for (UserId id = 0; id < users_.end(); ++id) {
    if (!users_[id].used || users_[id].mark == mark_) continue;
    users_[id].attributes.reset();
    drop_user_if_empty(id);
  }
  for (uint32_t id = 0; id < brokers_.end(); ++id) {
    if (!brokers_[id].known || brokers_[id].mark == mark_) continue;
    brokers_[id].known = false;
    brokers_[id].state = wire::BrokerState::unreachable;
  }
  for (RowId id = 0; id < rows_.end(); ++id)
    if (alive(id)) tell(id);
  drop_empty_brokers();
}

void Table::erase_slots_outside(const SlotSet& slots) {
  for (RowId id = 0; id < rows_.end(); ++id)
    if (alive(id) && !slots.test(rows_[id].slot)) erase(id);
}

// ---- users and brokers
// -----------------------------------------------------------------------------

UserId Table::user_for(const std::string& name) {
  UserId id = find_user(name);
  if (id != no_id) return id;
  id = users_.add();
  users_[id].name = Texts<1>({name});
  users_[id].used = true;
  users_[id].mark = mark_;
  users_order_.insert(id);
  return id;
}

void Table::put_user(const wire::UserRow& row) {
  const UserId id = user_for(row.user);
  User& user = users_[id];
  user.mark = mark_;
  if (row.attributes.empty()) {
    user.attributes.reset();
  } else {
    user.attributes = std::make_unique<const Attributes>(row.attributes);
  }
  drop_user_if_empty(id);
}

void Table::drop_user_if_empty(UserId id) {
  if (users_[id].devices > 0 || users_[id].attributes) return;
  users_order_.erase(id);
  users_.remove(id);
}

uint32_t Table::devices_of(UserId user) const {
  return users_[user].devices;
}
RowId Table::first_of(UserId user) const {
  return users_[user].first;
}
RowId Table::next_of_user(RowId id) const {
  return rows_[id].user_next;
}

uint32_t Table::broker_for(Incarnation incarnation, const std::string& name) {
  const auto [it, is_new] = broker_ids_.try_emplace({incarnation, name}, no_id);
  if (is_new) {
    it->second = brokers_.add();
    brokers_[it->second].name = name;
    brokers_[it->second].incarnation = incarnation;
    brokers_[it->second].mark = mark_;
  }
  return it->second;
}

bool Table::put_broker(const wire::BrokerRow& row, uint64_t number) {
  if (broker_ids_.size() >= brokers_kept) drop_empty_brokers();
  Broker& broker = brokers_[broker_for(row.incarnation, row.name)];
  const bool changed = broker.state != row.state;
  broker.state = row.state;
  broker.since_ms = row.since_ms;
  broker.known = true;
  broker.mark = mark_;
  if (changed) broker.number = number;
  return changed && broker.devices > 0;
}

void Table::drop_empty_brokers() {
  for (auto it = broker_ids_.begin(); it != broker_ids_.end();) {
    const Broker& broker = brokers_[it->second];
    const bool unused = !broker.known || broker.state == wire::BrokerState::dead;
    if (broker.devices > 0 || !unused || broker_ids_.size() < brokers_kept) {
      ++it;
      continue;
    }
    brokers_.remove(it->second);
    it = broker_ids_.erase(it);
  }
}

void Table::join_user(RowId id, UserId user_id) {
  StoredRow& row = rows_[id];
  User& user = users_[user_id];
  user.name = {};
  row.user = user_id;
  row.user_previous = no_id;
  row.user_next = user.first;
  if (user.first != no_id) rows_[user.first].user_previous = id;
  user.first = id;
  ++user.devices;
}

void Table::leave_user(RowId id) {
  StoredRow& row = rows_[id];
  User& user = users_[row.user];
  if (row.user_previous != no_id) rows_[row.user_previous].user_next = row.user_next;
  if (row.user_next != no_id) rows_[row.user_next].user_previous = row.user_previous;
  if (user.first == id) user.first = row.user_next;
  if (user.first == no_id) user.name = Texts<1>({row.texts[0]});
  --user.devices;
  drop_user_if_empty(row.user);
}

}  // namespace muster::query
