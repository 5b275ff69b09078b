#pragma once
// TopicAliases: what a sender's topic aliases stand for on one connection (section 3.3.2.3.4).
// Owned by the connection. Memory: none until the first alias, then at most the announced maximum
// times 65,535 bytes, so announce few.

#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/expected.hpp"
#include "core/mqtt/reason.hpp"

namespace muster::mqtt {

class TopicAliases {
 public:
  // `maximum`: the Topic Alias Maximum that was announced to the sender; 0: none are taken.
  explicit TopicAliases(uint16_t maximum = 0) : maximum_(maximum) {}

  // The topic that a PUBLISH means by `topic` and `alias` (0: none). A topic with an alias is
  // remembered. The view lives until the alias is set again. Errors: topic_alias_invalid over the
  // maximum, protocol_error for one that was never set.
  Expected<BytesView, Reason> resolve(BytesView topic, uint16_t alias) {
    if (alias == 0) return topic;
    if (alias > maximum_) return Unexpected{Reason::topic_alias_invalid};  // 3.3.2-9
    if (alias > topics_.size()) {
      if (topic.empty()) return Unexpected{Reason::protocol_error};
      topics_.resize(alias);
    }
    Bytes& known = topics_[alias - 1u];
    if (!topic.empty()) known = topic;
    if (known.empty()) return Unexpected{Reason::protocol_error};
    return BytesView(known);
  }

 private:
  std::vector<Bytes> topics_;  // [alias - 1]; empty: never set
  uint16_t maximum_;
};

}  // namespace muster::mqtt
