#include "broker/node_mail.hpp"

#include "core/base/check.hpp"

namespace muster::broker {

Parcel& NodeMail::parcel(ShardIndex shard) {
  const size_t index = static_cast<size_t>(shard);
  MUSTER_CHECK(index < parcels_.size());
  return parcels_[index];
}

void NodeMail::post(ShardIndex shard, Letter letter) {
  parcel(shard).letters.push_back(std::move(letter));
}

void NodeMail::post_all(const Letter& letter) {
  for (Parcel& parcel : parcels_) parcel.letters.push_back(letter);
}

Publications& NodeMail::publications(ShardIndex shard) {
  return parcel(shard).publications;
}

std::vector<std::pair<ShardIndex, Parcel>> NodeMail::take() {
  std::vector<std::pair<ShardIndex, Parcel>> taken;
  for (size_t index = 0; index < parcels_.size(); ++index) {
    if (parcels_[index].empty()) continue;
    parcels_[index].from_node = true;
    taken.emplace_back(static_cast<ShardIndex>(index), std::move(parcels_[index]));
    parcels_[index] = {};
  }
  return taken;
}

}  // namespace muster::broker
