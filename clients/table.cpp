#include "clients/table.hpp"

#include <algorithm>

namespace muster::clients {
namespace {

std::string line(const Row& row, const std::vector<size_t>& widths) {
  std::string text;
  for (size_t i = 0; i < row.size(); ++i) {
    text += row[i];
    if (i + 1 < row.size()) text.append(widths[i] - row[i].size() + 2, ' ');
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text + '\n';
}

}  // namespace

std::string table(const Row& heading, const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const std::string& cell : heading) widths.push_back(cell.size());
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text = line(heading, widths);
  for (const Row& row : rows) text += line(row, widths);
  return text;
}

}  // namespace muster::clients
