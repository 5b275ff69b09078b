#pragma once
// Walks raw property bytes one property at a time and judges each (section 2.2.2): known, allowed
// here, not repeated, of its type, in its range. Allocates nothing. Local to one decoder.

#include <cstdint>

#include "core/mqtt/property_table.hpp"
#include "core/mqtt/reader.hpp"

namespace muster::mqtt {

class PropertyReader {
 public:
  // `carrier`: exactly one.
  PropertyReader(BytesView raw, Carriers carrier, Sender sender)
      : reader_(raw), carrier_(carrier), sender_(sender) {}

  // Moves to the next property; false at the end or at a fault.
  bool next();

  // success, or the first fault.
  Reason error() const { return reader_.error(); }

  PropertyId id() const { return id_; }
  uint32_t number() const { return number_; }
  BytesView text() const { return text_; }      // of a pair: the name
  BytesView second() const { return second_; }  // of a pair: the value
  BytesView whole() const { return whole_; }    // identifier and value

 private:
  void read_value(const PropertyRule& rule);
  void judge_value(const PropertyRule& rule);
  void judge_sender();

  Reader reader_;
  Carriers carrier_;
  Sender sender_;
  uint64_t seen_ = 0;  // a bit for each identifier
  PropertyId id_{};
  uint32_t number_ = 0;
  BytesView text_;
  BytesView second_;
  BytesView whole_;
};

}  // namespace muster::mqtt
