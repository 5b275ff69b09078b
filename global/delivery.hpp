#pragma once
// What is being streamed of one inbox: entries that the broker may send on as they came go in runs,
// anything else as it is. One message is filled at a time; its memory stays for the next one. Owned
// by Inboxes, one thread.

#include "core/base/time.hpp"
#include "core/wire/links.hpp"
#include "global/session.hpp"

namespace muster::global {

class Delivery {
 public:
  bool empty() const { return count_ == 0; }
  // May this be the next one of the message that is being filled? Else send() first.
  bool takes(const Entry& entry) const;
  void add(Now now, const Entry& entry);
  void send(wire::Links& links, const Session& session);  // who is held

 private:
  wire::Message entries_{std::in_place_type<wire::Deliver>};
  wire::Message run_{std::in_place_type<wire::DeliverRun>};
  Bytes packets_;  // of run_
  bool plain_ = false;
  size_t count_ = 0;
  size_t bytes_ = 0;
  uint64_t next_ = 0;  // number that may be the next one of run_
};

}  // namespace muster::global
