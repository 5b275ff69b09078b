// The subscription tree against the plain definition of matching. The input is lines: "+" and a
// value and a filter adds, "-" removes, anything else is a topic to match.

#include <map>
#include <vector>

#include "core/mqtt/codec.hpp"
#include "core/mqtt/topic_tree.hpp"

namespace muster::mqtt {
namespace {

class Machine {
 public:
  void line(BytesView line) {
    const bool adds = line.substr(0, 1) == "+";
    const bool removes = line.substr(0, 1) == "-";
    if (line.size() >= 3 && (adds || removes)) {
      change(adds, line[1], line.substr(2));
    } else {
      match(line);
    }
  }

  void check_all() const {
    size_t seen = 0;
    tree_.for_each([&](BytesView filter, char value) {
      MUSTER_CHECK(model_.count({Bytes(filter), value}) == 1);
      ++seen;
    });
    MUSTER_CHECK(seen == model_.size() && tree_.size() == seen);
  }

 private:
  void change(bool adds, char value, BytesView filter) {
    if (!valid_topic_filter(filter)) return;
    const std::pair key(Bytes(filter), value);
    if (adds) {
      MUSTER_CHECK(tree_.add(filter, value) == (model_.count(key) == 0));
      ++model_[key];
    } else {
      MUSTER_CHECK(tree_.remove(filter, value) == (model_.erase(key) == 1));
    }
    const auto* values = tree_.find(filter);
    const bool found = values != nullptr && values->find(value) != nullptr;
    MUSTER_CHECK(found == (model_.count(key) == 1));
  }

  void match(BytesView topic) const {
    if (!valid_topic_name(topic)) return;
    std::vector<int> found(256);
    std::vector<int> expected(256);
    tree_.match(topic, [&](char value) { ++found[static_cast<uint8_t>(value)]; });
    for (const auto& [key, count] : model_) {
      if (matches(key.first, topic)) ++expected[static_cast<uint8_t>(key.second)];
    }
    MUSTER_CHECK(found == expected);
  }

  TopicTree<char> tree_;
  std::map<std::pair<Bytes, char>, int> model_;
};

}  // namespace
}  // namespace muster::mqtt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  muster::BytesView input(reinterpret_cast<const char*>(data), size);
  muster::mqtt::Machine machine;
  while (!input.empty()) {
    const size_t end = std::min(input.find('\n'), input.size());
    machine.line(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  machine.check_all();
  return 0;
}
