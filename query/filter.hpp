#pragma once
// Conditions compiled once into a predicate over rows. A value; reads no table itself.
//
//   device user broker address attr.<name>   = != < <= > >= and prefix; by bytes, and as numbers
//                                             where an attribute and the value both are numbers
//   status                                    = !=  online offline unknown
//   why                                       = !=  the names of wire::to_string(GoneReason)
//   protocol                                  = != < <= > >=  3 4 5 (also 3.1, 3.1.1, 5.0)
//   since seen                                = != < <= > >=  ms since 1970, or -10m (ms s m h d)
//
// An attribute that is not there reads as empty.

#include <optional>
#include <string>
#include <vector>

#include "core/base/expected.hpp"
#include "core/wire/query.hpp"
#include "query/table.hpp"

namespace muster::query {

class Filter {
 public:
  static constexpr size_t conditions_max = 32;

  // The error is one line for the asker.
  static Expected<Filter, std::string> compile(const std::vector<wire::Condition>& where,
                                               int64_t now_ms);

  bool matches(const RowView& row) const;
  bool matches(const Table& table, RowId id, Read read = Read::present) const {
    return tests_.empty() || matches(table.view(id, read, reads_user_));
  }
  bool everything() const { return tests_.empty(); }
  bool reads_attributes() const { return reads_attributes_; }

  // A condition `device = x` or `user = x`, so that nobody needs to scan.
  const std::optional<std::string>& exact_device() const { return exact_device_; }
  const std::optional<std::string>& exact_user() const { return exact_user_; }

 private:
  enum class Field : uint8_t {
    attribute,
    user,
    device,
    address,
    broker,
    status,  // from here on numbers
    why,
    protocol,
    since,
    seen
  };
  struct Test {
    Field field = Field::device;
    wire::Compare compare = wire::Compare::equal;
    std::string name;  // of the attribute
    std::string text;
    int64_t number = 0;
    std::optional<double> real;  // the value of an attribute's condition, if it is a number
  };

  static Expected<Test, std::string> compile(const wire::Condition& condition, int64_t now_ms);
  static bool holds(const Test& test, const RowView& row);

  std::vector<Test> tests_;
  bool reads_user_ = false;
  bool reads_attributes_ = false;
  std::optional<std::string> exact_device_;
  std::optional<std::string> exact_user_;
};

}  // namespace muster::query
