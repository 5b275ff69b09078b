#include "core/store/aside.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <system_error>

namespace muster::store {

Expected<std::string, Error> copy_aside(const std::string& path) {
  std::error_code error;
  for (int n = 1;; ++n) {
    const std::string aside = fmt::format("{}.damaged-{}", path, n);
    if (std::filesystem::exists(aside, error)) continue;
    std::filesystem::copy(path, aside, std::filesystem::copy_options::recursive, error);
    if (!error) return aside;
    return Unexpected{Error{fmt::format("store {} is damaged and cannot be copied to {}: {}", path,
                                        aside, error.message())}};
  }
}

}  // namespace muster::store
