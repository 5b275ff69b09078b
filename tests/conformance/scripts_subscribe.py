"""3.8 to 3.11, 4.7: SUBSCRIBE, UNSUBSCRIBE, filters and names."""

import packets as p
from scripts import keeps


def refused(t, packet, reason):
    client = t.connect(f"refused-{len(t.opened)}")
    client.send(packet)
    client.expect_end(reason)


def comes(t, chosen, topic):
    """Whether a message with this topic comes to a subscriber of this filter."""
    number = len(t.opened)
    reader, writer = t.connect(f"reader-{number}"), t.connect(f"writer-{number}")
    fence = t.topic(f"fence-{number}")
    reader.subscribe(chosen, fence)
    writer.publish(topic, "x")
    writer.publish(fence, "y")
    matches = [p.publish(t.version, topic, "x")]
    first, body = reader.next()
    reader.buffer = bytes([first]) + p.varint(len(body)) + body + reader.buffer
    found = body[2:2 + len(topic.encode())] == topic.encode()
    reader.expect(*(matches if found else []), p.publish(t.version, fence, "y"))
    return found


def read_names(reader, last):
    """The topics of the messages that come up to this last one."""
    names = []
    while not names or names[-1] != last:
        first, body = reader.next()
        assert first >> 4 == p.PUBLISH, first
        names.append(body[2:2 + int.from_bytes(body[:2], "big")].decode())
    return names


@keeps("3.8.3-2", "311/no-filters", versions=(4, 5))
def subscribe_without_a_filter(t):
    refused(t, p.subscribe(t.version, 1), 0x82)


@keeps("3.10.3-2", "311/no-filters", versions=(4, 5))
def unsubscribe_without_a_filter(t):
    refused(t, p.unsubscribe(t.version, 1), 0x82)


@keeps("3.8.3-5", "311/suback-bits", versions=(4, 5))
def reserved_bits_of_the_options(t):
    for chosen in (0x40, 0x80, 0xC1):
        refused(t, p.subscribe(t.version, 1, (t.topic(), chosen)), 0x81)
    if t.version == 4:
        for chosen in (0x04, 0x08, 0x10, 0x20, 0x03):
            refused(t, p.subscribe(4, 1, (t.topic(), chosen)), 0x81)
    else:
        refused(t, p.subscribe(5, 1, (t.topic(), 0x03)), 0x82)  # QoS 3
        refused(t, p.subscribe(5, 1, (t.topic(), 0x30)), 0x82)  # Retain Handling 3


@keeps("3.8.3-3")
def no_local(t):
    """For messages of the same client identifier, also from a later connection."""
    for kept in (False, True):
        topic = t.topic(str(kept))
        both = t.connect(f"both-{kept}", kept=kept)
        both.subscribe((topic, p.options(1, no_local=True)), granted=[1])
        for qos in (0, 1):
            both.send(p.publish(5, topic, "mine", qos, 60))
            if qos:
                both.expect(p.puback(5, 60))
        other = t.connect(f"other-{kept}")
        for qos in (0, 1):
            other.publish(topic, "others'", qos)
            both.take(topic, "others'", qos)


@keeps("3.8.3-3")
def no_local_in_a_session(t):
    both = t.connect("both", kept=True)
    both.subscribe((t.topic(), p.options(1, no_local=True)), granted=[1])
    both.disconnect()
    both = t.connect("both", kept=True, present=True)
    both.publish(t.topic(), "mine", 1)
    t.fence(t.connect("other"), both, t.topic(), 1)


@keeps("3.8.3-3")
def local_messages_come_otherwise(t):
    both = t.connect("both")
    both.subscribe((t.topic(), 1))
    both.send(p.publish(5, t.topic(), "mine", 1, 60))
    both.expect_any_order(p.puback(5, 60), p.publish(5, t.topic(), "mine", 1))


@keeps("3.8.4-1", "3.8.4-5", "3.8.4-6", "3.8.4-7", "3.9.3-1", "3.9.3-2", "311/suback",
       versions=(4, 5))
def many_filters_in_one_subscribe(t):
    """Each has its reason, in its place."""
    wanted = [2, 0, 1, 1, 0, 2]
    reader, writer = t.connect("reader"), t.connect("writer")
    reader.subscribe(*[(t.topic(str(n)), qos) for n, qos in enumerate(wanted)])
    for number, qos in enumerate(wanted):
        writer.publish(t.topic(str(number)), "x", 2)
        reader.take(t.topic(str(number)), "x", qos)


@keeps("3.8.4-6", "3.8.4-7", "3.9.3-1", "3.9.3-2", "311/suback", versions=(4, 5))
def a_filter_that_is_refused(t):
    """$SYS cannot be shared: a failure in its place, the filters beside it are granted."""
    failure = 0x9E if t.version == 5 else 0x80
    for kept in (False, True):
        reader, writer = t.connect(f"reader-{kept}", kept=kept), t.connect(f"writer-{kept}")
        before, behind = t.topic(f"{kept}/before"), t.topic(f"{kept}/behind")
        reader.subscribe((before, 1), ("$share/g/$SYS/#", 2), (behind, 0), granted=[1, failure, 0])
        reader.unsubscribe("$share/g/$SYS/#", reasons=[0x11])
        for topic, qos in ((before, 1), (behind, 0)):
            writer.publish(topic, "x", 1)
            reader.take(topic, "x", qos)


@keeps("3.1.2-24", "3.14.2-3")
def no_room_for_an_answer(t):
    """A decision: the connection ends with 0x95, and nothing was subscribed or unsubscribed."""
    narrow = [(p.PACKET_MAXIMUM, 20)]  # a SUBACK or UNSUBACK of 15 reasons
    reader, writer = t.connect("reader", kept=True, properties=narrow), t.connect("writer")
    reader.subscribe(*[(t.topic(str(number)), 1) for number in range(15)])
    reader.send(p.subscribe(5, 2, *[(t.topic(str(number)), 1) for number in range(20, 36)]))
    reader.expect_end(0x95)
    reader = t.connect("reader", kept=True, present=True, properties=narrow)
    reader.send(p.unsubscribe(5, 1, *[t.topic(str(number)) for number in range(16)]))
    reader.expect_end(0x95)
    reader = t.connect("reader", kept=True, present=True)
    writer.publish(t.topic("20"), "x", 1, reason=0x10)
    writer.publish(t.topic("0"), "x", 1)
    reader.take(t.topic("0"), "x", 1)


@keeps("3.8.4-5", "3.9.3-1", versions=(4, 5))
def one_filter_twice_in_one_subscribe(t):
    """As two SUBSCRIBEs: the later one holds."""
    reader, writer = t.connect("reader"), t.connect("writer")
    reader.subscribe((t.topic(), 1), (t.topic(), 0))
    writer.publish(t.topic(), "x", 1)
    reader.take(t.topic(), "x", 0)
    t.fence(writer, reader, t.topic(), 0)


@keeps("3.8.4-3", versions=(4, 5))
def a_subscription_is_replaced(t):
    for kept in (False, True):
        topic = t.topic(str(kept))
        reader = t.connect(f"reader-{kept}", kept=kept)
        writer = t.connect(f"writer-{kept}")
        for qos in (0, 1, 0):
            reader.subscribe((topic, qos))
            writer.publish(topic, "x", 1)
            reader.take(topic, "x", qos)
            t.fence(writer, reader, topic, qos)


@keeps("3.8.4-4", versions=(4, 5))
def nothing_is_lost_while_a_subscription_is_replaced(t):
    reader, writer = t.connect("reader"), t.connect("writer")
    reader.subscribe((t.topic(), 1))
    writer.send(*[p.publish(t.version, t.topic(), str(n), 1, n + 1) for n in range(200)])
    reader.send(*[p.subscribe(t.version, n + 1, (t.topic(), 1)) for n in range(20)])
    subacks, came = 0, 0
    while subacks < 20 or came < 200:
        first, body = reader.next()
        if first == 0x90:
            subacks += 1
            continue
        size = int.from_bytes(body[:2], "big")
        at = 4 + size + (1 if t.version == 5 else 0)
        assert (first, body[at:]) == (0x32, str(came).encode()), (first, body)
        reader.send(b"\x40\x02" + body[2 + size:4 + size])
        came += 1
    reader.quiet()


@keeps("3.10.4-2", "3.10.4-4", "3.10.4-6", "3.11.3-1", "3.11.3-2", "311/unsuback", versions=(4, 5))
def unsubscribe(t):
    for kept in (False, True):
        reader = t.connect(f"reader-{kept}", kept=kept)
        writer = t.connect(f"writer-{kept}")
        names = [t.topic(f"{kept}{n}") for n in range(4)]
        reader.subscribe(*[(name, 1) for name in names])
        reader.unsubscribe(names[0], names[2], t.topic("never"), reasons=[0, 0, 0x11])
        for name in names:
            writer.publish(name, "x", 1)
        reader.take(names[1], "x", 1)
        reader.take(names[3], "x", 1)
        reader.unsubscribe(names[0], names[1], reasons=[0x11, 0])
        t.fence(writer, reader, names[3], 1)


@keeps("3.10.4-1", "4.7.3-4", versions=(4, 5))
def unsubscribe_compares_byte_by_byte(t):
    reader, writer = t.connect("reader"), t.connect("writer")
    reader.subscribe(t.topic("Ab"), t.topic("+"))
    absent = [t.topic(name) for name in ("ab", "Ab/", "/Ab", "A", "Abc", "#", "Cd")]
    reader.unsubscribe(*absent, reasons=[0x11] * len(absent))
    reader.unsubscribe(t.topic("+"))
    writer.publish(t.topic("Cd"), "no more")
    t.fence(writer, reader, t.topic("Ab"))


@keeps("3.10.4-3", versions=(4, 5))
def what_was_under_way_is_completed(t):
    """Sent but not acknowledged at UNSUBSCRIBE: it stays under way, and comes again."""
    reader, writer = t.connect("reader", kept=True), t.connect("writer")
    reader.subscribe((t.topic(), 1))
    writer.publish(t.topic(), "x", 1)
    packet_id = reader.expect(p.publish(t.version, t.topic(), "x", 1))
    reader.unsubscribe(t.topic())
    reader.drop()
    reader = t.connect("reader", kept=True, present=True)
    reader.expect(p.publish(t.version, t.topic(), "x", 1, packet_id, dup=True))
    reader.send(p.puback(t.version, packet_id))
    reader.quiet()


@keeps("4.7.1-1", "4.7.1-2")
def wrong_filters(t):
    """A decision: the connection ends and the reason names the fault; SUBACK never says 0x8F."""
    for chosen in ("a/#/b", "a#", "#a", "a/b#", "##", "a+", "+a", "a/+b", "a/b+/c", "++"):
        refused(t, p.subscribe(5, 1, (chosen, 0)), 0x8F)
        refused(t, p.unsubscribe(5, 1, chosen), 0x8F)


@keeps("4.7.3-1")
def an_empty_filter(t):
    refused(t, p.subscribe(5, 1, ("", 0)), 0x8F)
    refused(t, p.unsubscribe(5, 1, ""), 0x8F)


@keeps("4.7.1-1", "4.7.1-2", "4.7.0-1", versions=(4, 5))
def wildcards(t):
    rows = [("a/#", "a", True), ("a/#", "a/", True), ("a/#", "a/b/c", True), ("a/#", "ab", False),
            ("a/+", "a/b", True), ("a/+", "a", False), ("a/+", "a/", True), ("a/+", "a/b/c", False),
            ("+", "a", True), ("+", "/a", False), ("+/+", "/a", True), ("/+", "/a", True),
            ("/+", "a", False), ("+/a/#", "b/a", True), ("+/a/#", "b/a/c/d", True),
            ("a/+/c", "a//c", True), ("a/+/c", "a/b/b/c", False), ("#", "a/b", True)]
    for chosen, topic, wanted in rows:
        chosen, topic = t.topic("w/" + chosen), t.topic("w/" + topic)
        assert comes(t, chosen, topic) == wanted, (chosen, topic, not wanted)


@keeps("4.7.2-1", versions=(4, 5))
def names_with_a_dollar(t):
    """A client's inbox is such a name that clients may use; other ones are the broker's own."""
    writer = t.connect("writer")
    inbox = f"$user/{t.topic()}/inbox"
    readers = []
    for chosen, wanted in ((inbox, True), (f"$user/{t.topic()}/#", True),
                           (f"$user/{t.topic()}/+", True), (f"+/{t.topic()}/inbox", False),
                           (f"+/{t.topic()}/#", False)):
        readers.append((t.connect(f"reader-{len(readers)}"), wanted))
        readers[-1][0].subscribe(t.topic("fence"), chosen)
    writer.publish(inbox, "x")
    writer.publish(t.topic("fence"), "fence")
    for reader, wanted in readers:
        seen = read_names(reader, t.topic("fence"))
        assert seen == [inbox] * wanted + [t.topic("fence")], seen
    writer.publish(f"${t.topic()}", "x", 1, reason=0x87 if t.version == 5 else 0)


@keeps("4.7.3-4", versions=(4, 5))
def names_are_compared_as_they_are(t):
    rows = [("A", "a", False), ("a", "a ", False), ("a", "/a", False), ("a/", "a", False),
            ("\u00e9", "e\u0301", False), ("\u00e9", "\u00e9", True), ("a b", "a b", True),
            ("a//b", "a/b", False), ("\U0001f600", "\U0001f600", True)]
    for chosen, topic, wanted in rows:
        assert comes(t, t.topic(chosen), t.topic(topic)) == wanted, (chosen, topic)


@keeps("4.7.3-3", "4.7.3-1", versions=(4, 5))
def the_longest_and_the_shortest_name(t):
    longest = t.topic() + "x" * (65535 - len(t.topic()))
    reader, writer = t.connect("reader"), t.connect("writer")
    reader.subscribe(longest)
    writer.publish(longest, "x")
    reader.take(longest, "x")
    one = chr(0x4E00 + t.version * 2 + len(t.ports))  # one character, of this run only
    assert comes(t, one, one)


@keeps("3.8.4-2", "3.8.4-1", versions=(4, 5))
def subscribed_means_heard(t):
    """After SUBACK whoever publishes is heard, at whichever broker."""
    writer = t.connect("writer")
    for number in range(30):
        reader = t.connect(f"reader-{number}")
        reader.subscribe((t.topic(str(number)), 1))
        writer.publish(t.topic(str(number)), "x", 1, reason=0)
        reader.take(t.topic(str(number)), "x", 1)
