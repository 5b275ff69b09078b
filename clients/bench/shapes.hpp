#pragma once
// Who publishes what to whom: the shapes of a steady flow of messages. Pure functions.

#include <cstdint>
#include <string>
#include <vector>

#include "clients/bench/options.hpp"

namespace muster::clients::bench {

struct Shape {
  struct Stream {
    std::string topic;
    uint32_t publisher = 0;
  };
  struct Subscriber {
    std::string filter;
    uint32_t first_stream = 0;  // what the filter can match
    uint32_t streams = 0;
  };

  uint32_t publishers = 0;
  std::vector<Stream> streams;
  std::vector<Subscriber> subscribers;

  // How many subscribers each stream has, by their filters.
  std::vector<uint32_t> receivers() const;
};

// By the scenario: fan-out, fan-in, wildcards; pairs and latency are the same one.
Shape shape_of(const Options& options);

}  // namespace muster::clients::bench
