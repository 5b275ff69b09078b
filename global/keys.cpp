#include "global/keys.hpp"

namespace muster::global::keys {
namespace {

constexpr uint16_t cluster = 0xFFFF;

void append_big_endian(Bytes& out, uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift));
  }
}

uint64_t take_big_endian(BytesView& rest, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<uint8_t>(rest[i]);
  rest.remove_prefix(bytes);
  return value;
}

Bytes start(uint16_t slot, Kind kind, size_t more) {
  Bytes key;
  key.reserve(3 + more);
  append_big_endian(key, slot, 2);
  key.push_back(static_cast<char>(kind));
  return key;
}

Bytes named(Kind kind, BytesView name) {
  return start(static_cast<uint16_t>(slot_of(name)), kind, name.size()).append(name);
}

// Several keys of one name: the name's length makes its end plain.
Bytes below(Kind kind, BytesView name, size_t more) {
  Bytes key = start(static_cast<uint16_t>(slot_of(name)), kind, 2 + name.size() + more);
  append_big_endian(key, name.size(), 2);
  return key.append(name);
}

Bytes numbered(uint16_t slot, Kind kind, uint64_t number) {
  Bytes key = start(slot, kind, 8);
  append_big_endian(key, number, 8);
  return key;
}

bool take_name(BytesView& rest, BytesView& name) {
  if (rest.size() < 2) return false;
  const uint64_t size = take_big_endian(rest, 2);
  if (rest.size() < size) return false;
  name = rest.substr(0, size);
  rest.remove_prefix(size);
  return true;
}

bool parse_rest(BytesView rest, Parsed& parsed) {
  switch (parsed.kind) {
    case Kind::meta:
    case Kind::slot_head:
      return rest.empty();
    case Kind::broker:
    case Kind::taken:
    case Kind::body:
    case Kind::publication:
      if (rest.size() != 8) return false;
      parsed.number = take_big_endian(rest, 8);
      return true;
    case Kind::device:
    case Kind::user:
    case Kind::retained:
    case Kind::session:
    case Kind::cursor:
      parsed.name = rest;
      return true;
    case Kind::retained_job:
    case Kind::subscription:
      if (!take_name(rest, parsed.name)) return false;
      parsed.filter = rest;
      return true;
    case Kind::received:
      if (!take_name(rest, parsed.name) || rest.size() != 2) return false;
      parsed.number = take_big_endian(rest, 2);
      return true;
    case Kind::entry:
    case Kind::released:
      if (!take_name(rest, parsed.name) || rest.size() != 8) return false;
      parsed.number = take_big_endian(rest, 8);
      return true;
    case Kind::will:
      if (!take_name(rest, parsed.name) || rest.size() != 16) return false;
      parsed.number = take_big_endian(rest, 8);
      parsed.serial = take_big_endian(rest, 8);
      return true;
  }
  return false;
}

}  // namespace

void set_number(Bytes& key, uint64_t number) {
  char* at = key.data() + key.size();
  for (int i = 0; i < 8; ++i, number >>= 8) *--at = static_cast<char>(number);
}

Bytes meta() {
  return start(cluster, Kind::meta, 0);
}
Bytes broker(Incarnation incarnation) {
  return numbered(cluster, Kind::broker, static_cast<uint64_t>(incarnation));
}
Bytes taken(Incarnation incarnation) {
  return numbered(cluster, Kind::taken, static_cast<uint64_t>(incarnation));
}
Bytes slot_head(uint16_t slot) {
  return start(slot, Kind::slot_head, 0);
}
Bytes device(BytesView client_id) {
  return named(Kind::device, client_id);
}
Bytes user(BytesView user) {
  return named(Kind::user, user);
}
Bytes session(BytesView client_id) {
  return named(Kind::session, client_id);
}
Bytes cursor(BytesView client_id) {
  return named(Kind::cursor, client_id);
}

Bytes subscription(BytesView client_id, BytesView filter) {
  return below(Kind::subscription, client_id, filter.size()).append(filter);
}

Bytes entry(BytesView client_id, uint64_t number) {
  Bytes key = below(Kind::entry, client_id, 8);
  append_big_endian(key, number, 8);
  return key;
}

Bytes released(BytesView client_id, uint64_t number) {
  Bytes key = below(Kind::released, client_id, 8);
  append_big_endian(key, number, 8);
  return key;
}

Bytes received(BytesView client_id, uint16_t packet_id) {
  Bytes key = below(Kind::received, client_id, 2);
  append_big_endian(key, packet_id, 2);
  return key;
}

Bytes body(BytesView topic, uint64_t number) {
  return numbered(static_cast<uint16_t>(slot_of(topic)), Kind::body, number);
}

Bytes publication(BytesView topic, uint64_t number) {
  return numbered(static_cast<uint16_t>(slot_of(topic)), Kind::publication, number);
}

Bytes retained_job(BytesView client_id, BytesView filter) {
  return below(Kind::retained_job, client_id, filter.size()).append(filter);
}

Bytes retained(BytesView topic) {
  return named(Kind::retained, topic);
}

Bytes will(BytesView client_id, const Connection& connection) {
  Bytes key = below(Kind::will, client_id, 16);
  append_big_endian(key, static_cast<uint64_t>(connection.broker), 8);
  append_big_endian(key, static_cast<uint64_t>(connection.serial), 8);
  return key;
}

std::optional<Parsed> parse(BytesView key) {
  if (key.size() < 3) return std::nullopt;
  Parsed parsed;
  parsed.slot = static_cast<uint16_t>(take_big_endian(key, 2));
  parsed.kind = static_cast<Kind>(key.front());
  key.remove_prefix(1);
  if (!parse_rest(key, parsed)) return std::nullopt;
  return parsed;
}

}  // namespace muster::global::keys
