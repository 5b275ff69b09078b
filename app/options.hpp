#pragma once
// From what an operator decided to what each role takes. The limits of the table keep every
// narrowing exact. Pure functions, start-up.

#include <vector>

#include "app/config.hpp"
#include "broker/options.hpp"
#include "control/options.hpp"
#include "core/store/segment_store.hpp"
#include "global/options.hpp"
#include "query/options.hpp"

namespace muster::app {

// `cores`: how many shards "one per core" means.
broker::Options broker_options(const Config& config, unsigned cores);
std::vector<broker::Door> broker_doors(const ListenConfig& listen);
global::Options global_options(const Config& config);
query::Options query_options(const Config& config);
control::Options control_options(const Config& config);
store::LeveldbOptions store_options(const Config& config);
store::SegmentOptions segment_options(const Config& config);

}  // namespace muster::app
