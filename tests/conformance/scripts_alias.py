"""3.3.2.3.4, 3.1.2.11.5, 3.2.2.3.8: topic aliases in both directions."""

import packets as p
from scripts import keeps


def maximum(t):
    return dict(t.capabilities)[p.ALIAS_MAXIMUM]


def subscribed(t, name, most, qos=0):
    reader = t.connect(name, properties=[(p.ALIAS_MAXIMUM, most)] if most is not None else [])
    reader.subscribe((t.topic("+"), qos))
    return reader


@keeps("3.3.2-12", "3.2.2-17")
def every_alias_up_to_the_maximum(t):
    reader, writer = t.connect("reader"), t.connect("writer")
    reader.subscribe((t.topic("+"), 2))
    for number in {1, 2, maximum(t) // 2 + 1, maximum(t)}:
        topic, alias = t.topic(str(number)), [(p.ALIAS, number)]
        for qos in (0, 1, 2):
            writer.publish(topic if qos == 0 else "", str(qos), qos, properties=alias)
            reader.take(topic, str(qos), qos)
    for number in {1, maximum(t)}:
        writer.publish("", "again", properties=[(p.ALIAS, number)])
        reader.take(t.topic(str(number)), "again")


@keeps("3.3.2-12")
def an_alias_gets_a_new_topic(t):
    reader, writer = t.connect("reader"), t.connect("writer")
    reader.subscribe(t.topic("+"))
    for name in ("a", "b"):
        writer.publish(t.topic(name), "1", properties=[(p.ALIAS, 1)])
        writer.publish("", "2", properties=[(p.ALIAS, 1)])
        reader.take(t.topic(name), "1")
        reader.take(t.topic(name), "2")


@keeps("3.3.2-8")
def alias_0(t):
    client = t.connect()
    client.send(p.publish(5, t.topic(), "x", properties=[(p.ALIAS, 0)]))
    client.expect_end(0x94)


@keeps("3.3.2-9", "3.2.2-17")
def an_alias_over_the_maximum(t):
    for topic in (t.topic(), ""):
        client = t.connect(f"{len(t.opened)}")
        client.send(p.publish(5, topic, "x", properties=[(p.ALIAS, maximum(t) + 1)]))
        client.expect_end(0x94)


@keeps("3.2.2-18", settings="unaliased")
def an_alias_where_none_is_allowed(t):
    client = t.connect()
    client.send(p.publish(5, t.topic(), "x", properties=[(p.ALIAS, 1)]))
    client.expect_end(0x94)


@keeps("3.3.2-7", "3.3.2-9")
def an_alias_that_nobody_gave(t):
    client = t.connect()
    client.send(p.publish(5, "", "x", properties=[(p.ALIAS, 1)]))
    client.expect_end(0x82)


@keeps("3.3.2-7")
def an_alias_ends_with_its_connection(t):
    """Also where the session goes on."""
    client = t.connect(kept=True)
    client.publish(t.topic(), "x", properties=[(p.ALIAS, 1)])
    client.drop()
    client = t.connect(kept=True, present=True)
    client.send(p.publish(5, "", "x", properties=[(p.ALIAS, 1)]))
    client.expect_end(0x82)


@keeps("3.1.2-26", "3.3.2-11", "3.3.2-8")
def aliases_to_a_client(t):
    """One alias: the first topic gets it, with its name, then without; others come by name."""
    reader, writer = subscribed(t, "reader", 1, 2), t.connect("writer")
    given = [(p.ALIAS, 1)]
    for qos in (0, 1, 2):
        writer.publish(t.topic("a"), str(qos), qos)
        reader.take(t.topic("a") if qos == 0 else "", str(qos), qos, properties=given)
    known, names = {1: t.topic("a")}, []
    for name in ("b", "a", "b", "c", "a"):
        writer.publish(t.topic(name), "x")
        first, body = reader.next()
        size = int.from_bytes(body[:2], "big")
        topic, pairs = body[2:2 + size].decode(), p.read_properties(body[3 + size:-1])
        assert (first, pairs) in ((0x30, []), (0x30, [(p.ALIAS, 1)])), (first, pairs)
        if pairs and topic:
            known[1] = topic
        names.append(topic or known[1])
    assert names == [t.topic(name) for name in ("b", "a", "b", "c", "a")], names


@keeps("3.1.2-27", "3.3.2-11")
def no_aliases_to_a_client(t):
    writer = t.connect("writer")
    for name, most in (("zero", 0), ("absent", None)):
        reader = subscribed(t, name, most)
        for _ in range(3):
            writer.publish(t.topic("a"), "x")
            reader.take(t.topic("a"), "x")
        reader.disconnect()


@keeps("3.3.2-7", "3.1.2-26")
def a_clients_aliases_begin_anew(t):
    writer = t.connect("writer")
    for present in (False, True):
        reader = t.connect("reader", kept=True, present=present,
                           properties=[(p.ALIAS_MAXIMUM, 5)])
        reader.subscribe((t.topic("a"), 1))
        for name in (t.topic("a"), ""):
            writer.publish(t.topic("a"), "x", 1)
            reader.take(name, "x", 1, properties=[(p.ALIAS, 1)])
        reader.disconnect()


@keeps("3.3.2-7", "3.1.2-27")
def a_publishers_alias_is_its_own(t):
    """It goes to nobody else, not with a retained message either."""
    reader, writer = t.connect("reader"), t.connect("writer")
    reader.subscribe((t.topic(), 1))
    writer.publish(t.topic(), "x", 1, retain=True, properties=[(p.ALIAS, 1)])
    reader.take(t.topic(), "x", 1)
    late = t.connect("late")
    late.subscribe((t.topic(), 1))
    late.take(t.topic(), "x", 1, retain=True)
