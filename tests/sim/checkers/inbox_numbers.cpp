// An inbox number is never used for two messages of one session, not even over a restart of global:
// packet identifiers follow from it.

#include <map>

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
    const auto* deliver = std::get_if<wire::Deliver>(&message);
    if (!deliver) return;
    Session& session = sessions_[deliver->client_id];
    if (deliver->term < session.began) return;
    for (const wire::InboxEntry& entry : deliver->entries) {
      if (entry.released) continue;
      Bytes what(entry.publication.topic);
      (what += ' ').append(entry.publication.payload);
      const auto [it, first] = session.numbers.try_emplace(entry.number, what);
      if (!first && it->second != what) {
        broken("inbox number {} of {} is used for two messages", entry.number, deliver->client_id);
      }
    }
  }

 private:
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
