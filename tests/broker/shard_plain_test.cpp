// The short way and the whole way say the same: what a publisher sends, whole or in pieces, plain
// or not, arrives alike whether or not there is somebody for whom only the whole way will do.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/broker/shard_world.hpp"

namespace muster::broker::test {
namespace {

using mqtt::Qos;
using mqtt::Version;

struct Setting {
  Version version = Version::v3_1_1;  // of the publisher, and of most others
  uint16_t shards = 1;
  uint64_t places = 0;  // bit: a subscriber that does not live with the publisher
  bool plain = true;    // for all who hear what is said
  bool unlike = false;  // one speaks the other version
  bool nodes = false;   // global and another broker want some of it, and a persistent session
  uint16_t receive_maximum = 1024;
};

Options options_of(const Setting& setting) {
  Options options = hurried();
  options.receive_maximum = setting.receive_maximum;
  return options;
}

class World {
 public:
  explicit World(Setting setting)
      : setting_(setting), shards_(setting.shards, options_of(setting)) {
    const Version version = setting.version;
    subscribe("one", version, "a/+", Qos::at_least_once);
    subscribe("two", version, "a/b", Qos::at_most_once);
    subscribe("three", version, "c/#", Qos::exactly_once);
    subscribe("four", version, "c/d", Qos::at_least_once);
    const Version other = version == Version::v5 ? Version::v3_1_1 : Version::v5;
    if (setting.unlike) subscribe("five", other, "+/#", Qos::at_least_once);
    if (setting.nodes) {
      shards_.letter(0, PeerRoutes{global_peer, 1, true, {"a/+", "c"}, {}});
      shards_.letter(0, PeerRoutes{3, 1, true, {"a/b", "nobody"}, {}});
      persistent("six", version, {"a/#", 1}, {"c", 0});
    }
    if (!setting.plain) {  // with No Local every publication that it might get is looked at
      Device& device = connect("whole", Version::v5, 0);
      for (const BytesView filter : {"a/+", "c/#"}) {
        mqtt::Subscribe packet = test::subscribe(1, filter, Qos::at_most_once);
        packet.entries[0].options.no_local = true;
        shards_.send(device, packet);
      }
    }
    publisher_ = &connect("publisher", version, 0);
    publisher_->unread.clear();
  }

  void send(BytesView bytes) {
    if (!publisher_->closed) shards_.send_bytes(*publisher_, bytes);
  }
  // The nodes have taken everything that is under way.
  void taken() {
    for (auto& [shard, publications] : std::exchange(shards_.published, {})) {
      Taken letter;
      const auto note = [&](const auto& one, uint32_t count) {
        for (uint64_t bits = one.token != 0 ? one.peers : 0; bits != 0; bits &= bits - 1) {
          letter.tokens.push_back(one.token);
        }
        told_ += fmt::format("{} of {} {} {};", one.topic, one.publisher, one.peers, count);
      };
      publications.for_each(
          [&](const PublicationView& one) {
            note(one, 1);
            told_ += one.payload;
          },
          [&](const PublicationRun& run) {
            ++runs;
            mqtt::for_each_plain(
                run.packets, run.version, [&](BytesView whole, const auto& packet) {
                  PublicationRun one = run;
                  one.token = whole.data() == run.packets.data() && run.qos != Qos::at_most_once
                                  ? run.token
                                  : 0;
                  note(one, 1);
                  told_ += packet.payload_of(whole);
                });
          });
      shards_.letter(shard, std::move(letter));
    }
    shards_.settle();
  }
  size_t runs = 0;

  // What everybody has got, and what was counted.
  std::vector<Bytes> outcome() const {
    std::vector<Bytes> all{publisher_->unread, publisher_->closed ? "closed" : "open"};
    for (const Device* device : subscribers_) all.push_back(device->unread);
    all.push_back(told_);
    all.push_back(sum(&ShardCounters::received) + sum(&ShardCounters::payload_received));
    return all;
  }
  std::string delivered() const {
    return sum(&ShardCounters::delivered) + sum(&ShardCounters::payload_sent) +
           sum(&ShardCounters::packets_sent) + sum(&ShardCounters::dropped);
  }

 private:
  std::string sum(uint64_t ShardCounters::*counter) const {
    uint64_t of_all = 0;
    for (const auto& shard : shards_.shards) of_all += shard->counters().*counter;
    return std::to_string(of_all) + " ";
  }
  // Its name leads it to that shard.
  Device& connect(std::string name, Version version, uint64_t shard) {
    while (home_of(name, setting_.shards) != static_cast<ShardIndex>(shard)) name += '+';
    return shards_.connect(clean(name, version));
  }
  void subscribe(BytesView name, Version version, BytesView filter, Qos qos) {
    const uint64_t place = setting_.places >> subscribers_.size() & 1;
    Device& device = connect(std::string(name), version, place % setting_.shards);
    shards_.send(device, test::subscribe(1, filter, qos));
    device.unread.clear();
    subscribers_.push_back(&device);
  }

  void persistent(BytesView name, Version version, wire::Subscription first,
                  wire::Subscription second) {
    Device& device = shards_.connect(test::persistent(name, version));
    wire::Grant grant{
        Bytes(name), shards_.for_global<wire::Claim>().back().serial, Term{5}, true, {}};
    grant.subscriptions = {std::move(first), std::move(second)};
    shards_.letter(0, FromGlobal{grant});
    shards_.settle();
    device.unread.clear();
    subscribers_.push_back(&device);
  }

  Setting setting_;
  ShardWorld shards_;
  std::string told_;  // to other nodes
  Device* publisher_ = nullptr;
  std::vector<Device*> subscribers_;
};

class Words {
 public:
  explicit Words(uint64_t seed) : random_(seed) {}
  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

  // Nearly always a PUBLISH that may take the short way; now and then one that may not, or worse.
  Bytes packet(Version version) {
    static const BytesView topics[] = {"a/b", "a/b", "a/x", "c/d", "c", "nobody", "$sys", "a/+"};
    const Bytes payload(below(20) == 0 ? 300 + below(20'000) : below(5), 'x');
    mqtt::Publish publish = message(topics[below(below(30) == 0 ? 8 : 6)], payload,
                                    static_cast<Qos>(below(10) == 0 ? 2 : below(2)));
    publish.retain = below(30) == 0;
    if (publish.qos != Qos::at_most_once) {
      publish.packet_id = static_cast<uint16_t>(++packet_id_);
      publish.dup = below(20) == 0;
    }
    if (version == Version::v5 && below(10) == 0) publish.properties.content_type = "text";
    Bytes bytes;
    mqtt::encode(publish, version, bytes);
    if (below(400) == 0) bytes[below(static_cast<uint32_t>(bytes.size()))] ^= 0x10;
    return bytes;
  }

 private:
  std::mt19937_64 random_;
  uint16_t packet_id_ = 0;
};

// The same reads to all of these worlds.
void publish(Words& words, Version version, const std::vector<World*>& worlds) {
  for (int read = 0; read < 20; ++read) {
    Bytes bytes;
    for (uint32_t left = words.below(12); left > 0; --left) bytes += words.packet(version);
    const size_t cut = words.below(static_cast<uint32_t>(bytes.size() + 1));
    for (const BytesView part : {BytesView(bytes).substr(0, cut), BytesView(bytes).substr(cut)}) {
      if (part.empty()) continue;
      for (World* world : worlds) world->send(part);
    }
    if (words.below(2) == 0) {
      for (World* world : worlds) world->taken();
    }
  }
}

TEST(ShardPlain, TheShortWayIsTheWholeWay) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Words words(seed);
    const Version version = seed % 2 ? Version::v3_1_1 : Version::v5;
    World plain({.version = version});
    World whole({.version = version, .plain = false});
    publish(words, version, {&plain, &whole});
    ASSERT_EQ(plain.outcome(), whole.outcome()) << "seed " << seed;
  }
}

// They hear of runs, and PUBACK waits for them.
TEST(ShardPlain, OtherNodesAreToldTheSame) {
  size_t runs = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Words words(seed);
    const Version version = seed % 2 ? Version::v3_1_1 : Version::v5;
    const uint16_t maximum = seed % 4 == 0 ? 5 : 1024;
    World plain({.version = version, .nodes = true, .receive_maximum = maximum});
    World whole({.version = version, .plain = false, .nodes = true, .receive_maximum = maximum});
    publish(words, version, {&plain, &whole});
    ASSERT_EQ(plain.outcome(), whole.outcome()) << "seed " << seed;
    plain.taken();
    whole.taken();
    ASSERT_EQ(plain.outcome(), whole.outcome()) << "seed " << seed;
    runs += plain.runs;
  }
  EXPECT_GT(runs, 1000u);
}

TEST(ShardPlain, ANeighboursClientsGetTheSame) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Words words(seed);
    const Version version = seed % 2 ? Version::v3_1_1 : Version::v5;
    const bool unlike = seed % 3 == 0;
    const uint64_t places = words.below(32);
    World one({.version = version, .unlike = unlike});
    World plain({.version = version, .shards = 2, .places = places, .unlike = unlike});
    World whole(
        {.version = version, .shards = 2, .places = places, .plain = false, .unlike = unlike});
    publish(words, version, {&one, &plain, &whole});
    ASSERT_EQ(plain.outcome(), one.outcome()) << "seed " << seed;
    ASSERT_EQ(plain.delivered(), one.delivered()) << "seed " << seed;
    ASSERT_EQ(plain.outcome(), whole.outcome()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace muster::broker::test
