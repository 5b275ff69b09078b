#pragma once
// Enhanced authentication (MQTT 5.0, section 4.12): methods are plugged in by name, the broker only
// carries their data in CONNECT, AUTH and CONNACK. A method is asked by every shard's thread, so it
// is immutable; an exchange belongs to one connection and its shard. A step may not block, and what
// is expensive (a password hash) has no place in it.

#include <memory>
#include <optional>
#include <string>

#include "core/base/bytes.hpp"
#include "core/mqtt/reason.hpp"

namespace muster::broker {

struct AuthStep {
  enum class Kind : uint8_t { goes_on, accepted, refused } kind = Kind::refused;
  std::optional<std::string> data;
  mqtt::Reason reason = mqtt::Reason::not_authorized;  // of a refusal; one that CONNACK may carry
};

class AuthExchange {
 public:
  virtual ~AuthExchange() = default;
  // `data`: the client's Authentication Data; the first is from CONNECT, or of a re-authentication.
  virtual AuthStep step(std::optional<BytesView> data) = 0;
};

struct AuthRequest {
  BytesView client_id;
  std::optional<BytesView> user_name;  // not in a re-authentication
  bool again = false;                  // the client is connected and authenticates anew
};

class AuthMethod {
 public:
  virtual ~AuthMethod() = default;
  virtual std::string name() const = 0;
  virtual std::unique_ptr<AuthExchange> begin(const AuthRequest& request) const = 0;
};

}  // namespace muster::broker
