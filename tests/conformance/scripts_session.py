"""3.1.2.4, 3.1.2.11, 4.1: sessions, Clean Start and Session Expiry."""

import packets as p
from scripts import keeps


@keeps("3.1.2-4", "3.1.4-4", "3.2.2-2", versions=(4, 5))
def a_clean_start_throws_away(t):
    """Subscriptions and messages of the former session are gone."""
    reader = t.connect("reader", kept=True)
    reader.subscribe((t.topic(), 1))
    t.leave(reader)
    writer = t.connect("writer")
    writer.publish(t.topic(), "old", 1)
    reader = t.connect("reader", clean=True, present=False)
    writer.publish(t.topic(), "also old", 1)
    reader.subscribe((t.topic(), 1))
    t.fence(writer, reader, t.topic(), 1)
    if t.version == 4:
        t.leave(reader)
        t.connect("reader", kept=True, present=False)


@keeps("3.1.2-5", "3.1.2-23", "3.2.2-3", "4.5.0-1", versions=(4, 5))
def a_session_goes_on(t):
    reader = t.connect("reader", kept=True, present=False)
    reader.subscribe((t.topic(), 1))
    t.leave(reader)
    writer = t.connect("writer")
    for number in range(3):
        writer.publish(t.topic(), str(number), 1)
    reader = t.connect("reader", kept=True, present=True)
    for number in range(3):
        reader.take(t.topic(), str(number), 1)
    t.fence(writer, reader, t.topic(), 1)
    t.leave(reader, lost=True)
    t.fence(writer, t.connect("reader", kept=True, present=True), t.topic(), 1)


@keeps("3.1.2-6", "3.2.2-3", versions=(4, 5))
def no_session_to_go_on_with(t):
    t.connect(kept=True, clean=False, present=False)


@keeps("3.1.2-23", "4.1.0-2", "3.2.2-3")
def no_expiry_interval_ends_the_session(t):
    for name, expiry in (("absent", None), ("zero", 0)):
        reader = t.connect(name, clean=False, expiry=expiry)
        reader.subscribe((t.topic(), 1))
        t.leave(reader)
        t.connect(name, clean=False, expiry=expiry, present=False)


@keeps("3.1.2-23", "4.1.0-2")
def a_session_expires(t):
    short, long = t.connect("short", expiry=1), t.connect("long", expiry=100)
    for one in (short, long):
        one.subscribe((t.topic(), 1))
        one.disconnect()
    t.pass_time(3)
    t.connect("short", clean=False, expiry=1, present=False)
    t.connect("long", clean=False, expiry=100, present=True)


@keeps("3.1.2-23", "4.1.0-2")
def expiry_counts_from_the_end_of_the_connection(t):
    reader = t.connect("reader", expiry=2)
    reader.subscribe((t.topic(), 1))
    t.pass_time(3)
    reader.quiet()
    reader.drop()
    t.connect("reader", clean=False, expiry=2, present=True)


@keeps("3.1.2-23", "4.1.0-2")
def disconnect_changes_the_expiry(t):
    longer = t.connect("longer", expiry=1)
    longer.disconnect(properties=[(p.SESSION_EXPIRY, 100)])
    shorter = t.connect("shorter", expiry=100)
    t.leave(shorter, properties=[(p.SESSION_EXPIRY, 0)])
    t.connect("shorter", clean=False, expiry=0, present=False)
    t.pass_time(3)
    t.connect("longer", clean=False, expiry=100, present=True)


@keeps("3.14.2-1", "4.13.1-1")
def disconnect_may_not_make_a_session_last(t):
    client = t.connect(expiry=0)
    client.send(p.disconnect(5, 0, [(p.SESSION_EXPIRY, 5)]))
    client.expect_end(0x82)


@keeps("3.1.2-23", "4.1.0-2", settings="narrow")
def the_servers_longest_expiry(t):
    """It is told, and it is what counts."""
    client = t.connect("more", expiry=100, told=[(p.SESSION_EXPIRY, 2)])
    client.subscribe((t.topic(), 1))
    client.disconnect()
    t.connect("less", expiry=1)
    t.pass_time(4)
    t.connect("more", expiry=1, clean=False, present=False)


@keeps("4.1.0-1", versions=(4, 5))
def a_session_lives_with_its_connection(t):
    """Also one that is not kept: silence and time take nothing from it."""
    reader = t.connect("reader")
    reader.subscribe((t.topic(), 1))
    t.pass_time(3)
    writer = t.connect("writer")
    writer.publish(t.topic(), "x", 1)
    reader.take(t.topic(), "x", 1)


@keeps("3.1.2-5", "3.8.4-3", versions=(4, 5))
def subscriptions_of_a_session(t):
    """Its options too: QoS and, in 5.0, the identifier, No Local and Retain As Published."""
    reader = t.connect("reader", kept=True)
    told = [(p.SUBSCRIPTION_ID, 9)] if t.version == 5 else []
    reader.subscribe((t.topic("1"), 1), properties=told)
    if t.version == 5:
        own = p.options(1, no_local=True, as_published=True)
        reader.subscribe((t.topic("own"), own), granted=[1])
    reader.subscribe((t.topic("0"), 0))
    reader.subscribe((t.topic("gone"), 1))
    reader.unsubscribe(t.topic("gone"))
    t.leave(reader)
    reader = t.connect("reader", kept=True, present=True)
    reader.subscribe(t.topic("barrier"))  # its other routes are known by then
    writer = t.connect("writer")
    if t.version == 5:
        reader.publish(t.topic("own"), "mine", 1)
        writer.publish(t.topic("own"), "others'", 1, retain=True)
        reader.take(t.topic("own"), "others'", 1, retain=True)
    for name in ("gone", "1", "0"):
        writer.publish(t.topic(name), name, 1)
    reader.expect_any_order(
        p.publish(t.version, t.topic("1"), "1", 1, properties=told),
        p.publish(t.version, t.topic("0"), "0", 0))


@keeps("3.1.2-23", versions=(4, 5))
def qos_0_is_not_kept(t):
    """A decision: the standard leaves it open."""
    reader = t.connect("reader", kept=True)
    reader.subscribe((t.topic(), 1))
    t.leave(reader)
    writer = t.connect("writer")
    writer.publish(t.topic(), "0", 0)
    writer.publish(t.topic(), "1", 1)
    t.connect("reader", kept=True, present=True).take(t.topic(), "1", 1)
