#pragma once
// The body of global: one gateway thread that drives the mind, and the storage thread that commits
// its batches. Made, started and stopped by app's thread.

#include <memory>
#include <string>

#include "core/base/expected.hpp"
#include "core/host/role.hpp"
#include "core/store/store.hpp"
#include "global/options.hpp"

namespace muster::global {

// Binds the endpoints of `self` and reads the whole store. `repaired`: the store was damaged and
// some records may be missing. The error is one line.
Expected<std::unique_ptr<host::Role>, std::string> open_global(net::ZmqContext& context,
                                                               const Options& options,
                                                               wire::NodeInfo self,
                                                               std::unique_ptr<store::Store> store,
                                                               bool repaired);

}  // namespace muster::global
