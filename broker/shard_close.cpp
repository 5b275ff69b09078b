// Every way in which a connection ends. There is one end(): it reports the end to global, takes the
// session out of this shard and leaves the socket to the host.

#include <algorithm>
#include <utility>

#include "broker/shard_state.hpp"
#include "core/mqtt/share.hpp"

namespace muster::broker {

using mqtt::Reason;

// The server ends it: MQTT 5 clients are told why (4.13.1), others are just closed. `detail`: what
// the reason code alone does not say, for a human; for who wants problem information (3.1.2.11.7).
void Shard::State::fail(uint32_t index, Reason reason, wire::GoneReason why, BytesView detail) {
  Client& client = at(index);
  ++counters.refused;
  if (client.phase == Phase::live && client.version == mqtt::Version::v5) {
    mqtt::Disconnect packet{reason, {}};
    if (!detail.empty() && client.problem_information) packet.properties.reason_string = detail;
    write(index, packet);
  }
  if (client.phase == Phase::awaiting_grant) {
    write(index, mqtt::Connack{false, Reason::server_unavailable, {}});
  }
  end(index, why);
}

void Shard::State::disconnected(uint32_t index, const mqtt::Frame& frame) {
  Client& client = at(index);
  auto decoded = mqtt::decode(frame, client.version, mqtt::Sender::client);
  if (!decoded) return fail(index, decoded.error(), wire::GoneReason::protocol_error);
  const auto& packet = std::get<mqtt::Disconnect>(*decoded);
  auto expiry_s = packet.properties.session_expiry_interval;
  if (expiry_s && *expiry_s > 0 && client.session_expiry_s == 0) {  // 3.14.2-2
    return fail(index, Reason::protocol_error, wire::GoneReason::protocol_error,
                "the session expiry interval of CONNECT was 0");
  }
  if (expiry_s) expiry_s = std::min(*expiry_s, options.maximum_session_expiry_s);
  client.said_goodbye = true;
  bool clean = packet.reason == Reason::success;
  end(index, clean ? wire::GoneReason::disconnected : wire::GoneReason::disconnected_with_will,
      expiry_s);
}

void Shard::State::end(uint32_t index, wire::GoneReason why, std::optional<uint32_t> expiry_s) {
  Client& client = at(index);
  if (client.phase == Phase::closing) return;
  if (client.serial != Serial::none) {
    flush_inbox_acks();  // its last acknowledgements precede its end
    wire::Gone gone;
    gone.client_id = client.client_id();
    gone.serial = client.serial;
    gone.term = client.term;
    gone.reason = why;
    gone.at_ms = now.wall.ms;
    gone.session_expiry_s = expiry_s;
    if (!depart(index, gone)) tell_presence(client, std::move(gone));
    forget_session(index);
  }
  set_deadline(index, never);
  client.phase = Phase::closing;
  client.rest.reset();
  effects.close.push_back(index);
}

void Shard::State::forget_session(uint32_t index) {
  Client& client = at(index);
  --counters.connections;
  let_go_id(index);
  const std::vector<KeptShare> kept = take_shares(client);
  withdraw_all(index);
  client.answers.reset();
  client.waiting.reset();
  client.acks.reset();
  client.two.reset();
  client.inbox.reset();
  client.retained.reset();
  if (!kept.empty()) route_again(kept);
}

// 3.1.4-3: a second connection with the same client identifier ends the first.
void Shard::State::take_over(uint32_t index) {
  fail(index, Reason::session_taken_over, wire::GoneReason::taken_over,
       "another connection has your client identifier");
}

// The same, but the second one is at another broker.
void Shard::State::evict(const wire::Evict& order) {
  const uint32_t known = holder_of(order.client_id);
  if (known == no_client || at(known).serial != order.serial) return;
  fail(known, static_cast<Reason>(order.reason), wire::GoneReason::taken_over,
       "another connection has your client identifier");
}

}  // namespace muster::broker
