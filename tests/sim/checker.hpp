#pragma once
// A rule that must hold in every world. Each rule is a class of its own (checkers/), told what
// happens, comparing it with the ledger; a broken rule ends the world with a Violation.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/wire/messages.hpp"
#include "tests/sim/cluster.hpp"
#include "tests/sim/ledger.hpp"

namespace muster::sim {

struct PresenceSeen {       // a PUBLISH below $user/ that a watching client got
  uint32_t watcher = 0;     // device
  uint32_t connection = 0;  // its
  std::string topic;
  std::string json;
  bool retain = false;
  Instant at{};
};

class Checker {
 public:
  Checker(const char* rule, Context& context, const Ledger& ledger, Cluster& cluster)
      : context_(context), ledger_(ledger), cluster_(cluster), rule_(rule) {}
  virtual ~Checker() = default;
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  const char* rule() const { return rule_; }

  virtual void accepted(const Connection&) {}
  virtual void refused(const Connection&) {}
  virtual void ended(const Connection&) {}
  virtual void published(const Connection&, const Message&) {}  // also again
  virtual void acknowledged(const Message&) {}
  virtual void delivered(const Delivery&) {}
  virtual void retained(const Delivery&) {}  // RETAIN 1, after a SUBSCRIBE
  // To a member of a group of shared subscriptions, for the group; `delivered` is not told.
  virtual void delivered_shared(const Delivery&, const std::string&) {}
  virtual void delivered_late(const Delivery&) {}  // on a connection that was taken over
  virtual void client_acknowledged(const Connection&, uint16_t) {}
  virtual void presence(const PresenceSeen&) {}
  virtual void answered(const Ask&, BytesView) {}
  virtual void sent(const std::string&, const std::string&, const wire::Message&) {}
  virtual void arrived(const std::string&, const std::string&, const wire::Message&) {}
  virtual void quiet() {}  // nothing is broken, nobody acts, everything has had its time
  virtual void end() {}    // after the last quiet point

 protected:
  template <class... Args>
  [[noreturn]] void broken(fmt::format_string<Args...> format, const Args&... args) const {
    throw Violation(
        rule_, fmt::vformat(static_cast<fmt::string_view>(format), fmt::make_format_args(args...)));
  }

  Context& context_;
  const Ledger& ledger_;
  Cluster& cluster_;

 private:
  const char* rule_;
};

class Checkers {
 public:
  void add(std::unique_ptr<Checker> checker) { all_.push_back(std::move(checker)); }
  const std::vector<std::unique_ptr<Checker>>& all() const { return all_; }

  template <class Method, class... Args>
  void tell(Method method, const Args&... args) {
    for (const auto& checker : all_) (checker.get()->*method)(args...);
  }

 private:
  std::vector<std::unique_ptr<Checker>> all_;
};

}  // namespace muster::sim
