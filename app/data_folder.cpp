#include "app/data_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace muster::app {

Expected<DataFolder, std::string> DataFolder::open(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error && !std::filesystem::is_directory(path)) {
    return Unexpected{fmt::format("{}: cannot make the data folder: {}", path, error.message())};
  }
  const std::string lock_path = path + "/muster.lock";
  const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) {
    return Unexpected{
        fmt::format("{}: the data folder is not writable: {}", path, std::strerror(errno))};
  }
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    ::close(lock);
    const std::string why = reason == EWOULDBLOCK
                                ? "in use by another muster"
                                : fmt::format("not lockable: {}", std::strerror(reason));
    return Unexpected{fmt::format("{}: the data folder is {}", path, why)};
  }
  return DataFolder{path, lock};
}

DataFolder::DataFolder(DataFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataFolder::~DataFolder() {
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace muster::app
