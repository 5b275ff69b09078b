// What members of groups that are clean sessions were given and have not acknowledged: when they go
// it is for others (4.8.2, kept_share.hpp).

#include <algorithm>
#include <utility>

#include "broker/shard_state.hpp"

namespace muster::broker {

using mqtt::Qos;
using wire::ShareWay;

// `id`: under which it was sent; 0: it waits, as the last one, or found no room.
void Shard::State::keep_share(uint32_t index, uint16_t id, const PublicationView& publication,
                              Qos qos) {
  Client& client = at(index);
  if (id != 0 && qos == Qos::exactly_once) return;
  KeptShare kept{{}, now.mono, qos};
  kept.publication.append(publication);
  if (id == 0 && !client.doomed) {
    client.waiting->items.back().share = std::make_unique<KeptShare>(std::move(kept));
    return;
  }
  if (!client.shares) client.shares = std::make_unique<KeptShares>();
  if (id == 0) {
    client.shares->unsent.push_back(std::move(kept));
  } else {
    client.shares->sent[id] = std::move(kept);
  }
}

// What waited is sent now.
void Shard::State::share_sent(uint32_t index, uint16_t id, KeptShare kept) {
  if (kept.qos == Qos::exactly_once) return;
  Client& client = at(index);
  if (!client.shares) client.shares = std::make_unique<KeptShares>();
  client.shares->sent[id] = std::move(kept);
}

void Shard::State::share_acknowledged(uint32_t index, uint16_t id) {
  Client& client = at(index);
  client.shares->sent.erase(id);
  if (client.shares->sent.empty() && client.shares->unsent.empty()) client.shares.reset();
}

// Of a member that has gone, in the order in which they came.
std::vector<KeptShare> Shard::State::take_shares(Client& client) {
  std::vector<KeptShare> kept;
  const std::unique_ptr<KeptShares> shares = std::move(client.shares);
  if (shares) {
    for (auto& [id, share] : shares->sent) kept.push_back(std::move(share));
  }
  if (client.waiting) {
    for (Waiting::Item& item : client.waiting->items) {
      if (item.share) kept.push_back(std::move(*item.share));
    }
  }
  if (shares) {
    for (KeptShare& share : shares->unsent) kept.push_back(std::move(share));
  }
  std::stable_sort(kept.begin(), kept.end(),
                   [](const KeptShare& a, const KeptShare& b) { return a.since < b.since; });
  return kept;
}

// After it has left its groups: to other members, with what is left of their lifetime.
void Shard::State::route_again(const std::vector<KeptShare>& kept) {
  for (const KeptShare& share : kept) {
    const auto waited = std::chrono::floor<std::chrono::seconds>(now.mono - share.since).count();
    share.publication.for_each([&](const PublicationView& publication) {
      PublicationView out = publication;
      Bytes properties;
      if (out.expiry_s != wire::no_expiry && waited > 0) {
        if (waited >= out.expiry_s) return;
        out.expiry_s -= static_cast<uint32_t>(waited);
        mqtt::forwardable_properties(publication.properties, out.expiry_s, properties);
        out.properties = properties;
      }
      ++counters.shared_again;
      route_share(groups.find(out.share), out, ShareWay::one);
    });
  }
}

}  // namespace muster::broker
