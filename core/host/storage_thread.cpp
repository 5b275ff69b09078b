#include "core/host/storage_thread.hpp"

#include <utility>

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "core/net/thread_name.hpp"

namespace muster::host {

StorageThread::StorageThread(std::unique_ptr<store::Store> store, net::Waker& waker,
                             Options options)
    : store_(std::move(store)), waker_(waker), options_(options) {
  thread_ = std::thread([this] { run(); });
}

StorageThread::~StorageThread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void StorageThread::commit(store::StoreBatch batch) {
  MUSTER_CHECK(!in_flight_);
  in_flight_ = true;
  {
    const std::lock_guard lock(mutex_);
    batch_ = std::move(batch);
  }
  changed_.notify_one();
}

std::optional<uint64_t> StorageThread::take_stored() {
  if (!in_flight_) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (stored_) in_flight_ = false;
  return std::exchange(stored_, std::nullopt);
}

void StorageThread::run() {
  net::name_thread("storage");
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || batch_; });
    if (!batch_) return;
    const store::StoreBatch batch = *std::exchange(batch_, std::nullopt);
    lock.unlock();
    const bool stored = store_one(batch);
    lock.lock();
    if (!stored) return;
    stored_ = batch.number;
    waker_.wake();
    lock.unlock();
    store_->tidy();
    lock.lock();
  }
}

bool StorageThread::store_one(const store::StoreBatch& batch) {
  for (uint64_t tries = 1;; ++tries) {
    const auto committed = store_->commit(batch, batch.sync);
    if (committed) {
      if (tries > 1) log::info("the store takes writes again after {} tries", tries);
      return true;
    }
    if (tries == 1) log::error("the store does not take writes: {}", committed.error().text);
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, options_.retry, [this] { return ending_; })) {
      log::error("the last batch could not be stored; nobody was told that it was");
      return false;
    }
  }
}

}  // namespace muster::host
