#pragma once
// What presence says, read from JSON: rows of devices with their status.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"

namespace muster::sim {

struct Seen {
  std::string device;
  std::string status;
  std::string broker;
  std::string address;
  std::string since;
  std::string why;
  uint32_t skipped = 0;
  bool operator==(const Seen&) const = default;
};

struct Roll {
  std::string outcome;
  std::string server;
  std::vector<Seen> rows;
  uint64_t count = 0;
  uint64_t era = 0, number = 0;
};

Seen read_row(BytesView json);
Roll read_answer(BytesView json);

}  // namespace muster::sim
