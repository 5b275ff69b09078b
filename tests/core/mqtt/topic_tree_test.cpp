#include "core/mqtt/topic_tree.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace muster::mqtt {
namespace {

struct Wish {
  uint32_t who = 0;
  uint32_t qos = 0;
};
struct Who {
  uint32_t operator()(const Wish& wish) const { return wish.who; }
};
using Tree = TopicTree<Wish, Who>;
using Model = std::map<std::pair<Bytes, uint32_t>, uint32_t>;  // (filter, who) -> qos
using Found = std::multiset<std::pair<uint32_t, uint32_t>>;

Found found(const Tree& tree, BytesView topic) {
  Found all;
  tree.match(topic, [&](const Wish& wish) { all.emplace(wish.who, wish.qos); });
  return all;
}

Found expected(const Model& model, BytesView topic) {
  Found all;
  for (const auto& [key, qos] : model) {
    if (matches(key.first, topic)) all.emplace(key.second, qos);
  }
  return all;
}

// A small alphabet, so that filters share levels and topics meet filters.
class Words {
 public:
  explicit Words(uint64_t seed) : random_(seed) {}

  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

  Bytes topic() {
    Bytes text = level();
    for (uint32_t more = below(4); more > 0; --more) text += "/" + level();
    return text.empty() ? "/" : text;
  }
  Bytes filter() {
    Bytes text = filter_level();
    for (uint32_t more = below(4); more > 0; --more) text += "/" + filter_level();
    if (below(4) == 0) text = text.empty() ? "#" : text + "/#";
    return text.empty() ? "/" : text;
  }

 private:
  Bytes level() {
    static const Bytes levels[] = {"a", "b", "", "$x", "a long level over fifteen"};
    return levels[below(5)];
  }
  Bytes filter_level() { return below(3) == 0 ? "+" : level(); }

  std::mt19937_64 random_;
};

void step(Words& words, Tree& tree, Model& model) {
  const Bytes filter = words.filter();
  const Wish wish{words.below(6), words.below(3)};
  const auto key = std::pair(filter, wish.who);
  if (words.below(5) < 3) {
    EXPECT_EQ(tree.add(filter, wish), model.count(key) == 0);
    model[key] = wish.qos;
  } else {
    EXPECT_EQ(tree.remove(filter, wish), model.erase(key) == 1);
  }
  const auto* values = tree.find(filter);
  const Wish* present = values == nullptr ? nullptr : values->find(wish);
  ASSERT_EQ(present != nullptr, model.count(key) == 1);
  EXPECT_TRUE(present == nullptr || present->qos == model[key]);
}

TEST(TopicTree, AgreesWithMatches) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    Words words(seed);
    Tree tree;
    Model model;
    for (int round = 0; round < 300; ++round) {
      step(words, tree, model);
      const Bytes topic = words.topic();
      ASSERT_EQ(found(tree, topic), expected(model, topic)) << topic;
      ASSERT_EQ(tree.size(), model.size());
    }
    Model all;
    tree.for_each([&](BytesView filter, const Wish& wish) {
      EXPECT_TRUE(all.emplace(std::pair(Bytes(filter), wish.who), wish.qos).second);
    });
    ASSERT_EQ(all, model);
    for (const auto& [key, qos] : model) EXPECT_TRUE(tree.remove(key.first, {key.second, 0}));
    EXPECT_TRUE(tree.empty());
    EXPECT_EQ(found(tree, "a/b"), Found{});
  }
}

TEST(TopicTree, ManyFiltersAndManyValues) {
  TopicTree<uint32_t> tree;
  constexpr uint32_t count = 100'000;
  for (uint32_t i = 0; i < count; ++i) {
    EXPECT_TRUE(tree.add("device/" + std::to_string(i) + (i % 2 == 0 ? "/state" : "/+"), i));
  }
  for (uint32_t i = 0; i < 1000; ++i) EXPECT_TRUE(tree.add("everybody/+", i));
  EXPECT_EQ(tree.size(), count + 1000);
  for (uint32_t i = 0; i < count; i += 999) {
    std::vector<uint32_t> values;
    tree.match("device/" + std::to_string(i) + "/state", [&](uint32_t v) { values.push_back(v); });
    EXPECT_EQ(values, std::vector<uint32_t>{i});
  }
  for (uint32_t i = 0; i < count; ++i) {
    EXPECT_TRUE(tree.remove("device/" + std::to_string(i) + (i % 2 == 0 ? "/state" : "/+"), i));
  }
  for (uint32_t i = 0; i < 1000; ++i) EXPECT_TRUE(tree.remove("everybody/+", i));
  EXPECT_TRUE(tree.empty());
}

TEST(TopicTree, DepthCostsNoStack) {
  Bytes deep;
  for (int i = 0; i < 32'000; ++i) deep += "+/";
  const Bytes topic(32'000, '/');
  TopicTree<uint32_t> tree;
  tree.add(deep + "#", 1);
  tree.add(deep + "x", 2);
  tree.add(deep + "+", 3);
  std::multiset<uint32_t> values;
  tree.match(topic, [&](uint32_t value) { values.insert(value); });
  EXPECT_EQ(values, (std::multiset<uint32_t>{1, 3}));
  size_t longest = 0;
  tree.for_each([&](BytesView filter, uint32_t) { longest = std::max(longest, filter.size()); });
  EXPECT_EQ(longest, deep.size() + 1);
  EXPECT_TRUE(tree.remove(deep + "#", 1));
  EXPECT_TRUE(tree.remove(deep + "x", 2));
  EXPECT_TRUE(tree.remove(deep + "+", 3));
}

TEST(TopicTree, DeepFiltersThatPartLateAreSplitInOneGo) {
  Bytes deep;
  for (int i = 0; i < 32'000; ++i) deep += "a/";
  TopicTree<uint32_t> tree;
  tree.add(deep + "+", 1);
  tree.add(deep + "#", 2);  // were each level split apart, half a gigabyte would be copied
  tree.add("a/+", 3);
  const auto found = [&](const Bytes& topic) {
    std::multiset<uint32_t> values;
    tree.match(topic, [&](uint32_t value) { values.insert(value); });
    return values;
  };
  EXPECT_EQ(found(deep + "x"), (std::multiset<uint32_t>{1, 2}));
  EXPECT_EQ(found(deep + "x/y"), (std::multiset<uint32_t>{2}));
  EXPECT_EQ(found("a/x"), (std::multiset<uint32_t>{3}));
  EXPECT_TRUE(tree.remove(deep + "+", 1));
  EXPECT_EQ(found(deep + "x"), (std::multiset<uint32_t>{2}));
}

TEST(TopicTree, ATailMatchesAsItsLevelsWould) {
  TopicTree<uint32_t> tree;
  tree.add("a/+/c", 1);
  tree.add("+/$b/#", 2);
  tree.add("x/#", 3);
  const auto found = [&](BytesView topic) {
    std::multiset<uint32_t> values;
    tree.match(topic, [&](uint32_t value) { values.insert(value); });
    return values;
  };
  EXPECT_EQ(found("a/$b/c"), (std::multiset<uint32_t>{1, 2}));  // '$' hides in the first level only
  EXPECT_EQ(found("a/$b"), (std::multiset<uint32_t>{2}));
  EXPECT_EQ(found("$a/$b"), (std::multiset<uint32_t>{}));
  EXPECT_EQ(found("x"), (std::multiset<uint32_t>{3}));  // the parent level is included
  EXPECT_EQ(found("a"), (std::multiset<uint32_t>{}));
}

TEST(FlatIndex, FindsWhatCollides) {
  std::mt19937_64 random(7);
  FlatIndex index;
  std::map<uint32_t, uint32_t> model;  // number -> hash
  const auto is = [](uint32_t wanted) { return [=](uint32_t number) { return number == wanted; }; };
  for (int round = 0; round < 20'000; ++round) {
    const auto number = static_cast<uint32_t>(random() % 300);
    const auto hash = number % 7 * 0x1000'0001u;  // few homes, long runs
    if (model.count(number) == 0) {
      index.insert(hash, number);
      model[number] = hash;
    } else {
      index.erase(hash, number);
      model.erase(number);
    }
    const auto asked = static_cast<uint32_t>(random() % 300);
    ASSERT_EQ(index.find(asked % 7 * 0x1000'0001u, is(asked)),
              model.count(asked) == 1 ? asked : FlatIndex::none);
    ASSERT_EQ(index.size(), model.size());
  }
}

}  // namespace
}  // namespace muster::mqtt
