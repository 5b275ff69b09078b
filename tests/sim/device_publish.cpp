#include "tests/sim/device.hpp"

namespace muster::sim {
namespace {

char padding_at(uint32_t id, size_t at) {
  return static_cast<char>('a' + (id * 7 + at * 13) % 26);
}

}  // namespace

Bytes payload_of(uint32_t id, size_t padding) {
  Bytes out = fmt::format("m{}:", id);
  const size_t begin = out.size();
  out.resize(begin + padding);
  for (size_t i = 0; i < padding; ++i) out[begin + i] = padding_at(id, i);
  return out;
}

std::optional<uint32_t> message_of(BytesView payload) {
  const size_t colon = payload.find(':');
  if (payload.empty() || payload.front() != 'm' || colon == BytesView::npos) return {};
  uint32_t id = 0;
  for (const char digit : payload.substr(1, colon - 1)) {
    if (digit < '0' || digit > '9') return {};
    id = id * 10 + static_cast<uint32_t>(digit - '0');
  }
  const BytesView padding = payload.substr(colon + 1);
  for (size_t i = 0; i < padding.size(); ++i) {
    if (padding[i] != padding_at(id, i)) return {};
  }
  return id;
}

uint16_t Device::packet_id() {
  if (profile_.lowest_ids) next_packet_id_ = 0;
  while (true) {
    if (++next_packet_id_ == 0) next_packet_id_ = 1;
    const bool asked = line_->subscribes.contains(next_packet_id_);
    const bool used =
        asked || std::any_of(outgoing_.begin(), outgoing_.end(),
                             [&](const Outgoing& o) { return o.packet_id == next_packet_id_; });
    if (!used) return next_packet_id_;
  }
}

void Device::publish(const std::string& topic, uint8_t qos, bool retained) {
  // 3.1.1 clients know no maximum: now and then they send more than we like.
  const size_t window = profile_.version == mqtt::Version::v5 ? line_->send_maximum : 60;
  if (qos > 0 && outgoing_.size() >= std::min<size_t>(window, 60)) return;
  Message message;
  message.id = static_cast<uint32_t>(ledger_.messages.size());
  message.device = index_;
  message.connection = line_->connection;
  message.topic = topic;
  message.qos = qos;
  message.retain = retained;
  message.resent_after_loss = profile_.persistent;
  message.first_sent = context_.now();
  if (!retained && random_.percent(profile_.message_expiry_percent)) {
    message.expiry_s = static_cast<uint32_t>(random_.between(1, 4));
  }
  ledger_.messages.push_back(message);
  Outgoing outgoing{message.id, qos > 0 ? packet_id() : uint16_t{0}};
  if (qos > 0) outgoing_.push_back(outgoing);
  send_publish(outgoing, false);
}

void Device::send_publish(const Outgoing& outgoing, bool dup) {
  Message& message = ledger_.messages[outgoing.message];
  ++message.sent;
  message.last_sent = context_.now();
  size_t padding = message.id % 40;
  if (message.id % 16 == 3) padding = 300 + message.id % 700;  // too long to be stored inline
  if (message.id * 7919 % 1000 < profile_.large_permille) {
    padding = std::min<size_t>(70'000, context_.knobs.socket_bytes);
  }
  const Bytes payload = payload_of(message.id, padding);
  mqtt::Publish packet;
  packet.topic = message.topic;
  packet.payload = payload;
  packet.qos = static_cast<mqtt::Qos>(message.qos);
  packet.dup = dup;
  packet.retain = message.retain;
  packet.packet_id = outgoing.packet_id;
  packet.properties.message_expiry_interval = message.expiry_s;
  context_.note("{} #{} publishes m{} {} qos {}{}", profile_.id, line_->connection, message.id,
                message.topic, message.qos, dup ? " again" : "");
  line_->client->send(packet);
  checkers_.tell(&Checker::published, record(line_), message);
}

// What was not acknowledged goes out again, in the order of its first sending (4.4, 4.6).
void Device::resend(bool session_present) {
  for (Outgoing& outgoing : outgoing_) {
    if (outgoing.received && session_present) {
      send_pubrel(line_, outgoing);
      continue;
    }
    Message& message = ledger_.messages[outgoing.message];
    const Session& session = ledger_.sessions[record(line_).session];
    const bool same = ledger_.connections[message.connection].session == session.id;
    message.sent_anew |= !session_present || !same || session.doubtful;
    outgoing.received = false;
    send_publish(outgoing, session_present);
  }
}

void Device::puback(const LinePtr& line, const mqtt::Acknowledgement& ack) {
  const auto it = outgoing(line, ack.packet_id);
  if (it == outgoing_.end()) return;
  Message& message = ledger_.messages[it->message];
  message.acknowledged = context_.now();
  message.acknowledged_on = line->connection;
  message.reason = static_cast<uint8_t>(ack.reason);
  context_.note("{} #{} has m{} acknowledged {:x}", profile_.id, line->connection, message.id,
                message.reason);
  outgoing_.erase(it);
  checkers_.tell(&Checker::acknowledged, message);
}

void Device::published(const LinePtr& line, const mqtt::Publish& publish, Instant emitted) {
  // Of a connection that was taken over: its client has turned away, only a checker still looks.
  const bool twice = publish.qos == mqtt::Qos::exactly_once;
  if (publish.qos != mqtt::Qos::at_most_once && !superseded(line)) {
    line->acks.emplace_back(twice ? mqtt::PacketType::pubrec : mqtt::PacketType::puback,
                            publish.packet_id);
    plan_acks(line);
    if (twice && arrived_before(line, publish)) return;
  }
  if (publish.topic.starts_with("$user/")) {
    if (superseded(line)) return;
    checkers_.tell(&Checker::presence,
                   PresenceSeen{index_, line->connection, std::string(publish.topic),
                                std::string(publish.payload), publish.retain, context_.now()});
    return;
  }
  if (publish.topic == "$query/answer") {
    const size_t at = publish.payload.find("\"id\":");
    const size_t from = at == BytesView::npos ? at : at + 5;
    uint32_t id = UINT32_MAX;
    if (from != BytesView::npos)
      id = static_cast<uint32_t>(std::atoi(publish.payload.data() + from));
    if (id >= ledger_.asks.size()) throw Violation("query", "an answer to no question");
    Ask& ask = ledger_.asks[id];
    ++ask.answers;
    ask.answered = context_.now();
    context_.note("{} #{} answer {} {}", profile_.id, line->connection, id, publish.payload);
    checkers_.tell(&Checker::answered, ask, publish.payload);
    return;
  }
  if (was_retained(line, publish)) return;
  message_arrived(line, publish, emitted);
}

void Device::message_arrived(const LinePtr& line, const mqtt::Publish& publish, Instant emitted) {
  const auto id = message_of(publish.payload);
  if (!id || *id >= ledger_.messages.size() || ledger_.messages[*id].topic != publish.topic) {
    throw Violation("intact",
                    fmt::format("{} #{}: topic {} payload {}", profile_.id, line->connection,
                                publish.topic, publish.payload.substr(0, 60)));
  }
  Delivery delivery;
  delivery.message = *id;
  delivery.device = index_;
  delivery.connection = line->connection;
  delivery.session = record(line).session;
  delivery.qos = static_cast<uint8_t>(publish.qos);
  delivery.dup = publish.dup;
  delivery.retain = publish.retain;
  delivery.packet_id = publish.packet_id;
  delivery.emitted = emitted;
  delivery.at = context_.now();
  context_.note("{} #{} gets m{} {} qos {} id {}{}{}", profile_.id, line->connection, *id,
                publish.topic, delivery.qos, delivery.packet_id, delivery.dup ? " dup" : "",
                delivery.retain ? " retain" : "");
  if (superseded(line)) {
    checkers_.tell(&Checker::delivered_late, delivery);
    return;
  }
  ledger_.deliveries.push_back(delivery);
  if (!profile_.group.empty()) {
    checkers_.tell(&Checker::delivered_shared, delivery, profile_.group);
  } else {
    checkers_.tell(&Checker::delivered, delivery);
  }
}

void Device::plan_acks(const LinePtr& line) {
  if (line->acks_planned) return;
  line->acks_planned = true;
  Duration delay = random_.between(Duration(1), milliseconds(2));
  if (!calm_ && random_.percent(profile_.lazy_percent)) {
    delay = random_.between(milliseconds(5), milliseconds(500));
  }
  const Instant when = std::max(context_.now() + delay, line->acks_held_until);
  context_.schedule.at(when, [this, line] { send_acks(line); });
}

void Device::send_acks(const LinePtr& line) {
  line->acks_planned = false;
  if (line->over) return;
  while (!line->acks.empty()) {
    mqtt::Acknowledgement ack;
    std::tie(ack.type, ack.packet_id) = line->acks.front();
    line->acks.pop_front();
    line->client->send(ack);
    if (ack.type != mqtt::PacketType::pubrec) {
      checkers_.tell(&Checker::client_acknowledged, record(line), ack.packet_id);
    }
    if (!calm_ && random_.percent(10)) break;
  }
  if (!line->acks.empty()) plan_acks(line);
}

}  // namespace muster::sim
