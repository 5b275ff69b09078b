#pragma once
// A plain table for people: a heading, columns as wide as their widest cell. Pure functions.

#include <string>
#include <vector>

namespace muster::clients {

using Row = std::vector<std::string>;
std::string table(const Row& heading, const std::vector<Row>& rows);

}  // namespace muster::clients
