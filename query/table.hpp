#pragma once
// The rows of a query server in memory: devices in the order of their names, users with their
// devices, broker incarnations. Compact: about 150 bytes a device besides its names (bench_query).
// A device is read through its broker's state and its user's attributes. Owned by a Feed, which
// alone changes it; one thread.
//
// Ids are stable while a row lives, so a scan by id that yields sees every row that was there all
// the time exactly once.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/texts.hpp"
#include "core/wire/query.hpp"
#include "core/wire/rows.hpp"
#include "query/ordered_index.hpp"
#include "query/packed_row.hpp"
#include "query/paged.hpp"
#include "query/row_view.hpp"
#include "query/slots.hpp"

namespace muster::query {

using UserId = uint32_t;

// Through which state of its broker a row is read: the present one, or the one that its watchers
// have been told (Feed::pump).
enum class Read : uint8_t { present, told };

// One device in memory.
struct StoredRow {
  Texts<3> texts;  // user, device, address
  int64_t since_ms = 0;
  int64_t last_seen_ms = 0;
  uint64_t number = 0;           // of its entry in the log
  uint64_t change = UINT64_MAX;  // Table::change
  Serial serial = Serial::none;
  Term term = Term::none;
  UserId user = no_id;
  uint32_t broker = no_id;
  RowId user_next = no_id;
  RowId user_previous = no_id;
  uint16_t keep_alive_s = 0;
  uint16_t slot = 0;
  uint8_t protocol = 0;
  wire::GoneReason why = wire::GoneReason::none;
  bool used : 1 = false;
  bool connected : 1 = false;
  bool persistent : 1 = false;
  bool mark : 1 = false;
  wire::BrokerState told : 2 = wire::BrokerState::alive;
};

class Table {
 public:
  Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // Changes. put() tells the present broker state: whoever announces a change looks before and
  // after.
  RowId put(const wire::DeviceRow& row, uint16_t slot, uint64_t number = 0);
  void erase(RowId id);
  void put_user(const wire::UserRow& row);
  // True if the devices of this incarnation read differently now.
  bool put_broker(const wire::BrokerRow& row, uint64_t number);
  // A snapshot replaces what it does not name: rows not put between the two are erased.
  void begin_replace();
  void end_replace();
  void erase_slots_outside(const SlotSet& slots);

  // Devices.
  RowId find(std::string_view device) const { return order_.find(device); }
  size_t size() const { return rows_.size(); }
  RowId end() const { return rows_.end(); }
  bool alive(RowId id) const { return rows_[id].used; }
  uint16_t slot(RowId id) const { return rows_[id].slot; }
  std::string_view device(RowId id) const;
  // Without `user` the view spares a visit to the user's record: no name, no attributes.
  RowView view(RowId id, Read read = Read::present, bool user = true) const;
  wire::AnswerRow answer_row(RowId id, Read read = Read::present) const {
    return answer_of(view(id, read), facts(id, read));
  }
  wire::DeviceRow device_row(RowId id) const;  // as it came, not read through its broker
  RowFacts facts(RowId id, Read read = Read::present) const;
  PackedRow pack(RowId id, Read read = Read::present) const {
    return PackedRow(view(id, read), facts(id, read));
  }
  size_t bytes(RowId id) const;  // about what the row takes in an answer

  // In the order of device names.
  struct DeviceName {
    const Paged<StoredRow>* rows;
    std::string_view operator()(RowId id) const;
  };
  const OrderedIndex<DeviceName>& order() const { return order_; }

  // What watchers were told about the broker's state, and the log number that changed it.
  bool untold(RowId id) const;
  uint64_t broker_number(RowId id) const;
  uint64_t broker_number(Incarnation incarnation, const std::string& name) const;  // 0: not known
  void tell(RowId id);

  // The place of its newest change in the Feed's ring; UINT64_MAX: none.
  uint64_t change(RowId id) const { return rows_[id].change; }
  void set_change(RowId id, uint64_t place) { rows_[id].change = place; }

  // Users.
  UserId find_user(std::string_view user) const { return users_order_.find(user); }
  size_t user_count() const { return users_.size(); }
  uint32_t devices_of(UserId user) const;
  RowId first_of(UserId user) const;
  RowId next_of_user(RowId id) const;

 private:
  struct User {
    Texts<1> name;  // while it has no device that says it
    std::unique_ptr<const Attributes> attributes;
    RowId first = no_id;
    uint32_t devices = 0;
    bool used = false;
    bool mark = false;
  };
  struct Broker {
    std::string name;
    Incarnation incarnation = Incarnation::none;
    wire::BrokerState state = wire::BrokerState::unreachable;  // until its row comes
    int64_t since_ms = 0;
    uint64_t number = 0;
    uint32_t devices = 0;
    bool known = false;
    bool mark = false;
  };
  struct UserName {
    const Paged<User>* users;
    const Paged<StoredRow>* rows;
    std::string_view operator()(UserId id) const {
      const User& user = (*users)[id];
      return user.first == no_id ? user.name[0] : (*rows)[user.first].texts[0];
    }
  };

  UserId user_for(const std::string& name);
  uint32_t broker_for(Incarnation incarnation, const std::string& name);
  void join_user(RowId id, UserId user);
  void leave_user(RowId id);
  void drop_user_if_empty(UserId id);
  void drop_empty_brokers();

  Paged<StoredRow> rows_;
  OrderedIndex<DeviceName> order_;
  Paged<User> users_;
  OrderedIndex<UserName> users_order_;
  Paged<Broker> brokers_;
  std::map<std::pair<Incarnation, std::string>, uint32_t> broker_ids_;
  bool mark_ = false;  // of rows that the latest snapshot named, or that came after it
  bool replacing_ = false;
};

inline std::string_view Table::DeviceName::operator()(RowId id) const {
  return (*rows)[id].texts[1];
}

}  // namespace muster::query
