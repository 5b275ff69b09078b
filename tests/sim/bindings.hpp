#pragma once
// Which routes of global each broker has acknowledged, and which leases global has granted: at a
// broker that was cut off a subscription binds only when that broker has heard of it (protocol.md,
// Routes), so this says which messages are owed. Read from the frames between them. Owned by a
// checker.

#include <map>
#include <string>
#include <vector>

#include "core/wire/messages.hpp"
#include "tests/sim/cluster.hpp"

namespace muster::sim {

class Bindings {
 public:
  Bindings(Context& context, Cluster& cluster) : context_(context), cluster_(cluster) {}

  void sent(const std::string& from, const std::string& to, const wire::Message& message);
  void arrived(const std::string& from, const std::string& to, const wire::Message& message);

  // Surely: it was granted or, after a start of global, assumed not much less than a lease ago.
  bool leased(const std::string& broker, Instant at) const;
  // At `at` this life of the broker had routes of global, and this filter was not among them.
  bool unknown_at(const std::string& broker, uint64_t life, const std::string& filter,
                  Instant at) const;

 private:
  struct Span {
    Instant from{};
    Instant to = never;
  };
  struct Life {
    std::map<uint64_t, wire::Routes> announced;  // by number: not acknowledged yet
    uint64_t taken = 0;
    uint64_t granted = 0;   // newest lease request that was answered
    Instant first = never;  // routes of global are known since then
    std::map<std::string, std::vector<Span>> known;
  };
  Life& life_of(const std::string& broker);
  void take(Life& life, const wire::Routes& routes);
  static bool open(const Life& life, const std::string& filter);

  Context& context_;
  Cluster& cluster_;
  std::map<std::pair<std::string, uint64_t>, Life> lives_;
  std::map<std::string, std::vector<Instant>> grants_;
  uint64_t global_life_ = 0;
  Instant global_began_ = never;  // was heard first in this life
};

}  // namespace muster::sim
