#include "core/net/curve.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "core/net/fd.hpp"

namespace muster::net {
namespace {

constexpr size_t key_size = 40;

std::string reason() {
  return std::generic_category().message(errno);
}

// The text between the quotes of `name = "..."`; empty if the line says something else.
std::string quoted(const std::string& line, const std::string& name) {
  const std::string opening = name + " = \"";
  if (!line.starts_with(opening)) return {};
  const size_t end = line.find('"', opening.size());
  if (end == std::string::npos) return {};
  return line.substr(opening.size(), end - opening.size());
}

bool belong_together(const CurveKeys& keys) {
  if (keys.public_key.size() != key_size || keys.secret_key.size() != key_size) return false;
  char derived[key_size + 1] = {};
  return zmq_curve_public(derived, keys.secret_key.c_str()) == 0 && keys.public_key == derived;
}

}  // namespace

CurveKeys make_curve_keys() {
  char public_key[key_size + 1] = {};
  char secret_key[key_size + 1] = {};
  MUSTER_CHECK(zmq_curve_keypair(public_key, secret_key) == 0);
  return {public_key, secret_key};
}

Expected<Done, std::string> save_keys(const std::string& path, const CurveKeys& keys) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) return Unexpected{path + ": " + reason()};
  const std::string text =
      "# The key of a Muster cluster. Every node needs this file; whoever has it can join.\n"
      "public = \"" +
      keys.public_key +
      "\"\n"
      "secret = \"" +
      keys.secret_key + "\"\n";
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return Unexpected{path + ": " + reason()};
  }
  return Done{};
}

Expected<CurveKeys, std::string> load_keys(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Unexpected{path + ": cannot be read"};
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Unexpected{path + ": others than its owner may read the cluster's key"};
  }
  CurveKeys keys;
  std::string line;
  while (std::getline(file, line)) {
    if (const std::string key = quoted(line, "public"); !key.empty()) keys.public_key = key;
    if (const std::string key = quoted(line, "secret"); !key.empty()) keys.secret_key = key;
  }
  if (!belong_together(keys)) return Unexpected{path + ": not a key file (see `muster keys`)"};
  return keys;
}

}  // namespace muster::net
