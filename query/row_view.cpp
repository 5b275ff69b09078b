#include "query/row_view.hpp"

namespace muster::query {

RowView view_of(const wire::AnswerRow& row) {
  RowView view;
  view.device = row.device.device;
  view.user = row.device.user;
  view.broker = row.device.broker_name;
  view.address = row.device.address;
  view.status = row.status;
  view.why = row.device.why;
  view.protocol = row.device.protocol;
  view.since_ms = row.device.since_ms;
  view.last_seen_ms = row.device.last_seen_ms;
  view.attributes = &row.attributes;
  return view;
}

wire::AnswerRow answer_of(const RowView& view, const RowFacts& facts) {
  wire::AnswerRow answer;
  wire::DeviceRow& row = answer.device;
  row.device = view.device;
  row.user = view.user;
  row.connected = facts.connected;
  row.broker = facts.broker;
  row.broker_name = view.broker;
  row.serial = facts.serial;
  row.term = facts.term;
  row.address = view.address;
  row.protocol = view.protocol;
  row.keep_alive_s = facts.keep_alive_s;
  row.persistent = facts.persistent;
  row.since_ms = view.since_ms;
  row.last_seen_ms = view.last_seen_ms;
  row.why = view.why;
  answer.status = view.status;
  answer.number = facts.number;
  if (view.attributes) answer.attributes = *view.attributes;
  return answer;
}

}  // namespace muster::query
