// The short way and the whole way say the same: what a publisher sends, whole or in pieces, plain
// or not, arrives alike whether or not there is somebody for whom only the whole way will do.

#include <gtest/gtest.h>

#include <random>

#include "tests/broker/shard_world.hpp"

namespace muster::broker::test {
namespace {

using mqtt::Qos;
using mqtt::Version;

class World {
 public:
  World(Version version, bool plain) : version_(version), shards_(1) {
    subscribe("one", "a/+", Qos::at_least_once);
    subscribe("two", "a/b", Qos::at_most_once);
    subscribe("three", "c/#", Qos::exactly_once);
    subscribe("four", "c/d", Qos::at_least_once);
    if (!plain) {  // with No Local every publication that it might get is looked at
      Device& device = shards_.connect(clean("whole", Version::v5));
      for (const BytesView filter : {"a/+", "c/#"}) {
        mqtt::Subscribe packet = test::subscribe(1, filter, Qos::at_most_once);
        packet.entries[0].options.no_local = true;
        shards_.send(device, packet);
      }
    }
    publisher_ = &shards_.connect(clean("publisher", version));
    publisher_->unread.clear();
  }

  void send(BytesView bytes) {
    if (!publisher_->closed) shards_.send_bytes(*publisher_, bytes);
  }
  // What everybody has got, and what was counted.
  std::vector<Bytes> outcome() const {
    std::vector<Bytes> all{publisher_->unread, publisher_->closed ? "closed" : "open"};
    for (const Device* device : subscribers_) all.push_back(device->unread);
    const ShardCounters& counters = shards_.shards[0]->counters();
    all.push_back(std::to_string(counters.received) + " " +
                  std::to_string(counters.payload_received));
    return all;
  }

 private:
  void subscribe(BytesView id, BytesView filter, Qos qos) {
    Device& device = shards_.connect(clean(id, version_));
    shards_.send(device, test::subscribe(1, filter, qos));
    device.unread.clear();
    subscribers_.push_back(&device);
  }

  Version version_;
  ShardWorld shards_;
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

TEST(ShardPlain, TheShortWayIsTheWholeWay) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Words words(seed);
    const Version version = seed % 2 ? Version::v3_1_1 : Version::v5;
    World plain(version, true);
    World whole(version, false);
    for (int read = 0; read < 20; ++read) {
      Bytes bytes;
      for (uint32_t left = words.below(12); left > 0; --left) bytes += words.packet(version);
      const size_t cut = words.below(static_cast<uint32_t>(bytes.size() + 1));
      for (const BytesView part : {BytesView(bytes).substr(0, cut), BytesView(bytes).substr(cut)}) {
        if (part.empty()) continue;
        plain.send(part);
        whole.send(part);
      }
    }
    ASSERT_EQ(plain.outcome(), whole.outcome()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace muster::broker::test
