#pragma once
// A message that is too large for a batch, encoded: what is large in it stays where it is, in the
// message, which all peers that get it share. Inside core/wire only.

#include <cstddef>
#include <memory>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/wire/messages.hpp"

namespace muster::wire {

struct Elsewhere {  // stands before own[at]
  size_t at = 0;
  BytesView text;
};

class Item {
 public:
  explicit Item(std::shared_ptr<const Message> message);
  explicit Item(Bytes encoded);

  size_t size() const { return size_; }
  const Message& message() const { return *message_; }  // of one that was not encoded before
  void append_slice(size_t from, size_t count, Bytes& out) const;  // at most what there is

 private:
  std::shared_ptr<const Message> message_;
  Bytes own_;
  std::vector<Elsewhere> elsewhere_;  // in order
  size_t size_ = 0;
};

}  // namespace muster::wire
