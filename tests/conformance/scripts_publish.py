"""3.3 and 4.3.1, 4.3.2: PUBLISH with QoS 0 and 1, its properties, flow control and order."""

import packets as p
from scripts import keeps

ALL_PROPERTIES = [
    (p.PAYLOAD_FORMAT, 1), (p.CONTENT_TYPE, "text/plain; \u00fc"), (p.RESPONSE_TOPIC, "an/answer"),
    (p.CORRELATION, b"\x00\xff\x01"), (p.USER, ("b", "2")), (p.USER, ("a", "1")),
    (p.USER, ("b", "2")), (p.USER, ("", "")),
]


def pair(t, *filters, tag="", **more):
    """A subscriber and a publisher; with two brokers they are at different ones."""
    reader, writer = t.connect("reader" + tag, **more), t.connect("writer" + tag)
    reader.subscribe(*filters)
    return reader, writer


@keeps("3.3.1-2", "4.3.1-1", versions=(4, 5))
def dup_with_qos_0(t):
    client = t.connect()
    client.send(p.publish(t.version, t.topic(), "x", dup=True))
    client.expect_end(0x81)


@keeps("3.3.1-3", "4.3.2-2", versions=(4, 5))
def dup_does_not_go_on(t):
    reader, writer = pair(t, (t.topic(), 1))
    writer.publish(t.topic(), "x", 1, dup=True)
    reader.take(t.topic(), "x", 1)


@keeps("3.3.1-3", "4.3.3-2", versions=(4, 5))
def dup_does_not_go_on_with_qos_2(t):
    reader, writer = pair(t, (t.topic(), 2))
    writer.publish(t.topic(), "x", 2, dup=True)
    reader.take(t.topic(), "x", 2)


@keeps("3.3.1-4", "4.13.1-1", versions=(4, 5))
def qos_3(t):
    client = t.connect()
    client.send(p.publish(t.version, t.topic(), "x", 3, 1))
    client.expect_end(0x81)


@keeps("3.3.2-2", "4.7.0-1", versions=(4, 5))
def a_wildcard_in_a_topic_name(t):
    for name in ("a/+", "a/#", "#", "+", "a+", "a#b"):
        client = t.connect(f"{len(t.opened)}")
        client.send(p.publish(t.version, name, "x"))
        client.expect_end(0x90)


@keeps("4.7.3-1", "3.3.2-1", versions=(5,))
def an_empty_topic_name(t):
    client = t.connect()
    client.send(p.publish(5, "", "x"))
    client.expect_end(0x82)


@keeps("3.3.2-3", "4.5.0-1", versions=(4, 5))
def what_comes_matches(t):
    near, far = t.topic("near"), t.topic("far")
    reader, writer = pair(t, near)
    other = t.connect("other")
    other.subscribe(far, t.topic("+/x"))
    writer.publish(far, "1")
    writer.publish(t.topic("deep/x"), "2")
    writer.publish(near, "3")
    reader.take(near, "3")
    other.take(far, "1")
    other.take(t.topic("deep/x"), "2")
    t.fence(writer, reader, near)
    t.fence(writer, other, far)


@keeps("3.3.2-4", "3.3.2-15", "3.3.2-16", "3.3.2-17", "3.3.2-18", "3.3.2-20")
def properties_go_on_unchanged(t):
    for qos in (0, 1):
        topic = t.topic(str(qos))
        reader, writer = pair(t, (topic, qos), tag=str(qos))
        writer.publish(topic, "\u00fc", qos, properties=ALL_PROPERTIES)
        reader.take(topic, "\u00fc", qos, properties=ALL_PROPERTIES)


@keeps("3.3.2-4", "3.3.2-15", "3.3.2-16", "3.3.2-17", "3.3.2-18", "3.3.2-20")
def properties_go_on_unchanged_with_qos_2(t):
    reader, writer = pair(t, (t.topic(), 2))
    writer.publish(t.topic(), "\u00fc", 2, properties=ALL_PROPERTIES)
    reader.take(t.topic(), "\u00fc", 2, properties=ALL_PROPERTIES)


@keeps("3.3.2-4", "3.3.2-15", "3.3.2-16", "3.3.2-17", "3.3.2-18", "3.3.2-20")
def properties_wait_in_a_session(t):
    reader = t.connect("reader", kept=True)
    reader.subscribe((t.topic(), 1))
    t.leave(reader)
    writer = t.connect("writer")
    writer.publish(t.topic(), "\u00fc", 1, properties=ALL_PROPERTIES)
    reader = t.connect("reader", kept=True, present=True)
    reader.take(t.topic(), "\u00fc", 1, properties=ALL_PROPERTIES)


@keeps("3.3.2-13", "3.3.2-19")
def bad_utf8_in_properties(t):
    for pair_ in ((p.RESPONSE_TOPIC, b"\xff"), (p.RESPONSE_TOPIC, b"a\x00"),
                  (p.CONTENT_TYPE, b"\xff"), (p.CONTENT_TYPE, b"a\x00")):
        client = t.connect(f"{len(t.opened)}")
        client.send(p.publish(5, t.topic(), "x", properties=[pair_]))
        client.expect_end(0x81)


@keeps("3.3.2-14")
def a_wildcard_in_the_response_topic(t):
    for bad in ("a/+", "#", ""):
        client = t.connect(f"{len(t.opened)}")
        client.send(p.publish(5, t.topic(), "x", properties=[(p.RESPONSE_TOPIC, bad)]))
        client.expect_end(0x82)


@keeps("3.3.4-6")
def a_subscription_identifier_from_a_client(t):
    client = t.connect()
    client.send(p.publish(5, t.topic(), "x", properties=[(p.SUBSCRIPTION_ID, 1)]))
    client.expect_end(0x82)


@keeps("3.3.4-1", "4.3.2-4", "4.3.2-5", versions=(4, 5))
def qos_1_is_answered(t):
    """After its PUBACK an identifier stands for a new message."""
    reader, writer = pair(t, (t.topic(), 1))
    for number in range(3):
        writer.send(p.publish(t.version, t.topic(), str(number), 1, 7, dup=number == 2))
        writer.expect(p.puback(t.version, 7))
        reader.take(t.topic(), str(number), 1)


@keeps("4.3.2-4", "4.5.0-1", versions=(4, 5))
def puback_means_that_it_is_kept(t):
    """The publisher's connection and the subscriber's may end right after it."""
    reader = t.connect("reader", kept=True)
    reader.subscribe((t.topic(), 1))
    t.leave(reader, lost=True)
    writer = t.connect("writer")
    writer.publish(t.topic(), "x", 1)
    writer.drop()
    t.connect("reader", kept=True, present=True).take(t.topic(), "x", 1)


@keeps("3.4.2-1", "4.3.2-4")
def puback_says_whether_anybody_subscribed(t):
    client, reader = t.connect(), t.connect("reader")
    client.publish(t.topic(), "x", 1, reason=0x10)
    reader.subscribe(t.topic())
    client.publish(t.topic(), "x", 1, reason=0)
    reader.take(t.topic(), "x")
    reader.unsubscribe(t.topic())
    kept = t.connect("kept", kept=True)
    kept.subscribe((t.topic("kept"), 1))
    t.leave(kept)
    client.publish(t.topic("kept"), "x", 1, reason=0)


@keeps("3.8.4-8", versions=(4, 5))
def the_lower_qos(t):
    writer = t.connect("writer")
    for granted in (0, 1):
        topic = t.topic(str(granted))
        reader = t.connect(f"reader-{granted}")
        reader.subscribe((topic, granted))
        for sent in (0, 1):
            writer.publish(topic, str(sent), sent)
            reader.take(topic, str(sent), min(granted, sent))


@keeps("3.8.4-8", versions=(4, 5))
def the_lower_qos_of_three(t):
    writer = t.connect("writer")
    for kept in (False, True):
        for granted in (0, 1, 2):
            topic = t.topic(f"{granted}{kept}")
            reader = t.connect(f"reader-{granted}{kept}", kept=kept)
            reader.subscribe((topic, granted))
            for sent in (0, 1, 2):
                writer.publish(topic, str(sent), sent)
                reader.take(topic, str(sent), min(granted, sent))


@keeps("3.3.4-7", settings="narrow")
def a_window_overrun(t):
    """Receive Maximum is 4. PUBACK waits for global, which a kept session makes sure of."""
    kept = t.connect("kept", kept=True, expiry=1)
    kept.subscribe((t.topic(), 1))
    client = t.connect()
    client.send(*[p.publish(5, t.topic(), "x", 1, number) for number in range(1, 50)])
    came = []
    while not came or came[-1][0] == 0x40:
        came.append(client.next())
    assert came[-1][0] == 0xE0 and came[-1][1][0] == 0x93, came
    client.expect_close()


@keeps("3.3.4-7", settings="narrow")
def a_window_overrun_with_qos_2(t):
    client = t.connect()
    for number in range(1, 5):
        client.send(p.publish(5, t.topic(), "x", 2, number))
        client.expect(p.pubrec(5, number, 0x10))
    client.send(p.publish(5, t.topic(), "x", 2, 5))
    client.expect_end(0x93)


@keeps("3.3.4-8", settings="narrow")
def a_full_window_of_the_client(t):
    """Other packets are answered, and the window opens again."""
    client = t.connect()
    for number in range(1, 5):
        client.send(p.publish(5, t.topic(), "x", 2, number))
        client.expect(p.pubrec(5, number, 0x10))
    client.quiet()
    client.subscribe(t.topic())
    client.publish(t.topic("0"), "x", 0)
    client.send(p.pubrel(5, 2))
    client.expect(p.pubcomp(5, 2))
    client.publish(t.topic("other"), "x", 2)


@keeps("3.3.4-9", "4.9.0-1", "4.9.0-2", "4.3.2-3")
def the_clients_receive_maximum(t):
    for kept in (False, True):
        topic = t.topic(str(kept))
        reader, writer = pair(t, (topic, 1), properties=[(p.RECEIVE_MAXIMUM, 2)], kept=kept,
                              tag=str(kept))
        for number in range(5):
            writer.publish(topic, str(number), 1)
        first = reader.expect(p.publish(5, topic, "0", 1))
        second = reader.expect(p.publish(5, topic, "1", 1))
        reader.quiet()
        reader.send(p.puback(5, second))
        third = reader.expect(p.publish(5, topic, "2", 1))
        reader.quiet()
        reader.send(p.puback(5, first), p.puback(5, third))
        reader.take(topic, "3", 1)
        reader.take(topic, "4", 1)
        reader.disconnect()
        writer.disconnect()


@keeps("3.3.4-10", "4.9.0-3", "4.9.0-2")
def a_full_window_of_the_server(t):
    """QoS 0, acknowledgements and everything else go past it."""
    reader, writer = pair(t, (t.topic("1"), 1), (t.topic("0"), 0),
                          properties=[(p.RECEIVE_MAXIMUM, 1)])
    writer.publish(t.topic("1"), "a", 1)
    writer.publish(t.topic("1"), "b", 1)
    held = reader.expect(p.publish(5, t.topic("1"), "a", 1))
    reader.quiet()
    writer.publish(t.topic("0"), "c")
    reader.expect(p.publish(5, t.topic("0"), "c"))
    reader.subscribe(t.topic("more"))
    reader.publish(t.topic("elsewhere"), "d", 1)
    reader.unsubscribe(t.topic("more"))
    reader.send(p.puback(5, held))
    reader.take(t.topic("1"), "b", 1)


@keeps("4.6.0-2", versions=(4, 5))
def pubacks_in_order(t):
    reader = t.connect("reader", kept=True)
    reader.subscribe((t.topic("slow"), 1))
    writer = t.connect("writer")
    ids = list(range(1, 61))
    writer.send(*[p.publish(t.version, t.topic("slow" if n % 3 else "fast"), "x", 1, n)
                  for n in ids])
    nobody = 0x10 if t.version == 5 else 0
    writer.expect(*[p.puback(t.version, n, 0 if n % 3 else nobody) for n in ids])


@keeps("4.6.0-3", versions=(4, 5))
def pubrecs_in_order(t):
    reader = t.connect("reader", kept=True)
    reader.subscribe((t.topic("slow"), 2))
    writer = t.connect("writer")
    ids = list(range(1, 61))
    writer.send(*[p.publish(t.version, t.topic("slow" if n % 3 else "fast"), "x", 2, n)
                  for n in ids])
    nobody = 0x10 if t.version == 5 else 0
    writer.expect(*[p.pubrec(t.version, n, 0 if n % 3 else nobody) for n in ids])


@keeps("4.6.0-4", versions=(4, 5))
def pubrels_in_order(t):
    for kept in (False, True):
        topic = t.topic(str(kept))
        reader, writer = pair(t, (topic, 2), kept=kept, tag=str(kept))
        for number in range(20):
            writer.publish(topic, str(number), 2)
        ids = [reader.expect(p.publish(t.version, topic, str(n), 2)) for n in range(20)]
        mixed = ids[::2] + ids[1::2]
        reader.send(*[p.pubrec(t.version, n) for n in mixed])
        reader.expect(*[p.pubrel(t.version, n) for n in mixed])
        reader.send(*[p.pubcomp(t.version, n) for n in mixed])
        reader.disconnect()
        writer.disconnect()


@keeps("4.6.0-5", "4.6.0-6", versions=(4, 5))
def messages_keep_their_order(t):
    for qos in (0, 1):
        topic = t.topic(str(qos))
        reader, writer = pair(t, (topic, qos), tag=str(qos))
        kept = t.connect(f"kept-{qos}", kept=True)
        kept.subscribe((topic, qos))
        writer.send(*[p.publish(t.version, topic, str(n), qos, n + 1) for n in range(300)])
        for number in range(300):
            reader.take(topic, str(number), qos)
            kept.take(topic, str(number), qos)


@keeps("4.6.0-5", "4.6.0-6", versions=(4, 5))
def qos_2_messages_keep_their_order(t):
    reader, writer = pair(t, (t.topic(), 2))
    kept = t.connect("kept", kept=True)
    kept.subscribe((t.topic(), 2))
    writer.send(*[p.publish(t.version, t.topic(), str(n), 2, n + 1) for n in range(100)])
    for number in range(100):
        reader.take(t.topic(), str(number), 2)
        kept.take(t.topic(), str(number), 2)


@keeps("3.1.2-24", "3.1.2-25")
def too_large_for_the_client(t):
    """The largest that fits comes; what is larger counts as delivered, whoever holds it."""
    for kept in (False, True):
        for qos in (0, 1):
            topic = t.topic(f"{kept}{qos}")
            most = 100 - 2 - len(p.text(topic)) - 1 - (2 if qos else 0)
            reader, writer = pair(t, (topic, qos), kept=kept, tag=topic[-5:],
                                  properties=[(p.PACKET_MAXIMUM, 100), (p.RECEIVE_MAXIMUM, 1)])
            writer.publish(topic, b"x" * (most + 1), qos)
            writer.publish(topic, b"x" * most, qos)
            reader.take(topic, b"x" * most, qos)
            t.fence(writer, reader, topic, qos)
            reader.disconnect()
            writer.disconnect()


@keeps("3.3.2-5", "3.3.2-6")
def expiry_in_a_session(t):
    reader = t.connect("reader", kept=True)
    reader.subscribe((t.topic(), 1))
    t.leave(reader)
    writer = t.connect("writer")
    writer.publish(t.topic(), "short", 1, properties=[(p.EXPIRY, 1)])
    writer.publish(t.topic(), "long", 1, properties=[(p.EXPIRY, 100)])
    writer.publish(t.topic(), "none", 1)
    t.pass_time(1.5)
    reader = t.connect("reader", kept=True, present=True)
    reader.take(t.topic(), "long", 1, properties=[(p.EXPIRY, range(90, 100))])
    reader.take(t.topic(), "none", 1)


@keeps("3.3.2-5", "3.3.2-6")
def expiry_behind_a_full_window(t):
    """A clean session's messages wait at the broker, and expire there."""
    reader, writer = pair(t, (t.topic(), 1), properties=[(p.RECEIVE_MAXIMUM, 1)])
    writer.publish(t.topic(), "first", 1)
    held = reader.expect(p.publish(5, t.topic(), "first", 1))
    writer.publish(t.topic(), "short", 1, properties=[(p.EXPIRY, 1)])
    writer.publish(t.topic(), "long", 1, properties=[(p.EXPIRY, 100)])
    t.pass_time(1.5)
    reader.send(p.puback(5, held))
    reader.take(t.topic(), "long", 1, properties=[(p.EXPIRY, range(90, 100))])


@keeps("3.3.2-6")
def expiry_of_what_goes_through_at_once(t):
    for qos in (0, 1):
        topic = t.topic(str(qos))
        reader, writer = pair(t, (topic, qos), tag=str(qos))
        writer.publish(topic, "x", qos, properties=[(p.EXPIRY, 100)])
        reader.take(topic, "x", qos, properties=[(p.EXPIRY, range(98, 101))])


@keeps("3.3.4-2", versions=(4, 5))
def overlapping_subscriptions(t):
    """One copy, with the highest QoS."""
    for kept in (False, True):
        topic = t.topic(f"{kept}/x")
        reader, writer = pair(t, (topic, 0), (t.topic(f"{kept}/+"), 1), (t.topic(f"{kept}/#"), 0),
                              kept=kept, tag=str(kept))
        writer.publish(topic, "x", 1)
        reader.take(topic, "x", 1)
        t.fence(writer, reader, topic, 1)


@keeps("3.3.4-2", versions=(4, 5))
def overlapping_subscriptions_with_qos_2(t):
    for kept in (False, True):
        topic = t.topic(f"{kept}/x")
        reader, writer = pair(t, (topic, 0), (t.topic(f"{kept}/+"), 2), (t.topic(f"{kept}/#"), 1),
                              kept=kept, tag=str(kept))
        writer.publish(topic, "x", 2)
        reader.take(topic, "x", 2)
        t.fence(writer, reader, topic, 2)


@keeps("3.3.4-3", "3.3.4-4", "3.3.4-5")
def subscription_identifiers(t):
    for kept in (False, True):
        topic = t.topic(f"{kept}/x")
        reader = t.connect(f"reader-{kept}", kept=kept)
        reader.subscribe((topic, 1), properties=[(p.SUBSCRIPTION_ID, 1)])
        reader.subscribe((t.topic(f"{kept}/+"), 0), properties=[(p.SUBSCRIPTION_ID, 268435455)])
        reader.subscribe((t.topic(f"{kept}/#"), 1), properties=[(p.SUBSCRIPTION_ID, 127)])
        reader.subscribe((t.topic(f"{kept}/x/#"), 1))
        writer = t.connect(f"writer-{kept}")
        for qos in (0, 1):
            writer.publish(topic, "x", qos)
            packet_id = reader.expect(p.publish(5, topic, "x", qos, properties=[
                (p.SUBSCRIPTION_ID, p.ANY)] * 3))
            came = {value for identifier, value in reader.last.properties}
            assert came == {1, 127, 268435455}, came
            if qos:
                reader.send(p.puback(5, packet_id))


@keeps("3.3.4-3")
def a_subscription_identifier_changes(t):
    reader, writer = t.connect("reader"), t.connect("writer")
    for number in (3, 4):
        reader.subscribe((t.topic(), 1), properties=[(p.SUBSCRIPTION_ID, number)])
        writer.publish(t.topic(), "x", 1)
        reader.take(t.topic(), "x", 1, properties=[(p.SUBSCRIPTION_ID, number)])
    reader.subscribe((t.topic(), 1))
    writer.publish(t.topic(), "x", 1)
    reader.take(t.topic(), "x", 1)
    client = t.connect("zero")
    client.send(p.subscribe(5, 1, (t.topic(), 0), properties=[(p.SUBSCRIPTION_ID, 0)]))
    client.expect_end(0x82)


@keeps("4.4.0-2", "4.3.2-3")
def a_refusal_settles_a_message(t):
    reader, writer = pair(t, (t.topic(), 1), kept=True)
    writer.publish(t.topic(), "x", 1)
    refused = reader.expect(p.publish(5, t.topic(), "x", 1))
    reader.send(p.puback(5, refused, 0x97))
    t.fence(writer, reader, t.topic(), 1)
    t.leave(reader)
    reader = t.connect("reader", kept=True, present=True)
    t.fence(writer, reader, t.topic(), 1)


@keeps("3.3.1-1", "4.4.0-1", "4.3.2-3", versions=(4, 5))
def what_was_open_comes_again(t):
    """In its order, with its identifiers, with DUP; after a reconnect, and at no other time."""
    reader, writer = pair(t, (t.topic(), 1), kept=True)
    for number in range(4):
        writer.publish(t.topic(), str(number), 1)
    ids = [reader.expect(p.publish(t.version, t.topic(), str(n), 1)) for n in range(4)]
    reader.send(p.puback(t.version, ids[1]))
    t.pass_time(1.5)
    reader.quiet()
    t.leave(reader, lost=True)
    reader = t.connect("reader", kept=True, present=True)
    for number in (0, 2, 3):
        reader.expect(p.publish(t.version, t.topic(), str(number), 1, ids[number], dup=True))
    reader.send(*[p.puback(t.version, ids[number]) for number in (0, 2, 3)])
    t.fence(writer, reader, t.topic(), 1)
    t.leave(reader)
    t.fence(writer, t.connect("reader", kept=True, present=True), t.topic(), 1)
