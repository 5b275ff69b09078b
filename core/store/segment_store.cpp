#include "core/store/segment_store.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <system_error>
#include <utility>

#include "core/base/log.hpp"
#include "core/store/aside.hpp"
#include "core/store/key_table.hpp"
#include "core/store/segment.hpp"

namespace muster::store {
namespace {

namespace fs = std::filesystem;

struct Part {
  Segment file;
  KeyTable keys;         // whose newest record is here
  uint32_t moving = 0;   // those before this place have moved to LevelDB
  bool synced = false;   // something in it must survive a loss of power
  bool on_disk = false;  // all of it is: it was synced after its last record
};

class SegmentStore final : public Store {
 public:
  // `number`: of the newest segment that was there.
  SegmentStore(std::unique_ptr<Store> below, std::string folder, const SegmentOptions& options,
               uint64_t number)
      : below_(std::move(below)), folder_(std::move(folder)), options_(options), number_(number) {}

  // Reading is for the start and for tests: all of the log moves first.
  Expected<std::optional<Bytes>, Error> get(BytesView key) override {
    if (auto settled = settle(); !settled) return Unexpected{settled.error()};
    return below_->get(key);
  }
  Expected<Done, Error> scan(BytesView prefix, const Visit& visit) override {
    if (auto settled = settle(); !settled) return settled;
    return below_->scan(prefix, visit);
  }

  Expected<Done, Error> commit(const Batch& batch, bool sync) override {
    if (auto ready = make_room(); !ready) return ready;
    if (sync && closing_.file.is_open() && !closing_.on_disk) {  // what it rests on
      if (auto done = closing_.file.sync(); !done) return done;
      closing_.on_disk = true;
    }
    if (auto done = current_.file.append(batch, sequence_ + 1, extents_); !done) return done;
    ++sequence_;
    current_.on_disk = false;
    if (sync) {
      current_.synced = true;
      if (auto done = sync_current(); !done) return done;
    }
    for (size_t i = 0; i < batch.writes.size(); ++i) {
      const Batch::Write& write = batch.writes[i];
      if (write.deletes) {
        batch.each_deleted(write, [this](BytesView key) { note_delete(key); });
      } else {
        note_put(batch.key(write), write.fresh, extents_[i]);
      }
    }
    return Done{};
  }

  void tidy() override {
    if (!closing_.file.is_open() || pause_ > 0) {
      pause_ -= pause_ > 0 ? 1 : 0;
      return;
    }
    const auto moved = move_slice(closing_);
    if (!moved && !failing_) log::warning("the log cannot move on: {}", moved.error().text);
    failing_ = !moved;
    if (failing_) pause_ = tidies_after_failure;
  }

 private:
  static constexpr uint32_t tidies_after_failure = 256;

  Expected<Done, Error> make_room() {
    const bool full = current_.file.size() >= options_.segment_bytes;
    if (current_.file.is_open() && !full && !spoilt_) return Done{};
    if (auto moved = move_all(closing_); !moved) return moved;
    std::random_device random;
    const uint64_t salt = uint64_t{random()} << 32 | random();
    auto next = Segment::create(fmt::format("{}/{:08}-{:016x}", folder_, ++number_, salt), salt);
    if (!next) return Unexpected{next.error()};
    closing_ = std::exchange(current_, {});
    current_.file = std::move(next).value();
    spoilt_ = false;
    return Done{};
  }

  void note_put(BytesView key, bool fresh, Extent value) {
    const auto [place, added] = current_.keys.insert(key);
    Latest& latest = current_.keys.at(place);
    if (added) latest.below = !fresh && leaves_below(key);
    latest.value = value;
    latest.deleted = false;
  }

  void note_delete(BytesView key) {
    const uint32_t known = current_.keys.find(key);
    const bool here = known != KeyTable::none;
    const bool below = here ? current_.keys.at(known).below : leaves_below(key);
    if (below) {
      current_.keys.at(here ? known : current_.keys.insert(key).first) = {{}, true, true};
    } else if (here) {
      current_.keys.erase(known);
    }
  }

  // The closing segment's record of this key is no longer the newest. May LevelDB know the key?
  bool leaves_below(BytesView key) {
    const uint32_t known = closing_.keys.find(key);
    if (known == KeyTable::none) return true;
    const bool below = closing_.keys.at(known).below;
    closing_.keys.erase(known);
    return below;
  }

  // Always synced: what LevelDB has of a synced segment must not get lost with LevelDB's own log.
  Expected<Done, Error> move_slice(Part& part) {
    Batch batch;
    size_t bytes = 0;
    std::vector<uint32_t> moved;
    if (part.keys.next(part.moving) == KeyTable::none) part.moving = 0;
    for (uint32_t at = part.keys.next(part.moving);
         at != KeyTable::none && moved.size() < options_.slice_records;
         at = part.keys.next(at + 1)) {
      Latest& latest = part.keys.at(at);
      bytes += latest.value.size;
      if (!moved.empty() && bytes > options_.slice_bytes) break;
      moved.push_back(at);
      latest.below = true;  // also if the commit fails: it may be there all the same
      if (latest.deleted) {
        batch.erase(part.keys.key(at));
        continue;
      }
      auto value = part.file.read(latest.value);
      if (!value) return Unexpected{value.error()};
      batch.put(part.keys.key(at), *value);
    }
    if (!batch.empty()) {
      if (auto done = below_->commit(batch, true); !done) return done;
      for (const uint32_t at : moved) part.keys.erase(at);
      part.moving = moved.back() + 1;
    }
    return part.keys.empty() ? drop(part) : Done{};
  }

  // Its records are in LevelDB, or newer ones in the current segment: on disk, if these were.
  Expected<Done, Error> drop(Part& part) {
    if (part.synced && current_.file.is_open() && !current_.on_disk) {
      if (auto done = sync_current(); !done) return done;
    }
    part.file.remove();
    part = {};
    return Done{};
  }

  Expected<Done, Error> sync_current() {
    auto done = current_.file.sync();
    spoilt_ |= !done;
    current_.on_disk = done.has_value();
    return done;
  }

  Expected<Done, Error> move_all(Part& part) {
    while (part.file.is_open()) {
      if (auto moved = move_slice(part); !moved) return moved;
    }
    return Done{};
  }

  Expected<Done, Error> settle() {
    if (auto moved = move_all(closing_); !moved) return moved;
    return move_all(current_);
  }

  std::unique_ptr<Store> below_;
  std::string folder_;
  SegmentOptions options_;
  Part current_;
  Part closing_;
  bool spoilt_ = false;    // nobody knows what of the current segment is on disk
  bool failing_ = false;   // the last tidy() failed
  uint32_t pause_ = 0;     // tidies that pass until it is tried again
  uint64_t number_;        // of the newest segment
  uint64_t sequence_ = 0;  // of the newest record
  std::vector<Extent> extents_;
};

struct Found {
  std::string path;
  uint64_t number = 0;
  uint64_t salt = 0;
};

// "00000012-0123456789abcdef"
std::optional<Found> parse_name(const fs::path& path) {
  const std::string name = path.filename();
  const size_t dash = name.find('-');
  if (dash == std::string::npos || name.size() != dash + 17) return std::nullopt;
  Found found{path, 0, 0};
  const char* begin = name.data();
  const char* end = begin + name.size();
  if (std::from_chars(begin, end, found.number).ptr != begin + dash) return std::nullopt;
  if (std::from_chars(begin + dash + 1, end, found.salt, 16).ptr != end) return std::nullopt;
  return found;
}

// Oldest first. Files that we did not write do not matter.
Expected<std::vector<Found>, Error> segments_in(const std::string& folder) {
  std::vector<Found> found;
  std::error_code error;
  fs::create_directories(folder, error);
  fs::directory_iterator at;
  if (!error) at = fs::directory_iterator(folder, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    if (auto segment = parse_name(at->path())) found.push_back(std::move(*segment));
  }
  if (error) {
    return Unexpected{Error{fmt::format("cannot use {} as log: {}", folder, error.message())}};
  }
  std::sort(found.begin(), found.end(),
            [](const Found& a, const Found& b) { return a.number < b.number; });
  return found;
}

void add(SegmentContent& sum, const SegmentContent& more, bool last) {
  sum.records += more.records;
  sum.missing += more.missing;
  sum.damaged_bytes += more.damaged_bytes + (last ? 0 : more.torn_bytes);
  sum.torn_bytes += last ? more.torn_bytes : 0;
}

using LastWords = std::map<Bytes, std::optional<Bytes>>;  // by key; without value: deleted

Expected<SegmentContent, Error> read_log(const std::vector<Found>& segments, LastWords& last) {
  SegmentContent sum;
  uint64_t sequence = 0;
  for (const Found& segment : segments) {
    auto content = read_segment(segment.path, segment.salt, sequence, [&](Batch& batch) {
      for (const Batch::Write& write : batch.writes) {
        if (write.deletes) {
          batch.each_deleted(write, [&](BytesView key) { last[Bytes(key)].reset(); });
        } else {
          last[Bytes(batch.key(write))] = Bytes(batch.value(write));
        }
      }
    });
    if (!content) return content;
    add(sum, *content, &segment == &segments.back());
  }
  return sum;
}

// Synced piece by piece: LevelDB does not sync the rest of its own log when it begins another one.
Expected<Done, Error> write_below(Store& below, LastWords last, const SegmentOptions& options) {
  while (!last.empty()) {
    Batch batch;
    for (size_t bytes = 0; !last.empty() && bytes <= options.slice_bytes;) {
      auto word = last.extract(last.begin());
      bytes += word.key().size() + (word.mapped() ? word.mapped()->size() : 0);
      if (word.mapped()) {
        batch.put(word.key(), *word.mapped());
      } else {
        batch.erase(word.key());
      }
    }
    if (auto done = below.commit(batch, true); !done) return done;
  }
  return Done{};
}

Expected<Done, Error> remove(const std::vector<Found>& segments) {
  for (const Found& segment : segments) {
    std::error_code error;
    fs::remove(segment.path, error);
    if (error) {
      return Unexpected{Error{fmt::format("cannot remove {}: {}", segment.path, error.message())}};
    }
  }
  return Done{};
}

Expected<Damage, Error> set_aside(const std::string& folder, const SegmentContent& content) {
  auto aside = copy_aside(folder);
  if (!aside) return Unexpected{aside.error()};
  Damage damage{fmt::format("{} bytes of the log are no records, {} commits are missing",
                            content.damaged_bytes, content.missing),
                *aside, content.records};
  log::error("log {} was damaged ({}): it is set aside as {}; {} commits are left", folder,
             damage.what, damage.aside, damage.records_left);
  return damage;
}

}  // namespace

Expected<Opened, Error> open_segment_store(const std::string& path, const LeveldbOptions& leveldb,
                                           const SegmentOptions& options) {
  auto opened = open_leveldb(path, leveldb);
  if (!opened) return opened;
  const std::string folder = path + ".log";
  auto segments = segments_in(folder);
  if (!segments) return Unexpected{segments.error()};
  LastWords last;
  auto content = read_log(*segments, last);
  if (!content) return Unexpected{content.error()};
  if (content->torn_bytes > 0) {
    log::info("log {}: a commit of {} bytes was cut off; nobody was told that it was stored",
              folder, content->torn_bytes);
  }
  if (content->damaged_bytes > 0 || content->missing > 0) {
    auto damage = set_aside(folder, *content);
    if (!damage) return Unexpected{damage.error()};
    if (!opened->damage) opened->damage = std::move(*damage);
  }
  if (auto done = write_below(*opened->store, std::move(last), options); !done) {
    return Unexpected{done.error()};
  }
  if (auto done = remove(*segments); !done) return Unexpected{done.error()};
  const uint64_t newest = segments->empty() ? 0 : segments->back().number;
  opened->store = std::make_unique<SegmentStore>(std::move(opened->store), folder, options, newest);
  return opened;
}

}  // namespace muster::store
