#include "core/store/segment_store.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <random>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "core/base/log.hpp"
#include "core/store/aside.hpp"
#include "core/store/segment.hpp"

namespace muster::store {
namespace {

namespace fs = std::filesystem;

// What the newest record of a key in the log says.
struct Latest {
  Extent value;
  bool deleted = false;
  bool below = true;  // LevelDB may know the key
};

struct Part {
  Segment file;
  std::unordered_map<Bytes, Latest> keys;  // whose newest record is here
  bool synced = false;                     // something in it must survive a loss of power
};

class SegmentStore final : public Store {
 public:
  SegmentStore(std::unique_ptr<Store> below, std::string folder, const SegmentOptions& options)
      : below_(std::move(below)), folder_(std::move(folder)), options_(options) {}

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
    if (auto done = current_.file.append(batch, sequence_ + 1, extents_); !done) return done;
    ++sequence_;
    if (sync) {
      current_.synced = true;
      if (auto done = current_.file.sync(); !done) {
        spoilt_ = true;
        return done;
      }
    }
    for (size_t i = 0; i < batch.puts.size(); ++i) note_put(batch.puts[i], extents_[i]);
    for (const Bytes& key : batch.deletes) note_delete(key);
    return Done{};
  }

  void tidy() override {
    if (!closing_.file.is_open()) return;
    if (auto moved = move_slice(closing_); !moved) log::warning("{}", moved.error().text);
  }

 private:
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

  void note_put(const Put& put, Extent value) {
    const auto [at, added] = current_.keys.try_emplace(put.key);
    Latest& latest = at->second;
    if (added) latest.below = !put.fresh && leaves_below(put.key);
    latest.value = value;
    latest.deleted = false;
  }

  void note_delete(const Bytes& key) {
    const auto found = current_.keys.find(key);
    const bool below = found != current_.keys.end() ? found->second.below : leaves_below(key);
    if (below) {
      current_.keys[key] = {{}, true, true};
    } else if (found != current_.keys.end()) {
      current_.keys.erase(found);
    }
  }

  // The closing segment's record of this key is no longer the newest. May LevelDB know the key?
  bool leaves_below(const Bytes& key) {
    const auto found = closing_.keys.find(key);
    if (found == closing_.keys.end()) return true;
    const bool below = found->second.below;
    closing_.keys.erase(found);
    return below;
  }

  Expected<Done, Error> move_slice(Part& part) {
    Batch batch;
    size_t bytes = 0;
    auto end = part.keys.begin();
    for (size_t n = 0; end != part.keys.end() && n < options_.slice_records; ++n, ++end) {
      const auto& [key, latest] = *end;
      if (latest.deleted) {
        batch.deletes.push_back(key);
        continue;
      }
      bytes += latest.value.size;
      if (n > 0 && bytes > options_.slice_bytes) break;
      auto value = part.file.read(latest.value);
      if (!value) return Unexpected{value.error()};
      batch.puts.push_back({key, std::move(value).value()});
    }
    if (!batch.empty()) {
      if (auto done = below_->commit(batch, part.synced); !done) return done;
      part.keys.erase(part.keys.begin(), end);
    }
    if (part.keys.empty()) {
      part.file.remove();
      part = {};
    }
    return Done{};
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
  uint64_t number_ = 0;    // of the newest segment
  uint64_t sequence_ = 0;  // of the newest record
  std::vector<Extent> extents_;
};

struct Found {
  std::string path;
  std::string name;
  uint64_t salt = 0;
};

// Oldest first. Files that we did not write do not matter.
std::vector<Found> segments_in(const std::string& folder) {
  std::vector<Found> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    uint64_t salt = 0;
    const size_t dash = name.find('-');
    if (dash == std::string::npos || name.size() != dash + 17) continue;
    const char* end = name.data() + name.size();
    if (std::from_chars(name.data() + dash + 1, end, salt, 16).ptr != end) continue;
    found.push_back({entry.path(), name, salt});
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return std::pair(a.name.find('-'), a.name) < std::pair(b.name.find('-'), b.name);
  });
  return found;
}

void add(SegmentContent& sum, const SegmentContent& more, bool last) {
  sum.records += more.records;
  sum.missing += more.missing;
  sum.damaged_bytes += more.damaged_bytes + (last ? 0 : more.torn_bytes);
  sum.torn_bytes += last ? more.torn_bytes : 0;
}

Expected<SegmentContent, Error> move_log(Store& below, const std::vector<Found>& segments) {
  SegmentContent sum;
  uint64_t sequence = 0;
  for (const Found& segment : segments) {
    auto content = read_segment(segment.path, segment.salt, sequence,
                                [&](const Batch& batch) { return below.commit(batch, false); });
    if (!content) return content;
    add(sum, *content, &segment == &segments.back());
  }
  if (auto synced = below.commit({}, true); !synced) return Unexpected{synced.error()};
  return sum;
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
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return Unexpected{Error{fmt::format("cannot use {} as log: {}", folder, error.message())}};
  }
  const std::vector<Found> segments = segments_in(folder);
  if (!segments.empty()) {
    auto content = move_log(*opened->store, segments);
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
    for (const Found& segment : segments) fs::remove(segment.path, error);
  }
  opened->store = std::make_unique<SegmentStore>(std::move(opened->store), folder, options);
  return opened;
}

}  // namespace muster::store
