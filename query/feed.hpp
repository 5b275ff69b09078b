#pragma once
// Log entries become rows, and rows become visible changes for watchers. When a broker's state
// changes, all its devices read differently at once; their watchers are told a bounded number of
// rows a turn (pump). A device's own next change first tells what its watchers were not told yet,
// so changes come in order for each device. Owned by Query, one thread.

#include <functional>
#include <optional>

#include "query/change.hpp"
#include "query/replica.hpp"
#include "query/table.hpp"

namespace muster::query {

class Feed : public Rows {
 public:
  explicit Feed(const Options& options);

  // `on_change` gets each change with its place in the ring; `on_reset` says that the rows were
  // replaced, or changed in ways that are not told one by one: for watches of attributes only, or
  // for all.
  using OnChange = std::function<void(const Change& change, uint64_t place)>;
  using OnReset = std::function<void(bool only_attributes)>;
  using OnSlotsDropped = std::function<void()>;
  // `on_blur`: a broker's state changed again before its devices' watchers were told. They are told
  // what came of it; but whoever read the state between at another server is not.
  using OnBlur = std::function<void()>;
  void listen(OnChange on_change, OnReset on_reset, OnSlotsDropped on_slots_dropped,
              OnBlur on_blur);

  void apply(const wire::LogEntry& entry) override;
  void begin_snapshot() override;
  void load(const wire::LogEntry& entry) override;
  void end_snapshot(Position at) override;
  void proven(Position at) override { proven_ = at.number; }
  void resumed(uint64_t era, uint64_t number) override;
  void drop_slots_outside(const SlotSet& slots) override;

  // Tells watchers about devices of brokers whose state changed; about `budget` row visits.
  void pump(int64_t& budget);
  bool has_work() const { return to_visit_ > 0; }

  // How the row reads after a change of the ring.
  RowView after(const Change& change) const;
  wire::AnswerRow answer(const Change& change) const;

  const Table& table() const { return table_; }
  const Ring& ring() const { return ring_; }
  // Every change up to here was told: it is in the ring, or gone from it.
  Position told() const;
  // Whether changes after this position can be replayed from the ring.
  bool covers(Position position) const;

 private:
  void apply_device(uint64_t number, const wire::DeviceRow& row, uint16_t slot);
  void apply_erased(uint64_t number, const std::string& device);
  void apply_user(uint64_t number, const wire::UserRow& row);
  void apply_broker(uint64_t number, const wire::BrokerRow& row);
  void tell_broker(RowId id);
  PackedRow settle(RowId id);
  void push(Change change);

  // An attribute change of a user with more devices is told to its watchers as a reset.
  static constexpr uint32_t user_devices_max = 1000;
  struct EraEnd {
    uint64_t era = 0;
    uint64_t number = 0;  // positions up to here go on
  };
  static constexpr size_t eras_kept = 8;

  Table table_;
  Ring ring_;
  OnChange on_change_;
  OnReset on_reset_;
  OnSlotsDropped on_slots_dropped_;
  OnBlur on_blur_;
  uint64_t era_ = 0;
  uint64_t proven_ = 0;
  std::vector<EraEnd> old_eras_;

  // The walk over rows whose watchers were not told their broker's state.
  RowId walk_ = 0;
  size_t to_visit_ = 0;
  std::optional<uint64_t> walk_floor_;  // everything up to here is told
  uint64_t blurred_ = 0;                // number of the newest blur
};

}  // namespace muster::query
