// An inbox number is never used for two messages of one session, not even over a restart of global:
// packet identifiers follow from it.

#include <map>

#include "core/mqtt/plain_packet.hpp"
#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class InboxNumbers final : public Checker {
 public:
  InboxNumbers(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("inbox_numbers", context, ledger, cluster) {}

  void sent(const std::string& from, const std::string&, const wire::Message& message) override {
    if (from != "global") return;
    if (const auto* grant = std::get_if<wire::Grant>(&message); grant && !grant->session_present) {
      // Granted again to the same connection it is still the session that began with it.
      Session& session = sessions_[grant->client_id];
      if (session.began < grant->term) session = {grant->term, {}};
    }
    if (const auto* deliver = std::get_if<wire::Deliver>(&message)) {
      for (const wire::InboxEntry& entry : deliver->entries) {
        if (entry.released) continue;
        note(*deliver, entry.number, entry.publication.topic, entry.publication.payload);
      }
    }
    if (const auto* run = std::get_if<wire::DeliverRun>(&message)) {
      uint64_t number = run->number;
      mqtt::for_each_plain(run->packets, mqtt::version_of(run->v5),
                           [&](BytesView whole, const mqtt::PlainPacket& packet) {
                             note(*run, number++, packet.topic, packet.payload_of(whole));
                           });
    }
  }

 private:
  void note(const auto& message, uint64_t number, BytesView topic, BytesView payload) {
    Session& session = sessions_[message.client_id];
    if (message.term < session.began) return;
    Bytes what(topic);
    (what += ' ').append(payload);
    const auto [it, first] = session.numbers.try_emplace(number, what);
    if (!first && it->second != what) {
      broken("inbox number {} of {} is used for two messages", number, message.client_id);
    }
  }

  struct Session {
    Term began = Term::none;
    std::map<uint64_t, Bytes> numbers;
  };
  std::map<std::string, Session> sessions_;
};

}  // namespace

std::unique_ptr<Checker> inbox_numbers(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<InboxNumbers>(context, ledger, cluster);
}

}  // namespace muster::sim
