"""4.3.3 and 3.5 to 3.7: exactly once, from the publisher and to the subscriber."""

import packets as p
from scripts import keeps


def subscribed(t, name, kept):
    reader = t.connect(name, kept=kept)
    reader.subscribe((t.topic(name), 2))
    return reader


@keeps("4.3.3-8", "4.3.3-11", "4.3.3-12", "3.3.4-1", versions=(4, 5))
def qos_2_is_answered(t):
    """After its PUBCOMP an identifier stands for a new message."""
    reader, writer = subscribed(t, "reader", False), t.connect("writer")
    for number in range(3):
        writer.send(p.publish(t.version, t.topic("reader"), str(number), 2, 7))
        writer.expect(p.pubrec(t.version, 7))
        writer.send(p.pubrel(t.version, 7))
        writer.expect(p.pubcomp(t.version, 7))
        reader.take(t.topic("reader"), str(number), 2)


@keeps("4.3.3-10", versions=(4, 5))
def a_repeated_publish(t):
    """PUBREC again, delivered once; with and without DUP, to clean and kept sessions."""
    clean, kept = subscribed(t, "clean", False), subscribed(t, "kept", True)
    clean.subscribe((t.topic("kept"), 2))
    writer = t.connect("writer")
    for name in ("clean", "kept"):
        for dup in (False, True, True, False):
            writer.send(p.publish(t.version, t.topic(name), "x", 2, 9, dup=dup))
            writer.expect(p.pubrec(t.version, 9))
        writer.send(p.pubrel(t.version, 9))
        writer.expect(p.pubcomp(t.version, 9))
        clean.take(t.topic(name), "x", 2)
        t.fence(writer, clean, t.topic(name), 2)
    kept.take(t.topic("kept"), "x", 2)
    kept.take(t.topic("kept"), "fence", 2)


@keeps("4.3.3-10", "4.3.3-8", "4.4.0-1", versions=(4, 5))
def a_publish_repeated_after_a_reconnect(t):
    """The identifiers of a publisher with a session are remembered for it, at any broker."""
    clean, kept = subscribed(t, "clean", False), subscribed(t, "kept", True)
    clean.subscribe((t.topic("kept"), 2))
    writer = t.connect("writer", kept=True)
    writer.send(p.publish(t.version, t.topic("kept"), "x", 2, 9))
    writer.expect(p.pubrec(t.version, 9))
    writer.drop()
    writer = t.connect("writer", kept=True, present=True)
    writer.send(p.publish(t.version, t.topic("kept"), "x", 2, 9, dup=True))
    writer.expect(p.pubrec(t.version, 9))
    writer.drop()
    writer = t.connect("writer", kept=True, present=True)
    writer.send(p.pubrel(t.version, 9))
    writer.expect(p.pubcomp(t.version, 9))
    for reader in (clean, kept):
        reader.take(t.topic("kept"), "x", 2)
    writer.publish(t.topic("kept"), "new", 2, packet_id=9)
    for reader in (clean, kept):
        reader.take(t.topic("kept"), "new", 2)


@keeps("4.3.3-10", "3.1.2-4", versions=(4, 5))
def identifiers_end_with_their_session(t):
    """A new session knows no identifiers: the same PUBLISH is a new message."""
    reader = subscribed(t, "reader", False)
    writer = t.connect("writer", kept=True)
    writer.send(p.publish(t.version, t.topic("reader"), "1", 2, 9))
    writer.expect(p.pubrec(t.version, 9))
    reader.take(t.topic("reader"), "1", 2)
    writer.drop()
    writer = t.connect("writer", clean=True)
    writer.publish(t.topic("reader"), "2", 2, packet_id=9)
    reader.take(t.topic("reader"), "2", 2)


@keeps("3.5.2-1", "3.7.2-1", "4.3.3-11", "2.2.1-5")
def pubrel_with_an_unknown_identifier(t):
    client = t.connect()
    client.send(p.pubrel(5, 77))
    client.expect(p.pubcomp(5, 77, 0x92))
    client.send(p.pubrel(5, 78, 0x92))
    client.expect(p.pubcomp(5, 78, 0x92))
    client.quiet()


@keeps("3.6.2-1", "4.3.3-4")
def pubrec_with_an_unknown_identifier(t):
    client = t.connect()
    client.send(p.pubrec(5, 77))
    client.expect(p.pubrel(5, 77, 0x92))
    client.send(p.pubcomp(5, 78), p.puback(5, 79), p.pubcomp(5, 80, 0x92))
    client.quiet()


@keeps("3.5.2-1", "4.3.3-8")
def pubrec_says_whether_anybody_subscribed(t):
    client = t.connect("writer")
    client.publish(t.topic("reader"), "x", 2, reason=0x10)
    subscribed(t, "reader", False)
    client.publish(t.topic("reader"), "x", 2, reason=0)


@keeps("4.3.3-4", "4.3.3-5", "4.3.3-1", "4.3.3-2", versions=(4, 5))
def qos_2_is_delivered(t):
    for kept in (False, True):
        name = f"{kept}"
        reader, writer = subscribed(t, name, kept), t.connect("writer" + name)
        for number in range(3):
            writer.publish(t.topic(name), str(number), 2)
        ids = [reader.expect(p.publish(t.version, t.topic(name), str(n), 2)) for n in range(3)]
        assert len(set(ids)) == 3, ids
        for packet_id in ids:
            reader.send(p.pubrec(t.version, packet_id))
            reader.expect(p.pubrel(t.version, packet_id))
        # Still in use until PUBCOMP.
        writer.publish(t.topic(name), "3", 2)
        assert reader.take(t.topic(name), "3", 2) not in ids
        for packet_id in ids:
            reader.send(p.pubcomp(t.version, packet_id))
        t.fence(writer, reader, t.topic(name), 2)


@keeps("4.3.3-3", "4.3.3-5", "4.3.3-6", "4.4.0-1", "3.3.1-1", versions=(4, 5))
def what_was_open_of_qos_2(t):
    """Before PUBREC the message comes again, after it PUBREL does, and after PUBCOMP nothing."""
    reader, writer = subscribed(t, "reader", True), t.connect("writer")
    for number in range(3):
        writer.publish(t.topic("reader"), str(number), 2)
    ids = [reader.expect(p.publish(t.version, t.topic("reader"), str(n), 2)) for n in range(3)]
    reader.send(p.pubrec(t.version, ids[0]))
    reader.expect(p.pubrel(t.version, ids[0]))
    reader.send(p.pubrec(t.version, ids[1]))
    reader.expect(p.pubrel(t.version, ids[1]))
    reader.send(p.pubcomp(t.version, ids[1]))
    t.fence(writer, reader, t.topic("reader"), 2)
    t.leave(reader, lost=True)
    reader = t.connect("reader", kept=True, present=True)
    reader.expect_any_order(
        p.pubrel(t.version, ids[0]),
        p.publish(t.version, t.topic("reader"), "2", 2, ids[2], dup=True))
    reader.send(p.pubcomp(t.version, ids[0]), p.pubrec(t.version, ids[2]))
    reader.expect(p.pubrel(t.version, ids[2]))
    reader.send(p.pubcomp(t.version, ids[2]))
    t.fence(writer, reader, t.topic("reader"), 2)
    t.leave(reader)
    t.fence(writer, t.connect("reader", kept=True, present=True), t.topic("reader"), 2)


@keeps("4.3.3-4", "4.4.0-2", "4.3.3-3")
def a_refusal_ends_qos_2(t):
    """No PUBREL follows; the message does not come again and its identifier is free."""
    for kept in (False, True):
        name = f"{kept}"
        reader, writer = subscribed(t, name, kept), t.connect("writer" + name)
        writer.publish(t.topic(name), "x", 2)
        packet_id = reader.expect(p.publish(5, t.topic(name), "x", 2))
        reader.send(p.pubrec(5, packet_id, 0x97))
        reader.quiet()
        t.fence(writer, reader, t.topic(name), 2)
    t.leave(reader)
    t.fence(writer, t.connect(name, kept=True, present=True), t.topic(name), 2)


@keeps("4.3.3-9")
def the_server_takes_every_message(t):
    """The broker refuses none with PUBREC; what follows a PUBLISH to nobody is a new message."""
    writer = t.connect("writer")
    writer.publish(t.topic("reader"), "x", 2, packet_id=5, reason=0x10)
    reader = subscribed(t, "reader", False)
    writer.publish(t.topic("reader"), "y", 2, packet_id=5, reason=0)
    reader.take(t.topic("reader"), "y", 2)


@keeps("4.3.3-7", "4.3.3-13", "3.3.2-5")
def what_was_sent_does_not_expire(t):
    """A QoS 2 message that went out once comes again after its expiry, and its exchange ends."""
    reader, writer = subscribed(t, "reader", True), t.connect("writer")
    writer.publish(t.topic("reader"), "x", 2, properties=[(p.EXPIRY, 1)])
    packet_id = reader.expect(p.publish(5, t.topic("reader"), "x", 2,
                                        properties=[(p.EXPIRY, range(0, 2))]))
    reader.drop()
    t.pass_time(3)
    reader = t.connect("reader", kept=True, present=True)
    reader.expect(p.publish(5, t.topic("reader"), "x", 2, packet_id, dup=True,
                            properties=[(p.EXPIRY, range(0, 2))]))
    reader.send(p.pubrec(5, packet_id))
    reader.expect(p.pubrel(5, packet_id))
    reader.send(p.pubcomp(5, packet_id))
    t.fence(writer, reader, t.topic("reader"), 2)


@keeps("4.3.3-13", "4.3.3-8")
def an_expired_message_is_completed(t):
    """The publisher's exchange goes on whatever becomes of its message."""
    reader = subscribed(t, "reader", True)
    t.leave(reader)
    writer = t.connect("writer")
    writer.send(p.publish(5, t.topic("reader"), "x", 2, 3, properties=[(p.EXPIRY, 1)]))
    writer.expect(p.pubrec(5, 3))
    t.pass_time(1.5)
    writer.send(p.pubrel(5, 3))
    writer.expect(p.pubcomp(5, 3))
    t.fence(writer, t.connect("reader", kept=True, present=True), t.topic("reader"), 2)


@keeps("4.9.0-2", "4.3.3-5", "3.3.4-9")
def the_window_of_qos_2(t):
    """PUBREC does not open the window (4.9): PUBCOMP does."""
    for kept in (False, True):
        name = f"{kept}"
        reader = t.connect(name, kept=kept, properties=[(p.RECEIVE_MAXIMUM, 1)])
        reader.subscribe((t.topic(name), 2))
        writer = t.connect("writer" + name)
        writer.publish(t.topic(name), "a", 2)
        writer.publish(t.topic(name), "b", 2)
        packet_id = reader.expect(p.publish(5, t.topic(name), "a", 2))
        reader.send(p.pubrec(5, packet_id))
        reader.expect(p.pubrel(5, packet_id))
        reader.quiet()
        reader.send(p.pubcomp(5, packet_id))
        reader.take(t.topic(name), "b", 2)
