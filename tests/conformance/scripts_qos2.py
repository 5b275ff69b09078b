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


@keeps("4.3.3-9")
def the_server_takes_every_message(t):
    """The broker refuses none with PUBREC; what follows a PUBLISH to nobody is a new message."""
    writer = t.connect("writer")
    writer.publish(t.topic("reader"), "x", 2, packet_id=5, reason=0x10)
    reader = subscribed(t, "reader", False)
    writer.publish(t.topic("reader"), "y", 2, packet_id=5, reason=0)
    reader.take(t.topic("reader"), "y", 2)
