#pragma once
// A damaged store is kept for whoever wants to look: <path>.damaged-<n>.

#include <string>

#include "core/store/store.hpp"

namespace muster::store {

// Copies the folder; gives the copy's path.
Expected<std::string, Error> copy_aside(const std::string& path);

}  // namespace muster::store
