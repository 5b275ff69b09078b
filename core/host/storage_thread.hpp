#pragma once
// The thread on which a role's store may block: one batch at a time (the mind gathers the next one
// meanwhile: group commit). A batch that fails is tried again until it succeeds, so an error of the
// disk delays acknowledgements and is logged, and nothing is acknowledged that is not stored.
// commit() and take_stored() belong to the role thread.

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "core/base/time.hpp"
#include "core/net/waker.hpp"
#include "core/store/store.hpp"

namespace muster::host {

class StorageThread {
 public:
  struct Options {
    Duration retry = std::chrono::milliseconds(200);
  };

  // `waker` is woken at each stored batch.
  StorageThread(std::unique_ptr<store::Store> store, net::Waker& waker)
      : StorageThread(std::move(store), waker, Options{}) {}
  StorageThread(std::unique_ptr<store::Store> store, net::Waker& waker, Options options);
  ~StorageThread();  // finishes the batch in flight; one that fails then is given up and logged
  StorageThread(const StorageThread&) = delete;
  StorageThread& operator=(const StorageThread&) = delete;

  void commit(store::StoreBatch batch);   // none may be in flight
  std::optional<uint64_t> take_stored();  // the number of the batch that has been stored, once

 private:
  void run();
  bool store_one(const store::StoreBatch& batch);

  std::unique_ptr<store::Store> store_;
  net::Waker& waker_;
  Options options_;
  bool in_flight_ = false;  // role thread

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<store::StoreBatch> batch_;
  std::optional<uint64_t> stored_;
  bool ending_ = false;

  std::thread thread_;
};

}  // namespace muster::host
