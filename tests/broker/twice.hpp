#pragma once
// A method of the tests' own for enhanced authentication: the client says a word, is told to say it
// twice, and is in. "bad" is never good, "again" not in a re-authentication.

#include <memory>
#include <optional>
#include <string>

#include "broker/authenticator.hpp"

namespace muster::broker::test {

class Twice final : public AuthMethod {
 public:
  std::string name() const override { return "TWICE"; }
  std::unique_ptr<AuthExchange> begin(const AuthRequest& request) const override {
    return std::make_unique<Exchange>(request.again);
  }

 private:
  class Exchange final : public AuthExchange {
   public:
    explicit Exchange(bool again) : again_(again) {}
    AuthStep step(std::optional<BytesView> data) override {
      using Kind = AuthStep::Kind;
      if (data == "bad") return {Kind::refused, {}, mqtt::Reason::bad_user_name_or_password};
      if (data == "again" && again_) return {Kind::refused, {}, mqtt::Reason::not_authorized};
      if (word_.empty()) {
        word_ = data.value_or("");
        return {Kind::goes_on, "twice", mqtt::Reason::success};
      }
      if (data != word_ + word_) return {};
      return {Kind::accepted, "welcome", mqtt::Reason::success};
    }

   private:
    bool again_;
    std::string word_;
  };
};

}  // namespace muster::broker::test
