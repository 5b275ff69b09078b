#include "core/net/mailbox.hpp"

#include <gtest/gtest.h>

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
