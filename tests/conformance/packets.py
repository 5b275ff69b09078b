"""Builds MQTT packets, good and bad: each function returns a Packet, which knows its bytes.

Properties are pairs (identifier, value) in the order in which they go out; user properties are
(USER, (name, value)). A property or identifier that only the broker can know is `ANY`, an expiry
that runs down a range: a received packet is compared with them filled in.
"""

from dataclasses import dataclass, field, replace

ANY = object()

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = range(1, 8)
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH = range(8, 16)

PAYLOAD_FORMAT, EXPIRY, CONTENT_TYPE, RESPONSE_TOPIC, CORRELATION = 0x01, 0x02, 0x03, 0x08, 0x09
SUBSCRIPTION_ID, SESSION_EXPIRY, ASSIGNED_ID, SERVER_KEEP_ALIVE = 0x0B, 0x11, 0x12, 0x13
AUTH_METHOD, AUTH_DATA, PROBLEM_INFORMATION, WILL_DELAY = 0x15, 0x16, 0x17, 0x18
REQUEST_RESPONSE, RESPONSE_INFORMATION, SERVER_REFERENCE, REASON_STRING = 0x19, 0x1A, 0x1C, 0x1F
RECEIVE_MAXIMUM, ALIAS_MAXIMUM, ALIAS, MAXIMUM_QOS, RETAIN_AVAILABLE = 0x21, 0x22, 0x23, 0x24, 0x25
USER, PACKET_MAXIMUM, WILDCARDS, IDENTIFIERS, SHARED = 0x26, 0x27, 0x28, 0x29, 0x2A

KINDS = {**dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), "u8"),
         **dict.fromkeys((0x13, 0x21, 0x22, 0x23), "u16"),
         **dict.fromkeys((0x02, 0x11, 0x18, 0x27), "u32"), 0x0B: "varint",
         **dict.fromkeys((0x03, 0x08, 0x12, 0x15, 0x1A, 0x1C, 0x1F), "text"),
         0x09: "binary", 0x16: "binary", 0x26: "pair"}


def varint(number):
    out = b""
    while True:
        number, part = divmod(number, 128)
        out += bytes([part | (0x80 if number else 0)])
        if not number:
            return out


def read_varint(data, at):
    """(number, index after it)"""
    number, shift = 0, 0
    while True:
        number |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return number, at


def text(value):
    encoded = value if isinstance(value, bytes) else value.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def one_property(identifier, value):
    kind = KINDS.get(identifier, "u8")
    if kind in ("u8", "u16", "u32"):
        return bytes([identifier]) + value.to_bytes(int(kind[1:]) // 8, "big")
    if kind == "varint":
        return bytes([identifier]) + varint(value)
    if kind == "pair":
        return bytes([identifier]) + text(value[0]) + text(value[1])
    return bytes([identifier]) + text(value)


def encode_properties(pairs):
    encoded = b"".join(one_property(*pair) for pair in pairs)
    return varint(len(encoded)) + encoded


def read_properties(data):
    """The pairs of a property section without its length; values of text and binary are bytes."""
    found, at = [], 0
    while at < len(data):
        identifier, at = data[at], at + 1
        kind = KINDS[identifier]
        if kind == "varint":
            value, at = read_varint(data, at)
        elif kind[0] == "u":
            size = int(kind[1:]) // 8
            value, at = int.from_bytes(data[at:at + size], "big"), at + size
        else:
            parts = []
            for _ in range(2 if kind == "pair" else 1):
                size = int.from_bytes(data[at:at + 2], "big")
                parts.append(data[at + 2:at + 2 + size])
                at += 2 + size
            value = tuple(parts) if kind == "pair" else parts[0]
        found.append((identifier, value))
    return found


@dataclass(frozen=True)
class Packet:
    """One packet of a version: `head` (before the properties), properties, `tail` (after them).
    `properties` is None where there is no section at all."""
    first: int
    head: bytes = b""
    properties: tuple = None
    tail: bytes = b""
    packet_id: object = None  # ANY or a number that is put at `id_at`
    id_at: int = 0

    def encode(self):
        head = self.head
        if self.packet_id is not None:
            head = (head[:self.id_at] + self.packet_id.to_bytes(2, "big")
                    + head[self.id_at:])
        section = b"" if self.properties is None else encode_properties(self.properties)
        body = head + section + self.tail
        return bytes([self.first]) + varint(len(body)) + body

    def __bytes__(self):
        return self.encode()

    def change(self, **fields):
        return replace(self, **fields)


def _section(version, pairs):
    return tuple(pairs) if version == 5 else None


@dataclass(frozen=True)
class Will:
    topic: object
    payload: object = b""
    qos: int = 0
    retain: bool = False
    properties: tuple = field(default=())


def connect(version, client_id, *, clean=True, keep_alive=0, will=None, user=None, password=None,
            properties=(), flags=None, name=None, level=None):
    """`flags`, `name` and `level` say what else should be said, however wrong it is."""
    made = 0x02 if clean else 0
    tail = text(client_id)
    if will:
        made |= 0x04 | will.qos << 3 | (0x20 if will.retain else 0)
        if version == 5:
            tail += encode_properties(will.properties)
        tail += text(will.topic) + text(will.payload)
    if user is not None:
        made |= 0x80
        tail += text(user)
    if password is not None:
        made |= 0x40
        tail += text(password)
    head = text(name if name is not None else "MQIsdp" if version == 3 else "MQTT")
    head += bytes([version if level is None else level, made if flags is None else flags])
    head += keep_alive.to_bytes(2, "big")
    return Packet(0x10, head, _section(version, properties), tail)


def connack(version, session_present=False, reason=0, properties=()):
    return Packet(0x20, bytes([session_present, reason]), _section(version, properties))


def publish(version, topic, payload=b"", qos=0, packet_id=ANY, *, dup=False, retain=False,
            properties=()):
    first = 0x30 | dup << 3 | qos << 1 | retain
    payload = payload if isinstance(payload, bytes) else payload.encode()
    head = text(topic)
    number = packet_id if qos else None
    return Packet(first, head, _section(version, properties), payload, number, len(head))


def acknowledge(kind, version, packet_id, reason=0, properties=()):
    """PUBACK, PUBREC, PUBREL, PUBCOMP in their shortest form."""
    first = kind << 4 | (2 if kind == PUBREL else 0)
    if version != 5 or (reason == 0 and not properties):
        return Packet(first, b"", None, b"", packet_id)
    return Packet(first, bytes([reason]), tuple(properties) or None, b"", packet_id)


def puback(version, packet_id, reason=0, properties=()):
    return acknowledge(PUBACK, version, packet_id, reason, properties)


def pubrec(version, packet_id, reason=0, properties=()):
    return acknowledge(PUBREC, version, packet_id, reason, properties)


def pubrel(version, packet_id, reason=0, properties=()):
    return acknowledge(PUBREL, version, packet_id, reason, properties)


def pubcomp(version, packet_id, reason=0, properties=()):
    return acknowledge(PUBCOMP, version, packet_id, reason, properties)


def options(qos=0, no_local=False, as_published=False, handling=0):
    """Subscription Options (3.8.3.1)."""
    return qos | no_local << 2 | as_published << 3 | handling << 4


def subscribe(version, packet_id, *filters, properties=()):
    """Filters are pairs (filter, options)."""
    tail = b"".join(text(name) + bytes([chosen]) for name, chosen in filters)
    return Packet(0x82, b"", _section(version, properties), tail, packet_id)


def suback(version, packet_id, *reasons, properties=()):
    return Packet(0x90, b"", _section(version, properties), bytes(reasons), packet_id)


def unsubscribe(version, packet_id, *filters, properties=()):
    tail = b"".join(text(name) for name in filters)
    return Packet(0xA2, b"", _section(version, properties), tail, packet_id)


def unsuback(version, packet_id, *reasons, properties=()):
    return Packet(0xB0, b"", _section(version, properties),
                  bytes(reasons) if version == 5 else b"", packet_id)


PING = Packet(0xC0)
PONG = Packet(0xD0)


def disconnect(version, reason=0, properties=()):
    if version != 5 or (reason == 0 and not properties):
        return Packet(0xE0)
    return Packet(0xE0, bytes([reason]), tuple(properties) or None)


def auth(reason=0, properties=()):
    if reason == 0 and not properties:
        return Packet(0xF0)
    return Packet(0xF0, bytes([reason]), tuple(properties))
