#include "app/roles.hpp"

#include <thread>
#include <utility>

#include "app/options.hpp"
#include "app/topology.hpp"
#include "broker/host.hpp"
#include "control/host.hpp"
#include "core/base/log.hpp"
#include "core/net/clock.hpp"
#include "core/store/segment_store.hpp"
#include "core/store/store_memory.hpp"
#include "global/host.hpp"
#include "query/host.hpp"

namespace muster::app {
namespace {

using Made = Expected<std::unique_ptr<host::Role>, std::string>;

class Maker {
 public:
  Maker(const Config& config, const ServeRequest& request, net::ZmqContext& context,
        wire::NodeInfo control)
      : config_(config), request_(request), context_(context), control_(std::move(control)) {}

  Expected<Done, std::string> add(wire::NodeInfo self) {
    self.incarnation = net::random_incarnation();
    auto role = make(std::move(self));
    if (!role) return Unexpected{role.error()};
    roles.running.push_back(std::move(role).value());
    return Done{};
  }
  Roles roles;

 private:
  Made make(wire::NodeInfo self) {
    switch (self.role) {
      case wire::Role::control:
        return control::open_control(context_, control_options(config_), std::move(self));
      case wire::Role::global:
        return global(std::move(self));
      case wire::Role::query: {
        query::Options options = query_options(config_);
        options.peers = {control_};
        return query::open_query(context_, options, std::move(self));
      }
      case wire::Role::broker:
        return broker(std::move(self));
    }
    return Unexpected{std::string("no such role")};
  }

  Made global(wire::NodeInfo self) {
    global::Options options = global_options(config_);
    options.peers = {control_};
    if (config_.store.durability == "memory") {
      auto memory = std::make_unique<store::MemoryStore>(false);
      return global::open_global(context_, options, std::move(self), std::move(memory), false);
    }
    auto opened = store::open_segment_store(config_.node.data + "/store", store_options(config_),
                                            segment_options(config_));
    if (!opened) return Unexpected{opened.error().text};
    return global::open_global(context_, options, std::move(self), std::move(opened->store),
                               opened->damage.has_value());
  }

  Made broker(wire::NodeInfo self) {
    // Beside the other roles it leaves half of the cores to them.
    const unsigned cores = std::thread::hardware_concurrency();
    const bool alone = request_.roles != RoleChoice::all;
    broker::Options options = broker_options(config_, alone ? cores : cores / 2);
    options.auth_methods = request_.auth_methods;
    options.control_talk = control_.talk;
    options.control_bulk = control_.bulk;
    auto role =
        broker::open_broker(context_, broker_doors(config_.listen), options, std::move(self));
    if (!role) return Unexpected{role.error()};
    roles.mqtt_addresses = (*role)->mqtt_addresses();
    return Made(std::move(role).value());
  }

  const Config& config_;
  const ServeRequest& request_;
  net::ZmqContext& context_;
  wire::NodeInfo control_;
};

wire::Role role_of(RoleChoice choice) {
  switch (choice) {
    case RoleChoice::global:
      return wire::Role::global;
    case RoleChoice::query:
      return wire::Role::query;
    case RoleChoice::control:
      return wire::Role::control;
    default:
      return wire::Role::broker;
  }
}

}  // namespace

Expected<Roles, std::string> make_roles(const Config& config, const ServeRequest& request,
                                        net::ZmqContext& context) {
  std::vector<wire::NodeInfo> nodes;
  wire::NodeInfo control;
  if (request.roles == RoleChoice::all) {
    nodes = local_nodes(config);
    control = local_node(control_name, wire::Role::control);
  } else {
    auto node = cluster_node(config, role_of(request.roles));
    if (!node) return Unexpected{node.error()};
    nodes.push_back(std::move(node).value());
    control = cluster_control(config);
  }
  Maker maker(config, request, context, std::move(control));
  for (wire::NodeInfo& node : nodes) {
    if (auto added = maker.add(std::move(node)); !added) return Unexpected{added.error()};
  }
  return std::move(maker.roles);
}

}  // namespace muster::app
