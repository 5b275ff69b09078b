"""3.3.2.3.4, 3.1.2.11.5, 3.2.2.3.8: topic aliases in both directions."""

import packets as p
from scripts import keeps


def maximum(t):
    return dict(t.capabilities)[p.ALIAS_MAXIMUM]


def subscribed(t, name, most, qos=0):
    reader = t.connect(name, properties=[(p.ALIAS_MAXIMUM, most)] if most is not None else [])
    reader.subscribe((t.topic("+"), qos))
    return reader


@keeps("3.3.2-8")
def alias_0(t):
    client = t.connect()
    client.send(p.publish(5, t.topic(), "x", properties=[(p.ALIAS, 0)]))
    client.expect_end(0x94)


@keeps("3.2.2-18", settings="unaliased")
def an_alias_where_none_is_allowed(t):
    client = t.connect()
    client.send(p.publish(5, t.topic(), "x", properties=[(p.ALIAS, 1)]))
    client.expect_end(0x94)


@keeps("3.1.2-27", "3.3.2-11")
def no_aliases_to_a_client(t):
    writer = t.connect("writer")
    for name, most in (("zero", 0), ("absent", None)):
        reader = subscribed(t, name, most)
        for _ in range(3):
            writer.publish(t.topic("a"), "x")
            reader.take(t.topic("a"), "x")
        reader.disconnect()
