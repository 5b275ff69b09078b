#pragma once
// The page docs/configuration.md, made from the table of fields. A test holds the committed file
// against it.

#include <string>

namespace muster::app {

std::string configuration_page();

}  // namespace muster::app
