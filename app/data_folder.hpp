#pragma once
// The folder that holds what a process keeps: made if missing, locked while this object lives. It
// may hold foreign files. Start-up thread; the error is one line that names the folder.

#include <string>

#include "core/base/expected.hpp"

namespace muster::app {

class DataFolder {
 public:
  static Expected<DataFolder, std::string> open(const std::string& path);
  ~DataFolder();
  DataFolder(DataFolder&& other) noexcept;
  DataFolder& operator=(DataFolder&&) = delete;

  const std::string& path() const { return path_; }

 private:
  DataFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  int lock_;  // fd of muster.lock, held with flock: the kernel lets it go when the process ends
};

}  // namespace muster::app
