// The path of a message through one shard, or from one to another, without sockets: what
// bench/instructions.py counts.
//   shard_path [far-]qos0|qos1|qos2|wild|fanout ROUNDS
// A round is one read of 64 messages from each publisher, the end of the turn, and all
// acknowledgements in the next ones. qos0 to qos2: 50 pairs. fanout: from one to 50. wild: 10
// publish to 1,000 topics in turn, 100 subscribe with wildcards, some eight get each message. far-:
// all subscribers live in another shard than the publishers.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/shard.hpp"
#include "core/base/check.hpp"
#include "core/mqtt/codec.hpp"
#include "core/mqtt/topic.hpp"

namespace muster::broker {
namespace {

constexpr size_t messages_a_read = 64;
constexpr size_t wild_topics = 1000;
constexpr auto version = mqtt::Version::v3_1_1;

struct Scene {
  std::string_view name;
  mqtt::Qos qos;
  size_t publishers = 50;
  size_t subscribers = 50;
};
constexpr Scene scenes[] = {{"qos0", mqtt::Qos::at_most_once},
                            {"qos1", mqtt::Qos::at_least_once},
                            {"qos2", mqtt::Qos::exactly_once},
                            {"wild", mqtt::Qos::at_most_once, 10, 100},
                            {"fanout", mqtt::Qos::at_most_once, 1}};

class World {
 public:
  World(const Scene& scene, bool far) : scene_(scene) {
    Options options;
    options.shards = far ? 2 : 1;
    for (uint16_t i = 0; i < options.shards; ++i) {
      shards_.push_back(std::make_unique<Shard>(ShardIndex{i}, options, Incarnation{1}));
      Parcel known;
      known.from_node = true;
      known.letters.emplace_back(GlobalKnown{true});
      shards_[i]->open(now_, std::move(known));
    }
    for (size_t i = 0; i < scene.subscribers; ++i) {
      filters_.push_back(wild() ? wild_filter(i) : topic(i));
      mqtt::Subscribe subscribe;
      subscribe.packet_id = 1;
      subscribe.entries.push_back({filters_.back(), {.qos = scene.qos}});
      send(connect(fmt::format("sub{}", i), shards_.size() - 1), subscribe);
    }
    for (size_t i = 0; i < scene.publishers; ++i) {
      publishers_.push_back(connect(fmt::format("pub{}", i), 0));
      reads_.push_back(read_of(i));
    }
    end_turn();
    end_turn();  // the routes are known
  }

  uint64_t deliveries_a_round() const { return deliveries_; }

  void round() {
    for (size_t i = 0; i < publishers_.size(); ++i) {
      shards_[0]->receive(now_, publishers_[i].client, reads_[i]);
    }
    // Until nobody has anything to answer.
    while (end_turn()) {
      for (const auto& [client, bytes] : std::exchange(answers_, {})) {
        shards_[client.shard]->receive(now_, client.client, bytes);
      }
    }
    now_.mono += std::chrono::milliseconds(1);
  }

  uint64_t delivered() const { return shards_.back()->counters().delivered; }

 private:
  struct At {
    size_t shard = 0;
    uint32_t client = 0;
  };
  bool wild() const { return scene_.name == "wild"; }
  std::string topic(size_t pair) const {
    return scene_.publishers == 1 ? "news" : fmt::format("pairs/{}/state", pair);
  }
  static std::string wild_topic(size_t i) {
    return fmt::format("w/s{}/d{}/m{}", i % 10, i / 10, (i + i / 10) % 4);
  }
  static std::string wild_filter(size_t i) {
    const size_t j = i / 5;
    switch (i % 5) {
      case 0:
        return fmt::format("w/s{}/#", j % 10);
      case 1:
        return fmt::format("w/+/d{}/+", j);
      case 2:
        return fmt::format("w/+/+/m{}", j % 4);
      case 3:
        return fmt::format("+/s{}/+/m{}", j % 10, j % 4);
      default:
        return wild_topic(j * 37 % wild_topics);
    }
  }
  Bytes read_of(size_t publisher) {
    Bytes bytes;
    const Bytes payload(64, 'x');
    for (size_t i = 0; i < messages_a_read; ++i) {
      const std::string to =
          wild() ? wild_topic((publisher + i * 10) % wild_topics) : topic(publisher);
      const uint16_t id = scene_.qos == mqtt::Qos::at_most_once ? 0 : static_cast<uint16_t>(i + 1);
      MUSTER_CHECK(
          mqtt::encode_publish(version, to, payload, {}, scene_.qos, false, false, id, bytes));
      for (const std::string& filter : filters_) deliveries_ += mqtt::matches(filter, to) ? 1 : 0;
    }
    return bytes;
  }
  At connect(std::string name, size_t shard) {
    const auto shards = static_cast<uint16_t>(shards_.size());
    while (home_of(name, shards) != static_cast<ShardIndex>(shard)) name += '+';
    const At at{shard, shards_[shard]->accept(now_, "127.0.0.1:1")};
    mqtt::Connect connect;
    connect.version = version;
    connect.client_id = name;
    connect.clean_start = true;
    send(at, connect);
    return at;
  }
  void send(At at, const mqtt::Packet& packet) {
    Bytes bytes;
    mqtt::encode(packet, version, bytes);
    shards_[at.shard]->receive(now_, at.client, bytes);
  }

  // Whether somebody has to answer.
  bool end_turn() {
    for (size_t i = 0; i < shards_.size(); ++i) {
      for (auto& [to, parcel] : shards_[i]->take_parcels()) {
        shards_[static_cast<size_t>(to)]->open(now_, std::move(parcel));
      }
      shards_[i]->take_node_parcel();
    }
    for (size_t i = 0; i < shards_.size(); ++i) {
      for (const uint32_t client : shards_[i]->take_effects().dirty) {
        const BytesView output = shards_[i]->output(client);
        if (scene_.qos != mqtt::Qos::at_most_once) answer({i, client}, output);
        shards_[i]->sent(now_, client, output.size());
      }
    }
    return !answers_.empty();
  }
  void answer(At client, BytesView output) {
    Bytes bytes;
    for (size_t at = 0; at < output.size();) {
      const auto first = static_cast<uint8_t>(output[at]);
      const auto length = static_cast<uint8_t>(output[at + 1]);  // all are short
      const BytesView body = output.substr(at + 2, length);
      at += 2u + length;
      const auto acknowledge = [&](uint8_t type, BytesView id) {
        bytes.append({static_cast<char>(type), '\2'}).append(id);
      };
      if (first >> 4 == 3) {
        const size_t id_at = 2u + static_cast<uint8_t>(body[1]);
        acknowledge(scene_.qos == mqtt::Qos::exactly_once ? 0x50 : 0x40, body.substr(id_at, 2));
      } else if (first >> 4 == 5) {
        acknowledge(0x62, body);  // PUBREC: PUBREL
      } else if (first >> 4 == 6) {
        acknowledge(0x70, body);  // PUBREL: PUBCOMP
      }
    }
    if (!bytes.empty()) answers_.emplace_back(client, std::move(bytes));
  }

  const Scene& scene_;
  Now now_{Instant(std::chrono::seconds(1)), {}};
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::string> filters_;
  uint64_t deliveries_ = 0;  // in a round
  std::vector<At> publishers_;
  std::vector<Bytes> reads_;
  std::vector<std::pair<At, Bytes>> answers_;
};

int run(std::string_view name, size_t rounds) {
  constexpr std::string_view far = "far-";
  const bool is_far = name.starts_with(far);
  if (is_far) name.remove_prefix(far.size());
  const auto* scene = std::find_if(std::begin(scenes), std::end(scenes),
                                   [&](const Scene& one) { return one.name == name; });
  if (scene == std::end(scenes)) return 2;
  World world(*scene, is_far);
  for (size_t i = 0; i < rounds; ++i) world.round();
  std::printf("%llu\n", static_cast<unsigned long long>(world.delivered()));
  return world.delivered() == rounds * world.deliveries_a_round() ? 0 : 1;
}

}  // namespace
}  // namespace muster::broker

int main(int count, char** arguments) {
  if (count != 3) return std::fputs("shard_path SCENE ROUNDS\n", stderr), 2;
  return muster::broker::run(arguments[1], std::strtoul(arguments[2], nullptr, 10));
}
