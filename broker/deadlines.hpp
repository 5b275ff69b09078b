#pragma once
// When each client must be looked at again: one deadline a client, checked lazily. Packets do not
// move it; when it comes due the shard looks at what was really heard. Deadlines are rounded up to
// a quarter of a second, so that thousands of idle clients wake the shard a few times a second at
// most. A heap that knows where each client stands: 20 bytes a client. Owned by a shard.

#include <cstdint>
#include <tuple>
#include <vector>

#include "core/base/time.hpp"

namespace muster::broker {

class Deadlines {
 public:
  // Replaces the client's deadline. `never` removes it.
  void set(uint32_t client, Instant wanted) {
    if (client >= places_.size()) places_.resize(client + 1, none);
    if (wanted == never) {
      if (places_[client] != none) remove(places_[client]);
      return;
    }
    const Due due{round_up(wanted), client};
    if (places_[client] == none) {
      heap_.push_back(due);
      rise(heap_.size() - 1, due);
    } else {
      settle(places_[client], due);
    }
  }
  Instant next() const { return heap_.empty() ? never : heap_.front().at; }
  // The first client that is due, which must then be set again; false when none is.
  bool first_due(Instant now, uint32_t& client) const {
    if (heap_.empty() || heap_.front().at > now) return false;
    client = heap_.front().client;
    return true;
  }

 private:
  struct Due {
    Instant at;
    uint32_t client;
    bool operator<(const Due& other) const {
      return std::tie(at, client) < std::tie(other.at, other.client);
    }
  };
  static constexpr uint32_t none = UINT32_MAX;

  static Instant round_up(Instant time) {
    constexpr Duration grain = std::chrono::milliseconds(250);
    auto count = (time.time_since_epoch().count() + grain.count() - 1) / grain.count();
    return Instant(Duration(count * grain.count()));
  }
  void put(size_t place, Due due) {
    heap_[place] = due;
    places_[due.client] = static_cast<uint32_t>(place);
  }
  // The place is free; the due goes there or where it belongs above or below.
  void settle(size_t place, Due due) {
    if (place > 0 && due < heap_[(place - 1) / 2]) return rise(place, due);
    for (;;) {
      size_t least = 2 * place + 1;
      if (least >= heap_.size()) break;
      if (least + 1 < heap_.size() && heap_[least + 1] < heap_[least]) ++least;
      if (due < heap_[least]) break;
      put(place, heap_[least]);
      place = least;
    }
    put(place, due);
  }
  void rise(size_t place, Due due) {
    for (; place > 0 && due < heap_[(place - 1) / 2]; place = (place - 1) / 2) {
      put(place, heap_[(place - 1) / 2]);
    }
    put(place, due);
  }
  void remove(size_t place) {
    places_[heap_[place].client] = none;
    const Due last = heap_.back();
    heap_.pop_back();
    if (place < heap_.size()) settle(place, last);
  }

  std::vector<Due> heap_;
  std::vector<uint32_t> places_;  // by client: in the heap; none: it has no deadline
};

}  // namespace muster::broker
