#include "core/host/storage_thread.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "core/net/loop.hpp"
#include "core/store/store_memory.hpp"

namespace muster::host {
namespace {

// A memory store that outlives its thread.
class Watched : public store::Store {
 public:
  explicit Watched(store::MemoryStore& inner) : inner_(inner) {}
  Expected<std::optional<Bytes>, store::Error> get(BytesView key) override {
    return inner_.get(key);
  }
  Expected<Done, store::Error> scan(BytesView prefix, const Visit& visit) override {
    return inner_.scan(prefix, visit);
  }
  Expected<Done, store::Error> commit(const store::Batch& batch, bool sync) override {
    return inner_.commit(batch, sync);
  }

 private:
  store::MemoryStore& inner_;
};

store::StoreBatch batch(uint64_t number) {
  store::StoreBatch made;
  made.number = number;
  made.put("key", std::to_string(number));
  return made;
}

uint64_t wait_stored(net::Loop& loop, StorageThread& thread) {
  while (true) {
    loop.poll(Duration::max());
    if (const auto stored = thread.take_stored()) return *stored;
  }
}

TEST(StorageThread, StoresOneBatchAfterTheOtherAndTells) {
  store::MemoryStore kept;
  net::Loop loop;
  StorageThread thread(std::make_unique<Watched>(kept), loop.waker());
  EXPECT_FALSE(thread.take_stored());
  for (uint64_t number = 1; number <= 1000; ++number) {
    thread.commit(batch(number));
    EXPECT_EQ(wait_stored(loop, thread), number);
    EXPECT_FALSE(thread.take_stored());
  }
  EXPECT_EQ(**kept.get("key"), "1000");
}

TEST(StorageThread, TriesAgainUntilTheStoreTakesIt) {
  store::MemoryStore kept;
  kept.fail_commits(3);
  net::Loop loop;
  StorageThread thread(std::make_unique<Watched>(kept), loop.waker(), {.retry = Duration(1)});
  thread.commit(batch(7));
  EXPECT_EQ(wait_stored(loop, thread), 7u);
  EXPECT_EQ(**kept.get("key"), "7");
}

TEST(StorageThread, FinishesTheBatchInFlightWhenItEnds) {
  store::MemoryStore kept;
  net::Loop loop;
  {
    StorageThread thread(std::make_unique<Watched>(kept), loop.waker());
    thread.commit(batch(7));
  }
  EXPECT_EQ(**kept.get("key"), "7");
}

TEST(StorageThread, EndsEvenWhenTheStoreNeverTakesIt) {
  store::MemoryStore kept;
  kept.fail_commits(1'000'000);
  net::Loop loop;
  {
    StorageThread thread(std::make_unique<Watched>(kept), loop.waker(),
                         {.retry = std::chrono::hours(1)});
    thread.commit(batch(7));
  }
  EXPECT_FALSE(*kept.get("key"));
}

}  // namespace
}  // namespace muster::host
