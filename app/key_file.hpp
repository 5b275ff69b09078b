#pragma once
// The cluster's key file: one CURVE pair that all processes of a cluster share, in TOML, readable
// by its owner only. Start-up thread.

#include <string>

#include "core/base/expected.hpp"

namespace muster::app {

struct ClusterKey {
  std::string public_key;  // Z85, 40 characters
  std::string secret_key;
};

ClusterKey make_key();
// An existing file is left alone and is an error. The error is one line that names the file.
Expected<Done, std::string> write_key_file(const std::string& path, const ClusterKey& key);
Expected<ClusterKey, std::string> read_key_file(const std::string& path);

}  // namespace muster::app
