#include "core/store/store_leveldb.hpp"

#include <fmt/core.h>
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include <charconv>
#include <filesystem>
#include <system_error>

#include "core/base/log.hpp"
#include "core/store/aside.hpp"

namespace muster::store {
namespace {

namespace fs = std::filesystem;

const Bytes format_key =
    "\xff\xff\xff\xff"
    "format";  // sorts behind every key of ours

leveldb::Slice slice(BytesView bytes) {
  return {bytes.data(), bytes.size()};
}
BytesView view(const leveldb::Slice& bytes) {
  return {bytes.data(), bytes.size()};
}

leveldb::ReadOptions verified(bool fill_cache = true) {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = fill_cache;
  return options;
}

class LeveldbStore : public Store {
 public:
  LeveldbStore(std::string path, const LeveldbOptions& options)
      : path_(std::move(path)), cache_(leveldb::NewLRUCache(options.block_cache)) {
    options_.create_if_missing = true;
    options_.paranoid_checks = true;
    options_.write_buffer_size = options.write_buffer;
    options_.block_cache = cache_.get();
    options_.max_open_files = 200;
  }

  leveldb::Status open() { return open(options_); }
  void close() { db_.reset(); }

  // Opens without the commits of the log whose checksum is wrong. RepairDB must not see the log:
  // it does not look at checksums there and would hand on what it finds.
  leveldb::Status open_damaged() {
    close();
    leveldb::Options lenient = options_;
    lenient.paranoid_checks = false;
    return open(lenient);
  }
  leveldb::Status repair_tables() {
    close();
    rename_logs(".log", ".log-kept");
    const leveldb::Status status = leveldb::RepairDB(path_, options_);
    rename_logs(".log-kept", ".log");
    return status;
  }

  // Reads every record once.
  leveldb::Status verify(uint64_t& records) {
    records = 0;
    const std::unique_ptr<leveldb::Iterator> it(db_->NewIterator(verified(false)));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      if (view(it->key()) != format_key) ++records;
    }
    return it->status();
  }

  Expected<std::optional<Bytes>, Error> get(BytesView key) override {
    if (!db_) return Unexpected{Error{fmt::format("store {} is closed", path_)}};
    Bytes value;
    const leveldb::Status status = db_->Get(verified(), slice(key), &value);
    if (status.IsNotFound()) return std::optional<Bytes>();
    if (!status.ok()) return failure("read", status);
    return std::optional<Bytes>(std::move(value));
  }

  Expected<Done, Error> scan(BytesView prefix, const Visit& visit) override {
    if (!db_) return Unexpected{Error{fmt::format("store {} is closed", path_)}};
    const std::unique_ptr<leveldb::Iterator> it(db_->NewIterator(verified(false)));
    for (it->Seek(slice(prefix)); it->Valid(); it->Next()) {
      if (!it->key().starts_with(slice(prefix))) break;
      if (view(it->key()) == format_key) continue;
      if (!visit(view(it->key()), view(it->value()))) break;
    }
    if (!it->status().ok()) return failure("read", it->status());
    return Done{};
  }

  Expected<Done, Error> commit(const Batch& batch, bool sync) override {
    // After a failed write LevelDB refuses all others until it is opened again.
    if (!db_) {
      const leveldb::Status status = open();
      if (!status.ok()) return failure("open", status);
    }
    leveldb::WriteBatch writes;
    for (const Batch::Write& write : batch.writes) {
      if (write.deletes) {
        batch.each_deleted(write, [&](BytesView key) { writes.Delete(slice(key)); });
      } else {
        writes.Put(slice(batch.key(write)), slice(batch.value(write)));
      }
    }
    leveldb::WriteOptions options;
    options.sync = sync;
    const leveldb::Status status = db_->Write(options, &writes);
    if (status.ok()) return Done{};
    close();
    return failure("write", status);
  }

 private:
  leveldb::Status open(const leveldb::Options& options) {
    leveldb::DB* raw = nullptr;
    const leveldb::Status status = leveldb::DB::Open(options, path_, &raw);
    db_.reset(raw);
    return status;
  }

  void rename_logs(const std::string& from, const std::string& to) {
    std::error_code error;
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path_, error)) {
      if (entry.path().extension() == from) names.push_back(entry.path().string());
    }
    for (const std::string& name : names) {
      fs::rename(name, name.substr(0, name.size() - from.size()) + to, error);
    }
  }

  Unexpected<Error> failure(const char* what, const leveldb::Status& status) const {
    return Unexpected{
        Error{fmt::format("store {}: cannot {}: {}", path_, what, status.ToString())}};
  }

  std::string path_;
  leveldb::Options options_;
  std::unique_ptr<leveldb::Cache> cache_;
  std::unique_ptr<leveldb::DB> db_;
};

// A lost CURRENT would make LevelDB begin an empty store and delete the tables of the old one.
bool lost_its_beginning(const std::string& path) {
  std::error_code error;
  if (fs::exists(fs::path(path) / "CURRENT", error)) return false;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    const std::string name = entry.path().filename();
    if (name.ends_with(".ldb") || name.ends_with(".sst") || name.starts_with("MANIFEST-")) {
      return true;
    }
  }
  return false;
}

// "IO error: lock <path>/LOCK: ...": the file is there, but another process holds it.
bool in_use(const leveldb::Status& status) {
  return status.IsIOError() && status.ToString().starts_with("IO error: lock ");
}

// Damage is what a repair may mend; everything else is for the operator.
bool damaged(const leveldb::Status& status) {
  return status.IsCorruption() || status.IsNotFound();
}

// What can be saved, saved: the log first, which leaves its good commits in tables, then the
// tables.
leveldb::Status save_the_rest(LeveldbStore& store, const std::string& path, uint64_t& records) {
  leveldb::Status status;
  if (!lost_its_beginning(path)) {
    status = store.open_damaged();
    if (status.ok()) status = store.verify(records);
    if (status.ok()) return status;
  }
  status = store.repair_tables();
  if (status.ok()) status = store.open_damaged();
  if (status.ok()) status = store.verify(records);
  return status;
}

// After this the store is open again, if need be empty.
Expected<Damage, Error> mend(LeveldbStore& store, const std::string& path, std::string what) {
  store.close();
  auto aside = copy_aside(path);
  if (!aside) return Unexpected{aside.error()};
  Damage damage{std::move(what), *aside, 0};
  log::info("store {} is damaged and kept as {}; saving what can be saved", path, damage.aside);
  leveldb::Status status = save_the_rest(store, path, damage.records_left);
  store.close();
  std::string outcome = "repaired";
  if (!status.ok()) {
    outcome = fmt::format("begun anew, since it cannot be repaired ({})", status.ToString());
    std::error_code error;
    fs::remove_all(path, error);
    damage.records_left = 0;
  }
  status = store.open();
  if (!status.ok()) {
    return Unexpected{Error{fmt::format("store {}: {}", path, status.ToString())}};
  }
  log::error("store {} was damaged ({}): it is set aside as {} and {}; {} records are left", path,
             damage.what, damage.aside, outcome, damage.records_left);
  return damage;
}

Expected<Done, Error> make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error && fs::is_directory(path, error)) return Done{};
  const std::string why = error ? error.message() : "not a folder";
  return Unexpected{Error{fmt::format("cannot use {} as store: {}", path, why)}};
}

// An empty or mended store gets our format number; a newer one or somebody else's is refused.
Expected<Done, Error> check_format(Store& store, const std::string& path, bool fresh) {
  auto value = store.get(format_key);
  if (!value) return Unexpected{value.error()};
  Batch ours;
  ours.put(format_key, fmt::format("{}", format_number));
  if (!*value) {
    if (fresh) return store.commit(ours, true);
    return Unexpected{Error{fmt::format("{} holds a LevelDB that is not Muster's", path)}};
  }
  const Bytes& text = **value;
  uint32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec == std::errc() && number == format_number) return Done{};
  if (parsed.ec == std::errc() && number < format_number) return store.commit(ours, true);
  return Unexpected{Error{fmt::format("store {} has format {}, this version knows up to {}", path,
                                      text, format_number)}};
}

}  // namespace

Expected<Opened, Error> open_leveldb(const std::string& path, const LeveldbOptions& options) {
  if (auto made = make_folder(path); !made) return Unexpected{made.error()};
  auto store = std::make_unique<LeveldbStore>(path, options);
  std::optional<Damage> damage;
  uint64_t records = 0;
  leveldb::Status status = leveldb::Status::Corruption("CURRENT is missing");
  if (!lost_its_beginning(path)) {
    status = store->open();
    if (status.ok()) status = store->verify(records);
  }
  if (in_use(status)) {
    return Unexpected{Error{fmt::format("store {} is in use by another process", path)}};
  }
  if (damaged(status)) {
    auto mended = mend(*store, path, status.ToString());
    if (!mended) return Unexpected{mended.error()};
    damage = std::move(*mended);
  } else if (!status.ok()) {
    return Unexpected{Error{fmt::format("cannot open store {}: {}", path, status.ToString())}};
  }
  const bool fresh = damage.has_value() || records == 0;
  if (auto format = check_format(*store, path, fresh); !format) return Unexpected{format.error()};
  return Opened{std::move(store), std::move(damage)};
}

}  // namespace muster::store
