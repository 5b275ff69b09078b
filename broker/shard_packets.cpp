// Bytes in: framing and the choice of what handles a packet. What is not a whole packet yet is kept
// in Client::rest; while a client is not read (paused, awaiting a grant) nothing more is parsed.

#include <utility>

#include "broker/shard_state.hpp"

namespace muster::broker {

using mqtt::PacketType;
using mqtt::Reason;

void Shard::State::feed(uint32_t index, BytesView bytes) {
  Client& client = at(index);
  if (client.phase == Phase::closing) return;
  client.last_heard = now.mono;
  if (!client.rest) {
    size_t needed = 0;
    const BytesView left = parse(index, bytes, needed);
    if (!left.empty()) client.rest = std::make_unique<Unparsed>(Unparsed{Bytes(left), needed});
    return;
  }
  Unparsed& rest = *client.rest;
  // Exactly what the packet needs, once half of it is there: nobody claims memory by a length.
  if (rest.needed > rest.bytes.capacity() && rest.needed < 2 * rest.bytes.size()) {
    rest.bytes.reserve(rest.needed);
  }
  rest.bytes.append(bytes);
  if (rest.bytes.size() >= rest.needed) parse_rest(index);
}

// False: nothing of what was kept may be handled now.
bool Shard::State::parse_rest(uint32_t index) {
  Client& client = at(index);
  if (!client.rest) return false;
  const auto input = std::make_shared<Bytes>(std::move(client.rest->bytes));
  client.rest.reset();
  if (input->size() >= large_payload_bytes) incoming = input;
  size_t needed = 0;
  const BytesView left = parse(index, *input, needed);
  incoming.reset();
  const bool moved = left.size() < input->size();
  if (left.empty()) return moved;
  client.rest =
      std::make_unique<Unparsed>(Unparsed{moved ? Bytes(left) : std::move(*input), needed});
  return moved;
}

// Parses as many packets as there are and may be handled now; returns what is left, and how many
// bytes make the packet whole with which that begins, if it is known.
BytesView Shard::State::parse(uint32_t index, BytesView input, size_t& needed) {
  Client& client = at(index);
  while (!input.empty()) {
    if (client.paused || client.phase == Phase::awaiting_grant) return input;
    if (client.phase == Phase::live) {
      input.remove_prefix(publish_plain(index, input));
      if (input.empty()) return input;
    }
    auto frame = mqtt::next_frame(input, options.maximum_packet_size, needed);
    if (!frame) {
      if (client.phase == Phase::awaiting_connect) {
        end(index, wire::GoneReason::protocol_error);
      } else if (client.phase == Phase::authenticating) {
        refuse(index, client.version, frame.error());
      } else {
        bool large = frame.error() == Reason::packet_too_large;
        fail(index, frame.error(), wire::GoneReason::protocol_error,
             large ? "CONNACK says how large a packet may be" : "");
      }
      return {};
    }
    if (frame->whole.empty()) return input;
    needed = 0;
    input.remove_prefix(frame->whole.size());
    ++counters.packets_received;
    if (client.phase == Phase::awaiting_connect) {
      handle(index, *frame);
    } else if (client.phase == Phase::authenticating) {
      handle_authenticating(index, *frame);
    } else {
      handle_live(index, *frame);
    }
    if (client.phase == Phase::closing) {
      bool moving = !effects.moves.empty() && effects.moves.back().client == index;
      if (moving) effects.moves.back().unread.append(input);
      return {};
    }
  }
  return input;
}

void Shard::State::handle(uint32_t index, const mqtt::Frame& frame) {
  // 3.1.0-1: the first packet is CONNECT; anything else closes without a word.
  if (frame.type != PacketType::connect) return end(index, wire::GoneReason::protocol_error);
  connect(index, frame);
}

void Shard::State::handle_live(uint32_t index, const mqtt::Frame& frame) {
  switch (frame.type) {
    case PacketType::publish:
      return publish(index, frame);
    case PacketType::puback:
      return puback(index, frame);
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
      return exactly_once(index, frame);
    case PacketType::subscribe:
      return subscribe(index, frame);
    case PacketType::unsubscribe:
      return unsubscribe(index, frame);
    case PacketType::disconnect:
      return disconnected(index, frame);
    case PacketType::auth:
      return auth(index, frame);
    case PacketType::connect:  // 3.1.0-2: whatever else is wrong with it
      return fail(index, Reason::protocol_error, wire::GoneReason::protocol_error);
    default:
      break;
  }
  auto packet = mqtt::decode(frame, at(index).version, mqtt::Sender::client);
  if (!packet) return fail(index, packet.error(), wire::GoneReason::protocol_error);
  write(index, mqtt::Pingresp{});  // no other is a client's
}

void Shard::State::pause(uint32_t index) {
  Client& client = at(index);
  if (client.paused) return;
  client.paused = true;
  effects.pause.push_back(index);
}

// Reads again, beginning with what was read before the pause.
void Shard::State::resume(uint32_t index) {
  Client& client = at(index);
  if (client.paused) {
    client.paused = false;
    client.last_heard = now.mono;
    effects.resume.push_back(index);
  }
  parse_rest(index);
}

// The peer has gone while it was not read: what it had said counts, DISCONNECT above all.
void Shard::State::last_words(uint32_t index) {
  Client& client = at(index);
  bool more = client.phase == Phase::live && client.paused;
  while (more && client.phase == Phase::live) {
    client.paused = false;
    more = parse_rest(index);
  }
  close_doomed();
}

}  // namespace muster::broker
