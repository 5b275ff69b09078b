#include "global/kept_row.hpp"

namespace muster::global {

KeptRow::KeptRow(const wire::DeviceRow& row)
    : broker(row.broker),
      serial(row.serial),
      term(row.term),
      since_ms(row.since_ms),
      last_seen_ms(row.last_seen_ms),
      keep_alive_s(row.keep_alive_s),
      protocol(row.protocol),
      connected(row.connected),
      persistent(row.persistent),
      why(row.why),
      device_({row.device}) {
  name(row.user, row.address, row.broker_name);
}

void KeptRow::name(BytesView user, BytesView address, BytesView broker_name) {
  user_is_device_ = user == device();
  texts_ = Texts<3>({user_is_device_ ? BytesView() : user, address, broker_name});
}

wire::DeviceRow KeptRow::whole() const {
  wire::DeviceRow row;
  row.device = device();
  row.user = user();
  row.address = address();
  row.broker_name = broker_name();
  row.broker = broker;
  row.serial = serial;
  row.term = term;
  row.since_ms = since_ms;
  row.last_seen_ms = last_seen_ms;
  row.keep_alive_s = keep_alive_s;
  row.protocol = protocol;
  row.connected = connected;
  row.persistent = persistent;
  row.why = why;
  return row;
}

}  // namespace muster::global
