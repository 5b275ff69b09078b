"""Chapters 1 and 2: how text, numbers, the fixed header and identifiers are written."""

import packets as p
from scripts import keeps

BAD_TEXTS = {
    "a lone continuation byte": b"a\x80", "cut off": b"a\xe2\x82", "over-long": b"\xc0\xaf",
    "a surrogate": b"\xed\xa0\x80", "over U+10FFFF": b"\xf4\x90\x80\x80", "0xFF": b"\xff",
}
NUL = b"a\x00b"


def refused(t, *what, reason, version=5):
    """A connected client that sends this is told why and closed."""
    client = t.connect(f"refused-{len(t.opened)}", version=version)
    client.send(*what)
    client.expect_end(reason)


@keeps("1.5.4-1", "3.3.2-1", "4.13.1-1", "4.13.2-1")
def bad_utf8_in_a_topic(t):
    for bad in BAD_TEXTS.values():
        refused(t, p.publish(5, bad, "x"), reason=0x81)


@keeps("1.5.4-1", "3.8.3-1", "3.10.3-1")
def bad_utf8_in_a_filter(t):
    for bad in BAD_TEXTS.values():
        refused(t, p.subscribe(5, 1, (bad, 0)), reason=0x81)
        refused(t, p.unsubscribe(5, 1, bad), reason=0x81)


@keeps("1.5.4-2", "4.7.3-2")
def nul_in_a_topic_or_filter(t):
    refused(t, p.publish(5, NUL, "x"), reason=0x81)
    refused(t, p.subscribe(5, 1, (NUL, 0)), reason=0x81)
    refused(t, p.unsubscribe(5, 1, NUL), reason=0x81)


@keeps("1.5.4-3", "4.7.3-4")
def a_byte_order_mark_is_a_character(t):
    marked, bare = "\ufeff" + t.topic("\ufeffx"), t.topic("\ufeffx")
    reader, writer = t.connect("reader"), t.connect("writer")
    reader.subscribe(marked)
    writer.publish(bare, "without")
    writer.publish(marked, "with")
    reader.expect(p.publish(5, marked, "with"))


@keeps("1.5.5-1")
def lengths_are_as_short_as_can_be(t):
    refused(t, b"\xc0\x80\x00", reason=0x81)  # PINGREQ, length 0 in two bytes
    refused(t, b"\x30\x85\x00\x00\x01t\x00x", reason=0x81)
    refused(t, b"\x30\x07\x00\x01t\x80\x00xx", reason=0x81)  # property length 0 in two bytes
    refused(t, b"\x82\x0b\x00\x01\x03\x0b\x81\x00\x00\x01t\x00\x00", reason=0x81)  # an identifier
    refused(t, b"\x30\x80\x80\x80\x80\x01", reason=0x81)  # five bytes


@keeps("1.5.5-1")
def the_server_writes_lengths_short(t):
    reader, writer = t.connect("reader"), t.connect("writer")
    reader.subscribe(t.topic())
    for size in (0, 100, 127, 128, 200, 16_383, 16_384, 70_000):
        writer.publish(t.topic(), b"x" * size)
        reader.expect(p.publish(5, t.topic(), b"x" * size))


@keeps("1.5.7-1")
def bad_utf8_in_a_user_property(t):
    for bad in (b"\xff", NUL):
        refused(t, p.publish(5, t.topic(), "x", properties=[(p.USER, (bad, "v"))]), reason=0x81)
        refused(t, p.publish(5, t.topic(), "x", properties=[(p.USER, ("k", bad))]), reason=0x81)


@keeps("2.1.3-1", "4.13.1-1")
def reserved_flags_of_every_packet(t):
    good = {p.PUBACK: p.puback(5, 1), p.PUBREC: p.pubrec(5, 1), p.PUBREL: p.pubrel(5, 1),
            p.PUBCOMP: p.pubcomp(5, 1), p.SUBSCRIBE: p.subscribe(5, 1, (t.topic(), 0)),
            p.UNSUBSCRIBE: p.unsubscribe(5, 1, t.topic()), p.PINGREQ: p.PING,
            p.DISCONNECT: p.disconnect(5), p.AUTH: p.auth(0x19, [(p.AUTH_METHOD, "m")])}
    for kind, packet in good.items():
        for flags in range(16):
            if flags != packet.first & 15:
                refused(t, packet.change(first=kind << 4 | flags), reason=0x81)


@keeps("3.6.1-1")
def flags_of_pubrel(t):
    for flags in (0, 1, 3, 6, 10, 15):
        refused(t, p.pubrel(5, 1).change(first=0x60 | flags), reason=0x81)


@keeps("3.8.1-1")
def flags_of_subscribe(t):
    for flags in (0, 1, 3, 6, 10, 15):
        refused(t, p.subscribe(5, 1, (t.topic(), 0)).change(first=0x80 | flags), reason=0x81)


@keeps("3.10.1-1")
def flags_of_unsubscribe(t):
    for flags in (0, 1, 3, 6, 10, 15):
        refused(t, p.unsubscribe(5, 1, t.topic()).change(first=0xA0 | flags), reason=0x81)


@keeps("3.14.1-1")
def flags_of_disconnect(t):
    for flags in (1, 2, 4, 8):
        refused(t, p.disconnect(5).change(first=0xE0 | flags), reason=0x81)


@keeps("3.15.1-1")
def flags_of_auth(t):
    for flags in (1, 2, 4, 8):
        refused(t, p.auth(0x19, [(p.AUTH_METHOD, "m")]).change(first=0xF0 | flags), reason=0x81)


@keeps("2.2.1-2", "4.3.1-1")
def qos_0_has_no_identifier(t):
    """What would be the identifier is the payload's beginning, on both sides."""
    reader, writer = t.connect("reader"), t.connect("writer")
    reader.subscribe((t.topic(), 2))
    writer.send(p.publish(5, t.topic(), b"\x00\x07rest"))
    reader.expect(p.publish(5, t.topic(), b"\x00\x07rest"))


@keeps("2.2.1-3")
def identifier_0_is_an_error(t):
    for packet in (p.publish(5, t.topic(), "x", 1, 0), p.publish(5, t.topic(), "x", 2, 0),
                   p.subscribe(5, 0, (t.topic(), 0)), p.unsubscribe(5, 0, t.topic()),
                   p.puback(5, 0), p.pubrec(5, 0), p.pubrel(5, 0), p.pubcomp(5, 0)):
        refused(t, packet, reason=0x82)


@keeps("2.2.1-4", "4.3.2-1")
def the_servers_identifiers_are_free_ones(t):
    reader = t.connect("reader", properties=[(p.RECEIVE_MAXIMUM, 30)])
    writer = t.connect("writer")
    reader.subscribe((t.topic(), 1))
    for number in range(90):
        writer.publish(t.topic(), str(number), 1)
    held = set()
    for number in range(30):
        held.add(reader.expect(p.publish(5, t.topic(), str(number), 1)))
    assert len(held) == 30 and 0 not in held, held
    for number in range(30, 90):
        done = sorted(held)[number % 7]
        reader.send(p.puback(5, done))
        held.remove(done)
        packet_id = reader.expect(p.publish(5, t.topic(), str(number), 1))
        assert packet_id not in held and packet_id != 0, packet_id
        held.add(packet_id)


@keeps("2.2.1-5", "3.4.2-1", "3.5.2-1", "3.7.2-1")
def acknowledgements_repeat_the_identifier(t):
    client, reader = t.connect(), t.connect("reader")
    reader.subscribe((t.topic("wanted"), 0))
    for packet_id in (1, 255, 256, 4711, 65535):
        client.send(p.publish(5, t.topic("wanted"), "x", 1, packet_id))
        client.expect(p.puback(5, packet_id))
        client.send(p.publish(5, t.topic("unwanted"), "x", 1, packet_id))
        client.expect(p.puback(5, packet_id, 0x10))
        client.send(p.publish(5, t.topic("wanted"), "x", 2, packet_id))
        client.expect(p.pubrec(5, packet_id))
        client.send(p.pubrel(5, packet_id))
        client.expect(p.pubcomp(5, packet_id))
        client.send(p.publish(5, t.topic("unwanted"), "x", 2, packet_id))
        client.expect(p.pubrec(5, packet_id, 0x10))
        client.send(p.pubrel(5, packet_id))
        client.expect(p.pubcomp(5, packet_id))


@keeps("2.2.1-6", "3.8.4-1", "3.8.4-2", "3.10.4-4", "3.10.4-5", versions=(4, 5))
def suback_and_unsuback_repeat_the_identifier(t):
    client = t.connect()
    for packet_id in (1, 255, 256, 4711, 65535):
        client.send(p.subscribe(t.version, packet_id, (t.topic(), 0)))
        client.expect(p.suback(t.version, packet_id, 0))
        client.send(p.unsubscribe(t.version, packet_id, t.topic()))
        client.expect(p.unsuback(t.version, packet_id, 0))
        client.send(p.unsubscribe(t.version, packet_id, t.topic()))
        client.expect(p.unsuback(t.version, packet_id, 0x11))


@keeps("2.2.2-1")
def no_properties_is_length_0(t):
    """Where the length is missing the rest is read as one, and found to be none."""
    refused(t, b"\x82\x06\x00\x01\x00\x01t\x00", reason=0x81)  # SUBSCRIBE as 3.1.1 has it
    refused(t, b"\x30\x03\x00\x01t", reason=0x81)              # PUBLISH without a length
    reader, writer = t.connect("reader"), t.connect("writer", version=4)
    reader.subscribe(t.topic())
    writer.publish(t.topic(), "x")
    reader.expect(p.publish(5, t.topic(), "x"))


@keeps("3.12.4-1", versions=(3, 4, 5))
def ping(t):
    client = t.connect()
    client.send(p.PING)
    client.expect(p.PONG)
    client.send(p.PING, p.PING, p.PING)
    client.expect(p.PONG, p.PONG, p.PONG)


@keeps("4.2.0-1", versions=(4, 5))
def bytes_come_in_any_pieces(t):
    client = t.open()
    whole = bytes(p.connect(t.version, t.client_id("a"))) + bytes(
        p.subscribe(t.version, 1, (t.topic(), 0))) + bytes(p.publish(t.version, t.topic(), "x"))
    for byte in whole:
        client.send(bytes([byte]))
    client.expect(t.connack())
    client.expect_any_order(p.suback(t.version, 1, 0), p.publish(t.version, t.topic(), "x"))


@keeps("4.13.1-1")
def properties_that_do_not_belong(t):
    wrong = [[(p.RECEIVE_MAXIMUM, 5)], [(p.SESSION_EXPIRY, 5)], [(p.REASON_STRING, "x")]]
    for pairs in wrong:
        refused(t, p.publish(5, t.topic(), "x", properties=pairs), reason=0x81)
        refused(t, p.subscribe(5, 1, (t.topic(), 0), properties=pairs), reason=0x81)
    refused(t, p.publish(5, t.topic(), "x", properties=[(0x7F, 1)]), reason=0x81)


@keeps("4.13.1-1")
def properties_that_come_twice(t):
    for pair in ((p.PAYLOAD_FORMAT, 1), (p.EXPIRY, 5), (p.CONTENT_TYPE, "x"),
                 (p.RESPONSE_TOPIC, "x"), (p.CORRELATION, b"x"), (p.ALIAS, 1)):
        refused(t, p.publish(5, t.topic(), "x", properties=[pair, pair]), reason=0x82)
    twice = [(p.SUBSCRIPTION_ID, 1), (p.SUBSCRIPTION_ID, 2)]
    refused(t, p.subscribe(5, 1, (t.topic(), 0), properties=twice), reason=0x82)


@keeps("4.13.1-1")
def what_only_a_server_says(t):
    for packet in (p.connack(5), p.suback(5, 1, 0), p.unsuback(5, 1, 0), p.PONG):
        refused(t, packet, reason=0x82)
    refused(t, b"\x00\x00", reason=0x81)  # type 0


@keeps("3.4.2-1", "3.5.2-1", "3.6.2-1", "3.7.2-1", "3.14.2-1")
def reasons_outside_of_their_list(t):
    for packet in (p.puback(5, 1, 0x01), p.pubrec(5, 1, 0x92), p.pubrel(5, 1, 0x10),
                   p.pubcomp(5, 1, 0x80), p.disconnect(5, 0x01), p.disconnect(5, 0x8B + 0x60)):
        refused(t, packet, reason=0x82)
