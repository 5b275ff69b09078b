// Enhanced authentication (4.12): an exchange of AUTH packets between CONNECT and CONNACK, and anew
// whenever a connected client wants it. Without it a client is what it says it is.

#include <utility>

#include "broker/shard_state.hpp"

namespace muster::broker {

using mqtt::Reason;

std::shared_ptr<const AuthMethod> Shard::State::auth_method(BytesView name) const {
  for (const auto& method : options.auth_methods) {
    if (method->name() == name) return method;
  }
  return nullptr;
}

// CONNECT waits: it is read again once the client is accepted.
void Shard::State::authenticate(uint32_t index, const mqtt::Frame& frame,
                                const mqtt::Connect& packet) {
  Client& client = at(index);
  client.authentication = std::make_unique<Authentication>();
  Authentication& authentication = *client.authentication;
  authentication.method = auth_method(*packet.properties.authentication_method);
  authentication.exchange =
      authentication.method->begin({client.client_id(), packet.user_name, false});
  authentication.connect = frame.whole;
  client.phase = Phase::authenticating;
  take_step(index, authentication.exchange->step(packet.properties.authentication_data));
}

// 3.1.2-30: until CONNACK there is nothing but AUTH and DISCONNECT.
void Shard::State::handle_authenticating(uint32_t index, const mqtt::Frame& frame) {
  if (frame.type == mqtt::PacketType::auth) return auth(index, frame);
  if (frame.type == mqtt::PacketType::disconnect) {
    return end(index, wire::GoneReason::disconnected);
  }
  refuse(index, mqtt::Version::v5, Reason::protocol_error, "AUTH is awaited");
}

void Shard::State::auth(uint32_t index, const mqtt::Frame& frame) {
  Client& client = at(index);
  auto refused = [&](Reason reason, BytesView detail = {}) {
    if (client.phase == Phase::authenticating) return refuse(index, client.version, reason, detail);
    fail(index, reason, wire::GoneReason::protocol_error, detail);
  };
  auto decoded = mqtt::decode(frame, client.version, mqtt::Sender::client);
  if (!decoded) return refused(decoded.error());
  const auto& packet = std::get<mqtt::Auth>(*decoded);
  if (!client.authentication) {
    return refused(Reason::protocol_error, "CONNECT named no authentication method");
  }
  Authentication& authentication = *client.authentication;
  if (packet.properties.authentication_method != authentication.method->name()) {
    return refused(Reason::bad_authentication_method, "it is not the method of CONNECT");
  }
  const bool goes_on = packet.reason == Reason::continue_authentication;
  const bool anew = packet.reason == Reason::reauthenticate && client.phase == Phase::live;
  if (anew && !authentication.exchange) {
    authentication.exchange = authentication.method->begin({client.client_id(), {}, true});
  } else if (!goes_on || !authentication.exchange) {
    return refused(Reason::protocol_error, "this AUTH is not awaited");
  }
  take_step(index, authentication.exchange->step(packet.properties.authentication_data));
}

void Shard::State::take_step(uint32_t index, AuthStep step) {
  Client& client = at(index);
  Authentication& authentication = *client.authentication;
  const bool connecting = client.phase == Phase::authenticating;
  if (step.kind == AuthStep::Kind::refused) {
    if (connecting) return refuse(index, client.version, step.reason);
    return fail(index, step.reason, wire::GoneReason::administrative);
  }
  const bool accepted = step.kind == AuthStep::Kind::accepted;
  if (accepted) authentication.exchange.reset();
  if (accepted && connecting) {
    authentication.data = std::move(step.data);
    return authenticated(index);
  }
  const std::string method = authentication.method->name();
  mqtt::Auth packet;
  packet.reason = accepted ? Reason::success : Reason::continue_authentication;
  packet.properties.authentication_method = method;
  if (step.data) packet.properties.authentication_data = *step.data;
  if (write(index, packet)) return;
  if (connecting) return refuse(index, client.version, Reason::packet_too_large);
  fail(index, Reason::packet_too_large, wire::GoneReason::protocol_error);
}

void Shard::State::authenticated(uint32_t index) {
  const Bytes connect = std::exchange(at(index).authentication->connect, {});
  size_t needed = 0;
  const auto frame = mqtt::next_frame(connect, SIZE_MAX, needed);
  const auto decoded = mqtt::decode(*frame, mqtt::Version::v5, mqtt::Sender::client);
  const auto& packet = std::get<mqtt::Connect>(*decoded);
  open_session(index, packet);
}

}  // namespace muster::broker
