#include "global/log.hpp"

#include <algorithm>

#include "core/wire/codec.hpp"
#include "global/keys.hpp"
#include "global/record.hpp"

namespace muster::global {
namespace {

constexpr uint64_t reservation = 1 << 16;
constexpr size_t eras_kept = 64;
// A repaired store may have lost its newest numbers: jump over whatever they were.
constexpr uint64_t jump_after_repair = uint64_t{1} << 32;

}  // namespace

bool Log::load_meta(BytesView value) {
  Reader reader(value);
  era_ = reader.number();
  reserved_ = reader.number();
  for (uint64_t count = reader.number(); count > 0 && !reader.bad(); --count) {
    const uint64_t era = reader.number();
    bases_[era] = reader.number();
  }
  return !reader.bad();
}

bool Log::load_head(uint16_t slot, BytesView value) {
  auto entry = wire::decode_row(value);
  if (!entry || slot >= wire::log_slot_count) return false;
  loaded(slot, entry->number);
  erased_heads_[slot] = std::move(*entry);
  return true;
}

void Log::loaded(uint16_t slot, uint64_t number) {
  if (slot < wire::log_slot_count) heads_[slot] = std::max(heads_[slot], number);
  stored_ = std::max(stored_, number);
}

void Log::begin(bool repaired, WallTime wall) {
  stored_heads_ = heads_;
  std::erase_if(erased_heads_,
                [&](const auto& head) { return head.second.number != heads_[head.first]; });
  ++era_;
  reserved_ = std::max(reserved_, stored_);
  if (repaired) {
    // Eras rise by one a start, so the seconds since 1970 are above each that was ever used.
    era_ = std::max(era_, static_cast<uint64_t>(std::max<int64_t>(wall.ms / 1000, 0)));
    reserved_ += jump_after_repair;
    bases_.clear();
  }
  next_ = reserved_ + 1;
  ring_.set_floor(stored_);
  bases_[era_] = repaired ? 0 : stored_;
  while (bases_.size() > eras_kept) bases_.erase(bases_.begin());
  reserved_ += reservation;
  put_meta();
}

void Log::put_meta() {
  Writer writer;
  writer.number(era_).number(reserved_).number(bases_.size());
  for (const auto& [era, base] : bases_) writer.number(era).number(base);
  ledger_.put(keys::meta(), writer.take());
  ledger_.open().sync = true;
}

uint64_t Log::take_number() {
  if (next_ > reserved_) {
    reserved_ += reservation;
    put_meta();
  }
  return next_++;
}

void Log::append_encoded(wire::EncodedEntry entry, Bytes key) {
  heads_[entry.slot] = entry.number;
  ledger_.put(std::move(key), entry.bytes);
  ledger_.open().entries.push_back(std::move(entry));
}

void Log::append_erased(uint64_t number, uint16_t slot, const std::string& device) {
  const wire::DeviceErased row{device};
  erasing_.push_back({number, heads_[slot], slot, row});
  append(number, slot, row, keys::slot_head(slot));
}

void Log::stored(const std::vector<wire::EncodedEntry>& entries) {
  for (const wire::EncodedEntry& entry : entries) {
    stored_ = entry.number;
    stored_heads_[entry.slot] = entry.number;
    if (!erasing_.empty() && erasing_.front().number == entry.number) {
      erased_heads_[entry.slot] = std::move(erasing_.front());
      erasing_.pop_front();
    }
    ring_.push(entry);
  }
}

bool Log::can_resume(Position have) const {
  if (have.number == 0 || have.era > era_ || have.number > stored_) return false;
  if (have.era < era_) {
    if (have.era < bases_.begin()->first) return false;
    for (auto later = bases_.upper_bound(have.era); later != bases_.end(); ++later) {
      if (have.number > later->second) return false;
    }
  }
  return covers(have.number);
}

}  // namespace muster::global
