#pragma once
// The body of a query server: one gateway thread that drives the mind. Made, started and stopped by
// app's thread.

#include <memory>
#include <string>

#include "core/base/expected.hpp"
#include "core/host/role.hpp"
#include "query/options.hpp"

namespace muster::query {

// Binds the endpoints of `self`. The error is one line.
Expected<std::unique_ptr<host::Role>, std::string> open_query(net::ZmqContext& context,
                                                              const Options& options,
                                                              wire::NodeInfo self);

}  // namespace muster::query
