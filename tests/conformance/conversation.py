"""Conversations over real sockets. A script gets a Talk: it opens connections, sends packets and
says byte for byte what must come back. Nothing sleeps: every wait is for a packet or a close.

Compared exactly, but for: the order of properties (user properties keep theirs), the text of a
Reason String where the script does not name one, and what a script marks as ANY or as a range.
"""

import itertools
import os
import socket

import packets as p

PATIENCE_S = float(os.environ.get("MUSTER_PATIENCE", "40"))  # for an event; never asserted on
NAMES = ("-", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE",
         "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH")


class Closed(Exception):
    """The broker closed the connection."""


def show(first, body):
    return f"{NAMES[first >> 4]} {bytes([first]).hex()} {body[:200].hex()} {body[:200]!r}"


def properties_at(version, first, body):
    """Where the property section of a received packet begins; None if it has none."""
    kind = first >> 4
    if kind == p.PUBLISH:
        at = 2 + int.from_bytes(body[:2], "big") + (2 if first & 6 else 0)
        return at, version == 5
    if kind in (p.CONNACK, p.SUBACK, p.UNSUBACK):
        return 2, version == 5
    if version != 5:
        return len(body), False
    if kind in (p.PUBACK, p.PUBREC, p.PUBREL, p.PUBCOMP):
        return min(3, len(body)), len(body) > 3
    if kind in (p.DISCONNECT, p.AUTH):
        return min(1, len(body)), len(body) > 1
    return len(body), False


def split(version, first, body):
    """A received packet as a Packet whose identifier is still in its head."""
    at, has = properties_at(version, first, body)
    if not has:
        return p.Packet(first, body[:at], None, body[at:])
    size, start = p.read_varint(body, at)
    pairs = tuple(p.read_properties(body[start:start + size]))
    packet = p.Packet(first, body[:at], pairs, body[start + size:])
    assert packet.encode() == bytes([first]) + p.varint(len(body)) + body, \
        f"not in its shortest form: {show(first, body)}"
    return packet


def plain(pairs):
    """Values as they are read: bytes for text."""
    def value_of(value):
        if isinstance(value, str):
            return value.encode()
        if isinstance(value, tuple):
            return tuple(value_of(part) for part in value)
        return value
    return [(identifier, value_of(value)) for identifier, value in pairs]


def fill(wanted, got):
    """The wanted pairs, with ANY and ranges filled from what came."""
    came = {}
    for identifier, value in got:
        came.setdefault(identifier, []).append(value)
    filled = []
    for identifier, value in wanted:
        next_one = came.get(identifier, []).pop(0) if came.get(identifier) else None
        if value is p.ANY or isinstance(value, range) and next_one in value:
            value = next_one
        filled.append((identifier, value))
    return sorted(filled, key=lambda pair: pair[0])


def matches(version, wanted, first, body):
    """Whether the received packet is the wanted one; its packet identifier."""
    got = split(version, first, body)
    packet_id = None
    if wanted.packet_id is not None:
        packet_id = int.from_bytes(got.head[wanted.id_at:wanted.id_at + 2], "big")
        if wanted.packet_id is p.ANY and packet_id != 0:
            wanted = wanted.change(packet_id=packet_id)
        if wanted.packet_id is p.ANY:
            return False, None
    head = wanted.head
    if wanted.packet_id is not None:
        head = head[:wanted.id_at] + wanted.packet_id.to_bytes(2, "big") + head[wanted.id_at:]
    if (wanted.first, head, wanted.tail) != (got.first, got.head, got.tail):
        return False, None
    pairs = None if wanted.properties is None else plain(wanted.properties)
    come = None if got.properties is None else list(got.properties)
    if come is not None and not any(i == p.REASON_STRING for i, _ in pairs or ()):
        come = [pair for pair in come if pair[0] != p.REASON_STRING]
        if not come and pairs is None:
            come = None
    if come is None or pairs is None:
        return come == pairs, packet_id
    return fill(pairs, come) == sorted(come, key=lambda pair: pair[0]), packet_id


class Connection:
    """One client's side of a connection. `name` is the client's in the script."""

    def __init__(self, port, version, client_id=None):
        self.version, self.client_id = version, client_id
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.ids = itertools.cycle(range(1, 65536))
        self.last_id = None
        self.last = None  # the last packet that came, as a Packet

    # What is sent.

    def send(self, *what):
        """Packets or bytes, in one piece."""
        self.socket.sendall(b"".join(bytes(one) for one in what))

    def drop(self):
        """The connection is lost, without DISCONNECT."""
        self.socket.close()

    def disconnect(self, reason=0, properties=()):
        """DISCONNECT, after which the broker closes."""
        self.send(p.disconnect(self.version, reason, properties))
        self.expect_close()

    # What comes.

    def _more(self):
        part = self.socket.recv(1 << 18)
        if not part:
            raise Closed
        self.buffer += part

    def _fill(self, size):
        while len(self.buffer) < size:
            self._more()

    def next(self):
        """(first byte, body) of the next packet; Closed when there is no more."""
        try:
            self._fill(2)
            at = 1
            while self.buffer[at] >= 0x80:
                at += 1
                self._fill(at + 1)
            length, at = p.read_varint(self.buffer, 1)
            self._fill(at + length)
        except Closed:
            assert not self.buffer, f"closed within a packet: {self.buffer.hex()}"
            raise
        first, body = self.buffer[0], self.buffer[at:at + length]
        self.buffer = self.buffer[at + length:]
        return first, body

    def _next_or_fail(self, wanted):
        try:
            return self.next()
        except Closed:
            raise AssertionError(f"closed, not {self._wish(wanted)}") from None
        except TimeoutError:
            raise AssertionError(f"nothing came, not {self._wish(wanted)}") from None

    @staticmethod
    def _wish(wanted):
        return ", ".join(f"{NAMES[one.first >> 4]} {one}" for one in wanted)

    def expect(self, *wanted):
        """The next packets are these, in this order; returns the last one's identifier."""
        for one in wanted:
            first, body = self._next_or_fail([one])
            same, self.last_id = matches(self.version, one, first, body)
            assert same, f"came {show(first, body)}\n    not {self._wish([one])}"
            self.last = split(self.version, first, body)
        return self.last_id

    def expect_any_order(self, *wanted):
        """The next packets are these, in some order; returns the identifiers as they were asked."""
        left = list(enumerate(wanted))
        found = [None] * len(left)
        while left:
            first, body = self._next_or_fail([one for _, one in left])
            for place in left:
                same, packet_id = matches(self.version, place[1], first, body)
                if same:
                    found[place[0]] = packet_id
                    left.remove(place)
                    break
            else:
                raise AssertionError(f"came {show(first, body)}\n    not one of "
                                     f"{self._wish([one for _, one in left])}")
        return found

    def expect_close(self):
        """The broker closes and says nothing more."""
        try:
            first, body = self.next()
        except Closed:
            return
        except TimeoutError:
            raise AssertionError("nothing came, and it did not close") from None
        raise AssertionError(f"came {show(first, body)}, not the end")

    def expect_end(self, reason):
        """5.0: DISCONNECT with this reason and the end; before: just the end."""
        if self.version == 5:
            self.expect(p.disconnect(5, reason))
        self.expect_close()

    def quiet(self):
        """Nothing has come: the answer to PINGREQ is the next packet."""
        self.send(p.PING)
        self.expect(p.PONG)

    # Whole exchanges.

    def subscribe(self, *filters, granted=None, properties=(), packet_id=None):
        """Filters: text or (text, options). Granted: the wanted QoS if nothing else is said."""
        entries = [one if isinstance(one, tuple) else (one, 0) for one in filters]
        granted = [chosen & 3 for _, chosen in entries] if granted is None else granted
        packet_id = packet_id or next(self.ids)
        self.send(p.subscribe(self.version, packet_id, *entries, properties=properties))
        # Messages may come before it (3.8.4), out of a session's inbox they do.
        self.expect_past_messages(p.suback(self.version, packet_id, *granted))

    def unsubscribe(self, *filters, reasons=None):
        packet_id = next(self.ids)
        self.send(p.unsubscribe(self.version, packet_id, *filters))
        self.expect(p.unsuback(self.version, packet_id, *(reasons or [0] * len(filters))))

    def publish(self, topic, payload=b"", qos=0, *, reason=None, packet_id=None, **more):
        """PUBLISH and all that belongs to it. Reason: of PUBACK or PUBREC, 0x00 or 0x10 unless
        one is named."""
        packet_id = packet_id or next(self.ids)
        self.send(p.publish(self.version, topic, payload, qos, packet_id, **more))
        if qos == 0:
            if more.get("retain"):
                self.quiet()  # the broker has it now
            return
        kind = p.PUBACK if qos == 1 else p.PUBREC
        if reason is None and self.version == 5:
            wanted = [p.acknowledge(kind, 5, packet_id, one) for one in (0, 0x10)]
            first, body = self._next_or_fail(wanted)
            assert any(matches(5, one, first, body)[0] for one in wanted), \
                f"came {show(first, body)}\n    not {self._wish(wanted)}"
        else:
            self.expect(p.acknowledge(kind, self.version, packet_id, reason or 0))
        if qos == 2:
            self.send(p.pubrel(self.version, packet_id))
            self.expect(p.pubcomp(self.version, packet_id))

    def take(self, topic, payload=b"", qos=0, **more):
        """This PUBLISH comes and is acknowledged in full; returns its identifier."""
        packet_id = self.expect(p.publish(self.version, topic, payload, qos, **more))
        if qos == 1:
            self.send(p.puback(self.version, packet_id))
        if qos == 2:
            self.send(p.pubrec(self.version, packet_id))
            self.expect_past_messages(p.pubrel(self.version, packet_id))
            self.send(p.pubcomp(self.version, packet_id))
        return packet_id

    def expect_past_messages(self, wanted):
        """This packet comes; what is PUBLISHed before it stays to be read."""
        passed = b""
        while True:
            first, body = self._next_or_fail([wanted])
            if first >> 4 != p.PUBLISH:
                break
            passed += bytes([first]) + p.varint(len(body)) + body
        assert matches(self.version, wanted, first, body)[0], \
            f"came {show(first, body)}\n    not {self._wish([wanted])}"
        self.buffer = passed + self.buffer


class Talk:
    """What one run of a script has: names of its own, and one broker or two."""

    def __init__(self, name, version, ports, capabilities):
        self.name, self.version, self.ports = name, version, ports
        self.capabilities = capabilities  # what every good 5.0 CONNACK says
        self.turn = itertools.cycle(range(len(ports)))
        self.opened = []

    def topic(self, name=""):
        return f"{self.name}/{name}" if name else self.name

    def client_id(self, name):
        return f"{self.name}-{name}"

    def open(self, version=None, client_id=None, at=None):
        """A connection without CONNECT. With two brokers they take turns, unless `at` names one."""
        place = next(self.turn) if at is None else at % len(self.ports)
        made = Connection(self.ports[place], version or self.version, client_id)
        self.opened.append(made)
        return made

    def connect(self, name="a", *, version=None, clean=None, kept=False, expiry=None,
                present=False, properties=(), told=(), at=None, **more):
        """A client that is connected. `kept`: with a session that outlives its connection;
        `told`: what else CONNACK says."""
        version = version or self.version
        clean = (not kept) if clean is None else clean
        asked = list(properties)
        if version == 5 and (kept or expiry is not None):
            asked.append((p.SESSION_EXPIRY, 600 if expiry is None else expiry))
        made = self.open(version, self.client_id(name), at)
        made.send(p.connect(version, made.client_id, clean=clean, properties=asked, **more))
        made.expect(self.connack(present, told, version))
        return made

    def connack(self, present=False, told=(), version=None):
        version = version or self.version
        said = [*self.capabilities, *told] if version == 5 else ()
        return p.connack(version, present, 0, said)

    def fence(self, publisher, subscriber, topic, qos=0):
        """Whatever the publisher sent before to the subscriber came before, or never will."""
        publisher.publish(topic, "fence", qos)
        subscriber.take(topic, "fence", qos)

    def leave(self, client, lost=False, properties=()):
        """The client goes, and the whole cluster knows it: who watches its presence is told."""
        if lost:
            client.drop()
        else:
            client.disconnect(properties=properties)
        watcher = self.connect(f"watcher-{len(self.opened)}", version=4)
        watcher.send(p.subscribe(4, 1, (f"$user/{client.client_id}/presence/state", 0)))
        while not watcher.next()[1].endswith(b"offline"):
            pass
        watcher.disconnect()

    def pass_time(self, seconds):
        """So many seconds go by at the broker, which ends a silent client then."""
        keep_alive = max(1, -int(-seconds // 1.5))
        silent = self.connect(f"clock-{len(self.opened)}", version=4, keep_alive=keep_alive)
        silent.expect_close()

    def close(self):
        for one in self.opened:
            one.socket.close()


def capabilities(port):
    """What the broker announces to a plain 5.0 client."""
    probe = Connection(port, 5)
    probe.send(p.connect(5, f"probe-{port}", keep_alive=1))
    first, body = probe.next()
    probe.drop()
    packet = split(5, first, body)
    assert packet.head == b"\0\0", show(first, body)
    return list(packet.properties)
