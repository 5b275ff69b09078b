#pragma once
// A device row as it was read at one moment, in one block of memory: the histories of changes are
// made of them. A user's name that ends in the device's, as that of an anonymous client does, is
// kept once for both. A value: copies share the block, one thread.

#include <memory>
#include <string_view>

#include "core/base/local_ptr.hpp"
#include "core/wire/query.hpp"
#include "query/row_view.hpp"

namespace muster::query {

class PackedRow {
 public:
  PackedRow() = default;  // none
  PackedRow(const RowView& read, const RowFacts& facts);

  explicit operator bool() const { return static_cast<bool>(head_); }
  RowView view() const;
  wire::AnswerRow answer() const { return answer_of(view(), head_->facts); }
  std::string_view device() const;
  std::string_view user() const;
  wire::Status status() const { return head_->status; }
  // What a watcher can tell apart. The times and reasons of a row that stays offline are no news.
  bool looks_like(const RowView& other, const RowFacts& facts) const;
  bool same_attributes(const RowView& other) const;
  // As it reads once the device is forgotten. Before it is copied.
  void disconnect();

 private:
  struct Head {  // behind it: user, device unless the user's name ends in it, broker, address
    RowFacts facts;
    int64_t since_ms;
    int64_t last_seen_ms;
    std::unique_ptr<const Attributes> attributes;
    uint32_t user_size;
    uint32_t device_size;
    uint32_t broker_size;
    uint32_t address_size;
    uint8_t protocol;
    wire::GoneReason why;
    wire::Status status;
    bool device_in_user;
  };

  const char* texts() const { return head_.tail(); }
  const char* behind_names() const;

  LocalPtr<Head> head_;
};

}  // namespace muster::query
