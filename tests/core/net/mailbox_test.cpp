#include "core/net/mailbox.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <vector>

#include "core/net/loop.hpp"

namespace muster::net {
namespace {

TEST(Mailbox, HandsOverWholeBatchesInOrder) {
  Waker waker;
  Mailbox<std::unique_ptr<int>> box(waker);
  std::vector<std::unique_ptr<int>> letters;
  EXPECT_FALSE(box.take(letters));

  std::vector<std::unique_ptr<int>> batch;
  batch.push_back(std::make_unique<int>(1));
  batch.push_back(std::make_unique<int>(2));
  box.post(batch);
  EXPECT_TRUE(batch.empty());
  box.post(std::make_unique<int>(3));
  EXPECT_EQ(box.depth(), 3u);

  ASSERT_TRUE(box.take(letters));
  ASSERT_EQ(letters.size(), 3u);
  EXPECT_EQ(*letters[0], 1);
  EXPECT_EQ(*letters[2], 3);
  EXPECT_EQ(box.depth(), 0u);
  letters.clear();
  EXPECT_FALSE(box.take(letters));
}

TEST(Mailbox, GivesBackWhatTheConsumerHasDoneWith) {
  Waker waker;
  Mailbox<std::vector<int>> box(waker);
  std::vector<int> letter{1, 2, 3};
  const int* const memory = letter.data();
  box.exchange(letter);
  EXPECT_TRUE(letter.empty());

  std::vector<std::vector<int>> letters;
  std::vector<std::vector<int>> done;
  ASSERT_TRUE(box.take(letters, done));
  ASSERT_EQ(letters.size(), 1u);
  letters[0].clear();
  done = std::move(letters);
  letters.clear();
  EXPECT_FALSE(box.take(letters, done));  // goes back with the next

  box.post({4});
  ASSERT_TRUE(box.take(letters, done));
  EXPECT_TRUE(done.empty());
  letter = {5};
  box.exchange(letter);
  EXPECT_TRUE(letter.empty());
  EXPECT_EQ(letter.data(), memory);
}

// A write for each would be a system call for each.
TEST(Mailbox, WhoIsAwakeIsWokenWithoutASystemCall) {
  Loop loop;
  Mailbox<int> box(loop.waker());
  loop.poll(Duration::zero());
  box.post(1);
  uint64_t count = 0;
  EXPECT_EQ(::read(loop.waker().fd().get(), &count, sizeof count), -1);
  loop.poll(Duration::max());  // does not wait
  std::vector<int> letters;
  EXPECT_TRUE(box.take(letters));
}

TEST(Mailbox, AnEmptyBatchWakesNobody) {
  Loop loop;
  Mailbox<int> box(loop.waker());
  std::vector<int> nothing;
  box.post(nothing);
  EXPECT_TRUE(loop.poll(Duration::zero()).empty());
  EXPECT_EQ(box.depth(), 0u);
}

// The consumer sleeps without a timeout whenever its boxes are empty: a lost wake would hang here.
TEST(Mailbox, NoLetterIsLostOrReorderedBetweenThreads) {
  constexpr int producers = 4;
  constexpr int rounds = 20'000;
  Loop loop;
  Mailbox<std::pair<int, int>> first(loop.waker());
  Mailbox<std::pair<int, int>> second(loop.waker());
  std::vector<std::thread> threads;
  for (int producer = 0; producer < producers; ++producer) {
    threads.emplace_back([&, producer] {
      auto& box = producer % 2 == 0 ? first : second;
      std::vector<std::pair<int, int>> batch;
      for (int number = 0; number < rounds; ++number) {
        if (number % 3 == 0) {
          box.post({producer, number});
        } else {
          batch.emplace_back(producer, number);
          if (number % 3 == 2 || number == rounds - 1) box.post(batch);
        }
      }
    });
  }
  std::vector<int> next(producers, 0);
  std::vector<std::pair<int, int>> letters;
  int left = producers * rounds;
  while (left > 0) {
    loop.poll(Duration::max());
    for (auto* box : {&first, &second}) {
      box->take(letters);
      for (const auto& [producer, number] : letters) {
        EXPECT_EQ(number, next[static_cast<size_t>(producer)]++);
        --left;
      }
      letters.clear();
    }
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

}  // namespace
}  // namespace muster::net
