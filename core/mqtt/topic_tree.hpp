#pragma once
// TopicTree: who wants a topic. Filters without wildcards are found with one look-up of the whole
// text, filters with wildcards level by level; both are nodes under one flat index. What follows
// the last level that a filter shares with another is no chain of nodes: the leaf holds it as text,
// its tail. Owned by one shard. match() allocates nothing, and neither match() nor add() recurses,
// however deep a filter is.
//
// Several values may stand under one filter; Identity tells which of two values are the same
// subscription (the newer replaces the older). However many there are, add and remove cost the
// same (value_set.hpp). Small numbers stand in a NumberSet instead.
// Memory: a filter costs about 50 bytes and its Set, and its text if it is longer than 15 bytes; a
// level that wildcard filters share costs that once. What removed filters used is kept for new
// ones. Iteration follows the history of add and remove alone, not hashes, so it is reproducible.

#include <algorithm>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "core/base/flat_index.hpp"
#include "core/base/hash.hpp"
#include "core/mqtt/label.hpp"
#include "core/mqtt/topic.hpp"
#include "core/mqtt/value_set.hpp"

namespace muster::mqtt {

template <class Value, class Identity = std::identity, class Set = ValueSet<Value, Identity>>
class TopicTree {
 public:
  TopicTree() { nodes_.emplace_back(); }

  // Adds, or replaces the same one; true if it is new. `filter` is valid, without $share.
  bool add(BytesView filter, const Value& value) {
    if (!nodes_[make_node(filter)].values.add(value)) return false;
    ++size_;
    return true;
  }

  // Removes the same value; true if it was there.
  bool remove(BytesView filter, const Value& value) {
    const Number number = find_node(filter);
    if (number == none || !nodes_[number].values.remove(value)) return false;
    --size_;
    prune(number);
    return true;
  }

  // What stands under exactly this filter; nullptr: nothing. Dies with the next add or remove.
  const Set* find(BytesView filter) const {
    const Number number = find_node(filter);
    return number == none || nodes_[number].values.empty() ? nullptr : &nodes_[number].values;
  }

  // Calls visit(value) for each value under each filter that matches. The tree must not change
  // meanwhile.
  template <class Visit>
  void match(BytesView topic, Visit&& visit) const {
    const Number exact = find_child(exact_parent, topic);
    if (exact != none) visit_values(exact, visit);
    if (!childless(root)) match_wildcards(topic, visit);
  }

  // Calls visit(filter, value) for everything.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (Number number = 0; number < nodes_.size(); ++number) {
      if (nodes_[number].values.empty()) continue;
      const Bytes filter = filter_of(number);
      for (const Value& value : nodes_[number].values) visit(BytesView(filter), value);
    }
  }

  size_t size() const { return size_; }  // values
  bool empty() const { return size_ == 0; }

 private:
  using Number = uint32_t;
  static constexpr Number root = 0;
  static constexpr Number none = FlatIndex::none;
  static constexpr Number exact_parent = none - 1;

  struct Node {
    Label text;                 // the whole filter, or one level, or one and its tail
    Number parent = none;       // none: unused, or the root
    Number plus = none;         // the child "+"
    Number pound = none;        // the child "#"
    uint32_t literals : 31 {};  // children that stand in the index
    uint32_t tail : 1 {};       // text goes on behind the level: a leaf
    Set values = {};            // of the filter that ends here

    BytesView level() const {
      return tail ? text.view().substr(0, text.view().find('/')) : text.view();
    }
  };

  // Goes through the levels of a topic or filter.
  struct Cursor {
    BytesView text;
    size_t at = 0;  // where the next level begins; text.size() + 1 after the last one

    bool at_end() const { return at > text.size(); }
    BytesView level() const { return text.substr(at, end_of_level() - at); }
    BytesView rest() const { return text.substr(at); }
    size_t end_of_level() const { return std::min(text.find('/', at), text.size()); }
    void forward() { at = end_of_level() + 1; }
    void back() {
      const size_t slash = at < 2 ? BytesView::npos : text.rfind('/', at - 2);
      at = slash == BytesView::npos ? 0 : slash + 1;
    }
  };

  static uint32_t hash_of(Number parent, BytesView text) {
    const uint64_t mixed = (muster::hash_of(text) ^ parent) * 0x9E3779B97F4A7C15u;
    return static_cast<uint32_t>(mixed >> 32);
  }

  Number find_child(Number parent, BytesView text) const {
    return index_.find(hash_of(parent, text), [&](Number number) {
      return nodes_[number].parent == parent && nodes_[number].level() == text;
    });
  }

  // Also finds "+" and "#", which stand in their parent and not in the index.
  Number find_any_child(Number parent, BytesView text) const {
    if (text == "+") return nodes_[parent].plus;
    if (text == "#") return nodes_[parent].pound;
    return find_child(parent, text);
  }

  Number find_node(BytesView filter) const {
    if (!has_wildcard(filter)) return find_child(exact_parent, filter);
    Number number = root;
    for (Cursor cursor{filter}; !cursor.at_end(); cursor.forward()) {
      number = find_any_child(number, cursor.level());
      if (number == none) return none;
      const Node& node = nodes_[number];
      if (node.tail) return node.text.view() == cursor.rest() ? number : none;
    }
    return number;
  }

  Number make_node(BytesView filter) {
    if (!has_wildcard(filter)) {
      const Number number = find_child(exact_parent, filter);
      return number != none ? number : make_child(exact_parent, filter);
    }
    Number number = root;
    for (Cursor cursor{filter}; !cursor.at_end(); cursor.forward()) {
      const Number child = find_any_child(number, cursor.level());
      if (child == none) return make_child(number, cursor.rest());
      if (nodes_[child].tail) {
        if (nodes_[child].text.view() == cursor.rest()) return child;
        split(child, cursor.rest());
      }
      number = child;
    }
    return number;
  }

  // `text`: one level, or one and what follows; of exact_parent: a whole filter.
  Number make_child(Number parent, BytesView text) {
    Number number = none;
    if (unused_.empty()) {
      MUSTER_CHECK(nodes_.size() < exact_parent);
      number = static_cast<Number>(nodes_.size());
      nodes_.emplace_back();
    } else {
      number = unused_.back();
      unused_.pop_back();
    }
    Node& node = nodes_[number];
    node.text = Label(text);
    node.parent = parent;
    node.tail = parent != exact_parent && text.find('/') != BytesView::npos;
    const BytesView level = node.level();
    if (level == "+") {
      nodes_[parent].plus = number;
    } else if (level == "#") {
      nodes_[parent].pound = number;
    } else {
      index_.insert(hash_of(parent, level), number);
      if (parent != exact_parent) ++nodes_[parent].literals;
    }
    return number;
  }

  // The levels that a leaf with a tail shares with `rest` become nodes of their own.
  void split(Number number, BytesView rest) {
    const Bytes text(nodes_[number].text.view());
    Set values = std::exchange(nodes_[number].values, Set());
    Cursor own{text};
    Cursor other{rest};
    nodes_[number].text = Label(own.level());
    nodes_[number].tail = 0;
    for (own.forward(), other.forward(); !own.at_end() && !other.at_end(); other.forward()) {
      if (own.level() != other.level()) break;
      number = make_child(number, own.level());
      own.forward();
    }
    if (!own.at_end()) number = make_child(number, own.rest());
    nodes_[number].values = std::move(values);
  }

  // Takes away nodes that say nothing any more, from `number` upwards.
  void prune(Number number) {
    while (number != root && nodes_[number].values.empty() && childless(number)) {
      Node& node = nodes_[number];
      const Number parent = node.parent;
      const BytesView level = node.level();
      if (level == "+") {
        nodes_[parent].plus = none;
      } else if (level == "#") {
        nodes_[parent].pound = none;
      } else {
        index_.erase(hash_of(parent, level), number);
        if (parent != exact_parent) --nodes_[parent].literals;
      }
      node = Node{};
      unused_.push_back(number);
      if (parent == exact_parent) return;
      number = parent;
    }
  }

  bool childless(Number number) const {
    const Node& node = nodes_[number];
    return node.literals == 0 && node.plus == none && node.pound == none;
  }

  // Walks down the literal child first, then the child "+". On the way back the parent tells where
  // to go on, so no stack is needed.
  template <class Visit>
  void match_wildcards(BytesView topic, Visit& visit) const {
    const bool hidden = topic.substr(0, 1) == "$";  // from wildcards in the first level: 4.7.2-1
    const auto plus_of = [&](Number number) {
      return number == root && hidden ? none : nodes_[number].plus;
    };
    Cursor cursor{topic};
    Number number = root;
    while (true) {
      const Node& node = nodes_[number];
      if (node.pound != none && !(number == root && hidden)) visit_values(node.pound, visit);
      Number child = none;
      if (node.tail) {
        if (tail_matches(node, cursor)) visit_values(number, visit);
      } else if (cursor.at_end()) {
        visit_values(number, visit);
      } else {
        if (node.literals > 0) child = find_child(number, cursor.level());
        if (child == none) child = plus_of(number);
      }
      while (child == none) {
        if (number == root) return;
        const Number parent = nodes_[number].parent;
        cursor.back();
        const Number plus = plus_of(parent);
        if (number != plus) child = plus;
        number = parent;
      }
      number = child;
      cursor.forward();
    }
  }

  // The cursor stands behind the node's level.
  static bool tail_matches(const Node& node, const Cursor& cursor) {
    const BytesView tail = node.text.view().substr(node.level().size() + 1);
    return cursor.at_end() ? tail == "#" : matches_levels(tail, cursor.rest());
  }

  template <class Visit>
  void visit_values(Number number, Visit& visit) const {
    for (const Value& value : nodes_[number].values) visit(value);
  }

  Bytes filter_of(Number number) const {
    std::vector<Number> path;  // upwards
    for (Number at = number; at != root && at != exact_parent; at = nodes_[at].parent) {
      path.push_back(at);
    }
    Bytes filter(nodes_[path.back()].text.view());
    for (auto at = path.rbegin() + 1; at != path.rend(); ++at) {
      filter += '/';
      filter += nodes_[*at].text.view();
    }
    return filter;
  }

  std::deque<Node> nodes_;  // [0] is the root of the wildcard filters
  std::vector<Number> unused_;
  FlatIndex index_;
  size_t size_ = 0;
};

}  // namespace muster::mqtt
