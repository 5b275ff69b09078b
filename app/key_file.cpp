#include "app/key_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "core/base/check.hpp"

namespace muster::app {
namespace {

constexpr size_t z85_size = 40;  // of a 32-byte key

constexpr std::string_view comment =
    "# The key of one Muster cluster. Who has this file belongs to the cluster: keep it secret.\n";

std::string failure(const std::string& path, int error) {
  return fmt::format("{}: {}", path, std::strerror(error));
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// The value of `name = "value"`, if the line is that and looks like a key.
void take_key(const std::string& line, std::string_view name, std::string& key) {
  const std::string opening = fmt::format("{} = \"", name);
  if (!line.starts_with(opening) || !line.ends_with('"')) return;
  if (line.size() != opening.size() + z85_size + 1) return;
  std::string text = line.substr(opening.size(), z85_size);
  std::array<uint8_t, 32> binary{};
  if (zmq_z85_decode(binary.data(), text.c_str())) key = std::move(text);
}

}  // namespace

ClusterKey make_key() {
  std::array<char, z85_size + 1> public_key{};
  std::array<char, z85_size + 1> secret_key{};
  MUSTER_CHECK(zmq_curve_keypair(public_key.data(), secret_key.data()) == 0);
  return {public_key.data(), secret_key.data()};
}

Expected<Done, std::string> write_key_file(const std::string& path, const ClusterKey& key) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return Unexpected{failure(path, errno)};
  const bool written = write_all(fd, fmt::format("{}public = \"{}\"\nsecret = \"{}\"\n", comment,
                                                 key.public_key, key.secret_key)) &&
                       ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (written) return Done{};
  ::unlink(path.c_str());
  return Unexpected{failure(path, error)};
}

Expected<ClusterKey, std::string> read_key_file(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return Unexpected{failure(path, errno)};
  if ((status.st_mode & 077) != 0) {
    return Unexpected{fmt::format("{}: others may read this key; chmod 600 it", path)};
  }
  std::ifstream file{path};
  ClusterKey key;
  for (std::string line; std::getline(file, line);) {
    take_key(line, "public", key.public_key);
    take_key(line, "secret", key.secret_key);
  }
  if (key.public_key.empty() || key.secret_key.empty()) {
    return Unexpected{fmt::format("{}: not a key file of `muster keys`", path)};
  }
  return key;
}

}  // namespace muster::app
