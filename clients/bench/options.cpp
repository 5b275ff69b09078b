#include "clients/bench/options.hpp"

#include <algorithm>

namespace muster::clients::bench {

// Who names a batch and nothing else wants batches of this size, one after the other: the broker
// then reads just as many at once.
Windows windows_of(const Options& options) {
  Windows all;
  const uint32_t usual = options.qos > 0 ? 64 : 256;
  all.inflight = options.inflight > 0 ? options.inflight
                 : options.batch > 0  ? options.batch
                                      : usual;
  if (options.window > 0) {
    all.window = options.window;
  } else if (options.batch > 0) {
    all.window = options.batch;
  } else {
    all.window = options.qos > 0 ? 4 * all.inflight : all.inflight;
  }
  const uint32_t quarter = std::min(all.window, all.inflight) / 4;
  all.batch = options.batch > 0 ? options.batch : std::max(1u, quarter);
  return all;
}

}  // namespace muster::clients::bench
