#include "global/users.hpp"

#include "core/base/log.hpp"
#include "core/wire/codec.hpp"
#include "global/keys.hpp"

namespace muster::global {

bool Users::load(BytesView value) {
  auto entry = wire::decode_row(value);
  if (!entry || !std::holds_alternative<wire::UserRow>(entry->row)) return false;
  auto& row = std::get<wire::UserRow>(entry->row);
  log_.loaded(wire::user_slot, entry->number);
  User& user = rows_[row.user];
  user.row = std::move(row);
  user.number = entry->number;
  return true;
}

void Users::set(const wire::SetInfo& info) {
  const auto found = rows_.find(info.user);
  wire::UserRow row{info.user, {}};
  if (found != rows_.end()) row = found->second.row;
  for (const auto& [name, value] : info.attributes) {
    if (value.empty()) {
      row.attributes.erase(name);
    } else {
      row.attributes[name] = value;
    }
  }
  size_t bytes = 0;
  for (const auto& [name, value] : row.attributes) bytes += name.size() + value.size();
  if (row.attributes.size() > options_.max_attributes || bytes > options_.max_attribute_bytes) {
    log::warning("user {}: attributes over the limit are ignored", info.user);
    return;
  }
  if (found == rows_.end() && row.attributes.empty()) return;
  if (found != rows_.end() && found->second.row == row) return;
  User& user = rows_[info.user];
  user.row = std::move(row);
  user.number = log_.take_number();
  log_.append(user.number, wire::user_slot, user.row, keys::user(info.user));
}

}  // namespace muster::global
