#include "broker/host.hpp"

#include <utility>
#include <vector>

#include "broker/host_shard.hpp"
#include "broker/node.hpp"
#include "core/base/check.hpp"
#include "core/net/address.hpp"
#include "core/net/heap.hpp"

namespace muster::broker {
namespace {

using ShardMailbox = net::Mailbox<ShardMail>;
using OpenDoors = std::vector<OpenDoor>;  // of one shard

// The Node on the gateway's thread, between its frames and the shards' parcels.
class NodeBody final : public host::Body {
 public:
  NodeBody(const Options& options, const wire::NodeInfo& self, net::Waker& waker)
      : node_(options, self), mailbox_(waker) {}

  net::Mailbox<Parcel>& mailbox() { return mailbox_; }
  void connect(std::vector<ShardMailbox*> shards) { shards_ = std::move(shards); }

  wire::NodeMind& mind() override { return node_; }
  bool ready() const override { return node_.serving(); }

  void take_letters(Now now) override {
    if (node_.wants_heap(now.mono)) node_.heap(net::heap_in_use());
    if (!mailbox_.take(opened_)) return;
    for (Parcel& parcel : opened_) node_.open(now, std::move(parcel));
    opened_.clear();
  }
  void carry_out(Now) override {
    for (auto& [to, parcel] : node_.take_parcels()) {
      shards_[static_cast<size_t>(to)]->post(ShardMail{std::move(parcel), {}, {}});
    }
  }

 private:
  Node node_;
  net::Mailbox<Parcel> mailbox_;
  std::vector<ShardMailbox*> shards_;
  std::vector<Parcel> opened_;
};

class Broker final : public BrokerRole {
 public:
  Broker(std::unique_ptr<host::Gateway> gateway, const Options& options,
         std::vector<OpenDoors> doors)
      : gateway_(std::move(gateway)), node_(options, gateway_->self(), gateway_->waker()) {
    for (const OpenDoor& door : doors.front()) addresses_.push_back(door.listener.address());
    std::vector<ShardMailbox*> mailboxes;
    for (OpenDoors& own : doors) {
      auto index = static_cast<ShardIndex>(shards_.size());
      shards_.push_back(std::make_unique<ShardHost>(index, options, gateway_->self().incarnation,
                                                    std::move(own)));
      mailboxes.push_back(&shards_.back()->mailbox());
    }
    node_.connect(mailboxes);
    for (auto& shard : shards_) {
      shard->connect(mailboxes,
                     [this](std::vector<Parcel>& parcels) { node_.mailbox().post(parcels); });
    }
  }
  ~Broker() override {
    request_stop();
    join();
  }

  const wire::NodeInfo& self() const override { return gateway_->self(); }
  std::vector<std::string> mqtt_addresses() const override { return addresses_; }

  void start(std::function<void()> ready) override {
    gateway_->start(node_, std::move(ready));
    for (auto& shard : shards_) shard->start();
    for (auto& shard : shards_) shard->listen();
  }
  void request_stop() override {
    for (auto& shard : shards_) shard->request_stop();
  }
  // The shards report the ends of their connections first; then the Node says its last words.
  void join() override {
    for (auto& shard : shards_) shard->join();
    gateway_->request_stop();
    gateway_->join();
  }

 private:
  std::vector<std::string> addresses_;
  std::unique_ptr<host::Gateway> gateway_;
  NodeBody node_;
  std::vector<std::unique_ptr<ShardHost>> shards_;
};

// A listener for each shard on one port. The first is opened alone: with a shared port the kernel
// would let a second server in without a word.
Expected<std::vector<net::Listener>, std::string> open_listeners(const std::string& listen,
                                                                 uint16_t shards) {
  auto address = net::parse_address(listen);
  if (!address) return Unexpected{address.error()};
  {
    auto alone = net::Listener::open(listen);
    if (!alone) return Unexpected{alone.error()};
    address->port = alone->port();
  }
  std::vector<net::Listener> listeners;
  for (uint16_t i = 0; i < shards; ++i) {
    net::Listener::Options options;
    options.shared_port = true;
    auto listener = net::Listener::open(net::to_string(*address), options);
    if (!listener) return Unexpected{listener.error()};
    listeners.push_back(std::move(*listener));
  }
  return listeners;
}

// By shard.
Expected<std::vector<OpenDoors>, std::string> open_doors(const std::vector<Door>& doors,
                                                         uint16_t shards) {
  MUSTER_CHECK(!doors.empty() && doors.size() <= max_doors);
  std::vector<OpenDoors> opened(shards);
  for (const Door& door : doors) {
    auto listeners = open_listeners(door.address, shards);
    if (!listeners) return Unexpected{listeners.error()};
    for (uint16_t i = 0; i < shards; ++i) {
      opened[i].push_back({std::move((*listeners)[i]), door.durability});
    }
  }
  return opened;
}

}  // namespace

Expected<std::unique_ptr<BrokerRole>, std::string> open_broker(net::ZmqContext& context,
                                                               const std::vector<Door>& doors,
                                                               const Options& options,
                                                               wire::NodeInfo self) {
  auto opened = open_doors(doors, options.shards);
  if (!opened) return Unexpected{opened.error()};
  auto gateway = host::Gateway::open(context, std::move(self));
  if (!gateway) return Unexpected{gateway.error()};
  std::unique_ptr<BrokerRole> role =
      std::make_unique<Broker>(std::move(gateway).value(), options, std::move(opened).value());
  return role;
}

}  // namespace muster::broker
