#pragma once
// The cluster's key: one CURVE key pair, in one file that every node has. Whoever holds it may
// join; nobody else gets past the handshake (zmq_context.hpp). Used at start, by one thread.

#include <string>

#include "core/base/expected.hpp"

namespace muster::net {

struct CurveKeys {  // Z85, 40 characters each
  std::string public_key;
  std::string secret_key;
};

CurveKeys make_curve_keys();

// The file is text, two lines `public = "..."` and `secret = "..."`, readable by its owner alone.
// Errors are one line for people and begin with the path. An existing file is never overwritten.
Expected<Done, std::string> save_keys(const std::string& path, const CurveKeys& keys);
Expected<CurveKeys, std::string> load_keys(const std::string& path);

}  // namespace muster::net
