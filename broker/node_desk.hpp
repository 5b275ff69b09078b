#pragma once
// What the small machines of a Node share: the options, the links to the other servers, the mail to
// the shards, the counters. Owned by the Node, on its thread.

#include <utility>

#include "broker/node_counters.hpp"
#include "broker/node_mail.hpp"
#include "broker/options.hpp"
#include "core/wire/links.hpp"

namespace muster::broker {

struct NodeDesk {
  NodeDesk(Options set, wire::NodeInfo self)
      : options(std::move(set)),
        links(std::move(self), options.link, false),
        mail(options.shards) {}

  Options options;
  wire::Links links;
  NodeMail mail;
  NodeCounters counters;
};

}  // namespace muster::broker
