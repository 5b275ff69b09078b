#pragma once
// The rows of users: attributes that they publish about themselves ($user/me/info). Bounded for
// each user; what is over is ignored and logged. Owned by Global, one thread.

#include <map>
#include <string>

#include "core/wire/messages.hpp"
#include "global/ledger.hpp"
#include "global/log.hpp"
#include "global/options.hpp"

namespace muster::global {

class Users {
 public:
  struct User {
    wire::UserRow row;
    uint64_t number = 0;  // of its newest log entry
  };
  using Rows = std::map<std::string, User, std::less<>>;

  Users(const Options& options, Log& log) : options_(options), log_(log) {}

  bool load(BytesView value);
  void set(const wire::SetInfo& info);
  const Rows& all() const { return rows_; }

 private:
  const Options& options_;
  Log& log_;
  Rows rows_;
};

}  // namespace muster::global
