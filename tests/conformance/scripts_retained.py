"""3.3.1.3 and 3.8.3.1: retained messages, Retain Handling, Retain As Published."""

import packets as p
from scripts import keeps


def late(t, name, *filters, **more):
    """A subscriber who comes after the messages, its subscription made."""
    reader = t.connect(name)
    entries = [one if isinstance(one, tuple) else (one, 2) for one in filters]
    reader.subscribe(*entries, **more)
    return reader


def nothing(t, writer, name, topic, version=None):
    """Who subscribes now gets what is published then, and nothing retained before it."""
    reader = t.connect(name, version=version)
    reader.subscribe((topic, 2))
    t.fence(writer, reader, topic, 1)
    reader.disconnect()


@keeps("3.3.1-5", "3.3.1-9", "311/retained", versions=(4, 5))
def the_last_one_is_retained(t):
    writer = t.connect("writer")
    for qos in (0, 1, 2):
        topic = t.topic(str(qos))
        for number in range(3):
            writer.publish(topic, str(number), qos, retain=True)
        late(t, f"late-{qos}", topic).take(topic, "2", qos, retain=True)


@keeps("3.3.1-5", versions=(4, 5))
def one_qos_takes_the_place_of_another(t):
    writer = t.connect("writer")
    for number, qos in enumerate((0, 2, 1, 0, 1, 2)):
        writer.publish(t.topic(), str(number), qos, retain=True)
        late(t, f"late-{number}", t.topic()).take(t.topic(), str(number), qos, retain=True)


@keeps("3.3.1-6", "3.3.1-7", versions=(4, 5))
def an_empty_one_clears(t):
    """It is delivered like any other, and it is not stored."""
    for qos in (0, 1, 2):
        topic = t.topic(str(qos))
        writer = t.connect(f"writer-{qos}")
        writer.publish(topic, "x", qos, retain=True)
        reader = late(t, f"reader-{qos}", topic)
        reader.take(topic, "x", qos, retain=True)
        writer.publish(topic, b"", qos, retain=True)
        reader.take(topic, b"", qos)
        nothing(t, writer, f"late-{qos}", topic)


@keeps("3.3.1-7", versions=(4, 5))
def an_empty_one_for_nothing(t):
    writer = t.connect("writer")
    writer.publish(t.topic(), b"", 1, retain=True)
    nothing(t, writer, "late", t.topic())


@keeps("3.3.1-8", versions=(4, 5))
def others_leave_it_alone(t):
    writer = t.connect("writer")
    writer.publish(t.topic(), "kept", 1, retain=True)
    writer.publish(t.topic(), "passing", 1)
    writer.publish(t.topic(), b"", 1)
    late(t, "late", t.topic()).take(t.topic(), "kept", 1, retain=True)
    writer.publish(t.topic("none"), "passing", 1)
    nothing(t, writer, "later", t.topic("none"))


@keeps("3.3.1-9", "3.8.4-4", versions=(4, 5))
def they_come_with_every_subscribe(t):
    """Once for each SUBSCRIBE, through wildcards too."""
    writer = t.connect("writer")
    for name in ("a", "b", "c/d"):
        writer.publish(t.topic(name), name, 1, retain=True)
    reader = t.connect("reader")
    for _ in range(2):
        reader.subscribe((t.topic("#"), 1))
        ids = reader.expect_any_order(*[
            p.publish(t.version, t.topic(name), name, 1, retain=True)
            for name in ("a", "b", "c/d")])
        reader.send(*[p.puback(t.version, packet_id) for packet_id in ids])
    reader.subscribe((t.topic("+"), 0))
    reader.expect_any_order(*[p.publish(t.version, t.topic(name), name, 0, retain=True)
                              for name in ("a", "b")])
    reader.quiet()


@keeps("3.3.1-9", "3.8.4-4", versions=(4, 5))
def they_come_into_a_session(t):
    writer = t.connect("writer")
    for qos in (0, 1, 2):
        writer.publish(t.topic(str(qos)), "x", qos, retain=True)
    reader = t.connect("reader", kept=True)
    reader.subscribe((t.topic("+"), 2))
    ids = reader.expect_any_order(*[p.publish(t.version, t.topic(str(qos)), "x", qos, retain=True)
                                    for qos in (0, 1, 2)])
    reader.send(p.puback(t.version, ids[1]), p.pubrec(t.version, ids[2]))
    reader.expect(p.pubrel(t.version, ids[2]))
    reader.send(p.pubcomp(t.version, ids[2]))
    reader.quiet()


@keeps("3.3.1-10", "3.3.1-11", "3.3.1-9")
def retain_handling(t):
    writer = t.connect("writer")
    writer.publish(t.topic(), "x", 1, retain=True)
    for kept in (False, True):
        for handling, comes in ((0, (True, True)), (1, (True, False)), (2, (False, False))):
            reader = t.connect(f"reader-{kept}{handling}", kept=kept)
            for one in comes:
                reader.subscribe((t.topic(), p.options(1, handling=handling)), granted=[1])
                if one:
                    reader.take(t.topic(), "x", 1, retain=True)
                writer.publish(t.topic(), "fence", 1)
                reader.take(t.topic(), "fence", 1)
            reader.disconnect()


@keeps("3.3.1-10")
def retain_handling_1_after_unsubscribe(t):
    """What was unsubscribed is new again; what a session has is not."""
    writer = t.connect("writer")
    writer.publish(t.topic(), "x", 1, retain=True)
    one = (t.topic(), p.options(1, handling=1))
    reader = t.connect("reader", kept=True)
    reader.subscribe(one, granted=[1])
    reader.take(t.topic(), "x", 1, retain=True)
    reader.unsubscribe(t.topic())
    reader.subscribe(one, granted=[1])
    reader.take(t.topic(), "x", 1, retain=True)
    reader.disconnect()
    reader = t.connect("reader", kept=True, present=True)
    reader.subscribe(one, granted=[1])
    t.fence(writer, reader, t.topic(), 1)


@keeps("3.3.1-12", "311/retain-flag", versions=(4, 5))
def retain_is_0_on_what_is_forwarded(t):
    reader = late(t, "reader", t.topic())
    writer = t.connect("writer")
    for qos in (0, 1, 2):
        writer.publish(t.topic(), "x", qos, retain=True)
        reader.take(t.topic(), "x", qos)


@keeps("3.3.1-13")
def retain_as_published(t):
    for kept in (False, True):
        topic = t.topic(str(kept))
        reader = t.connect(f"reader-{kept}", kept=kept)
        reader.subscribe((topic, p.options(2, as_published=True)), granted=[2])
        writer = t.connect(f"writer-{kept}")
        for qos in (0, 1, 2):
            for retain in (True, False):
                writer.publish(topic, "x", qos, retain=retain)
                reader.take(topic, "x", qos, retain=retain)


@keeps("3.3.2-4", "3.3.2-15", "3.3.2-17", "3.3.2-18", "3.3.4-3")
def properties_of_a_retained_message(t):
    said = [(p.PAYLOAD_FORMAT, 1), (p.CONTENT_TYPE, "x"), (p.RESPONSE_TOPIC, "y"),
            (p.CORRELATION, b"\x00"), (p.USER, ("b", "2")), (p.USER, ("a", "1"))]
    t.connect("writer").publish(t.topic(), "x", 1, retain=True, properties=said)
    late(t, "late", t.topic(), properties=[(p.SUBSCRIPTION_ID, 5)]).take(
        t.topic(), "x", 1, retain=True, properties=[*said, (p.SUBSCRIPTION_ID, 5)])


@keeps("3.3.2-5", "3.3.2-6")
def retained_messages_expire(t):
    writer = t.connect("writer")
    writer.publish(t.topic("short"), "x", 1, retain=True, properties=[(p.EXPIRY, 1)])
    writer.publish(t.topic("long"), "x", 1, retain=True, properties=[(p.EXPIRY, 100)])
    t.pass_time(3)
    reader = late(t, "late", t.topic("#"))
    reader.take(t.topic("long"), "x", 1, retain=True, properties=[(p.EXPIRY, range(90, 99))])
    reader.quiet()


@keeps("3.8.4-8", "3.3.4-2", versions=(4, 5))
def the_lower_qos_of_a_retained_message(t):
    writer = t.connect("writer")
    writer.publish(t.topic(), "x", 2, retain=True)
    for granted in (0, 1, 2):
        late(t, f"late-{granted}", (t.topic(), granted)).take(t.topic(), "x", granted, retain=True)


@keeps("3.3.1-9", versions=(4, 5))
def a_large_crowd_of_them(t):
    """More than a window holds, with a small Receive Maximum in 5.0."""
    writer = t.connect("writer")
    names = [t.topic(f"{number:03}") for number in range(100)]
    writer.send(*[p.publish(t.version, name, name, 1, number + 1, retain=True)
                  for number, name in enumerate(names)])
    for _ in names:
        assert writer.next()[0] == 0x40
    few = [(p.RECEIVE_MAXIMUM, 3)] if t.version == 5 else []
    reader = t.connect("reader", properties=few)
    reader.subscribe((t.topic("+"), 1))
    came = []
    while len(came) < len(names):
        first, body = reader.next()
        assert first == 0x33, first
        size = int.from_bytes(body[:2], "big")
        came.append(body[2:2 + size].decode())
        reader.send(b"\x40\x02" + body[2 + size:4 + size])
    assert sorted(came) == names, came
    reader.quiet()
