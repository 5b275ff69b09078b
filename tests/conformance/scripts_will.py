"""3.1.2.5, 3.1.3.2, 3.1.3.3: wills."""

import packets as p
from scripts import keeps


def watching(t, qos=0, **more):
    watcher = t.connect("watcher", **more)
    watcher.subscribe((t.topic("will"), qos))
    return watcher


def mortal(t, name="mortal", payload="gone", qos=0, retain=False, will_properties=(), **more):
    return t.connect(name, will=p.Will(t.topic("will"), payload, qos, retain, will_properties),
                     **more)


@keeps("3.1.2-7", "3.1.2-8", "3.1.2-14", "311/will-lost", versions=(4, 5))
def a_lost_connection(t):
    for qos in (0, 1):
        watcher = watching(t, qos)
        mortal(t, payload=str(qos), qos=qos).drop()
        watcher.take(t.topic("will"), str(qos), qos)


@keeps("3.1.2-7", "3.1.2-8", versions=(4, 5))
def a_will_with_qos_2(t):
    watcher, kept = watching(t, 2), t.connect("kept", kept=True)
    kept.subscribe((t.topic("will"), 2))
    mortal(t, qos=2).drop()
    watcher.take(t.topic("will"), "gone", 2)
    kept.take(t.topic("will"), "gone", 2)


@keeps("3.1.2-8", "3.1.2-22", versions=(4, 5))
def a_silent_connection(t):
    watcher = watching(t)
    mortal(t, keep_alive=1)
    watcher.take(t.topic("will"), "gone")


@keeps("3.1.2-8", "4.13.1-1", versions=(4, 5))
def a_bad_packet(t):
    watcher = watching(t)
    client = mortal(t)
    client.send(b"\x00\x00")
    client.expect_end(0x81)
    watcher.take(t.topic("will"), "gone")


@keeps("3.1.2-8", versions=(4, 5))
def a_takeover_and_the_will(t):
    """The older connection ends as one that is lost: its will comes if it need not wait."""
    watcher = watching(t)
    older = mortal(t, payload="older", at=0)
    mortal(t, payload="younger", at=1)
    older.expect_end(0x8E)
    watcher.take(t.topic("will"), "older")


@keeps("3.1.2-10", "3.14.4-3", "311/will-dropped", versions=(4, 5))
def a_good_disconnect(t):
    """The will is dropped, and it does not come later either."""
    watcher = watching(t)
    mortal(t, "polite").disconnect()
    mortal(t, "other", payload="lost").drop()
    watcher.take(t.topic("will"), "lost")
    t.connect("polite").drop()
    mortal(t, "other", payload="lost too").drop()
    watcher.take(t.topic("will"), "lost too")


@keeps("3.1.2-8", "3.1.2-10")
def a_disconnect_with_will(t):
    """A decision: whatever reason but 0x00, also one that only a server has (0x8B, 0x8E)."""
    watcher = watching(t)
    for reason in (0x04, 0x80, 0x93, 0x8B, 0x8E):
        mortal(t, payload=str(reason)).disconnect(reason)
        watcher.take(t.topic("will"), str(reason))


@keeps("3.1.2-10", versions=(4, 5))
def a_will_comes_once(t):
    """Also with a session, whose later connections have none."""
    watcher = watching(t, 1)
    mortal(t, kept=True, qos=1).drop()
    watcher.take(t.topic("will"), "gone", 1)
    t.connect("mortal", kept=True, present=True).drop()
    writer = t.connect("writer")
    t.fence(writer, watcher, t.topic("will"), 1)


@keeps("3.1.2-8", "3.1.2-7", "3.1.3-9")
def a_delayed_will(t):
    """It waits while its session may come back; the order shows that it waited."""
    watcher = watching(t, 1)
    mortal(t, payload="delayed", qos=1, expiry=100,
           will_properties=[(p.WILL_DELAY, 2)]).drop()
    t.fence(t.connect("writer"), watcher, t.topic("will"), 1)
    t.pass_time(1.5)
    watcher.quiet()
    watcher.take(t.topic("will"), "delayed", 1)


@keeps("3.1.2-8")
def a_will_comes_at_the_end_of_the_session(t):
    """Whatever its delay: the sessions here end with the connection and 1 s later."""
    watcher = watching(t, 1)
    delayed = [(p.WILL_DELAY, 1000)]
    mortal(t, "a", payload="at once", qos=1, expiry=0, will_properties=delayed).drop()
    watcher.take(t.topic("will"), "at once", 1)
    mortal(t, "b", payload="soon", qos=1, expiry=1, will_properties=delayed).drop()
    watcher.take(t.topic("will"), "soon", 1)


@keeps("3.1.3-9")
def who_comes_back_in_time(t):
    watcher = watching(t, 1)
    delayed = [(p.WILL_DELAY, 2)]
    mortal(t, payload="never", qos=1, expiry=100, will_properties=delayed).drop()
    back = t.connect("mortal", expiry=100, clean=False, present=True)
    t.pass_time(3)
    t.fence(t.connect("writer"), watcher, t.topic("will"), 1)
    back.quiet()


@keeps("3.1.2-8", "3.1.2-4")
def a_clean_start_ends_the_session_and_its_delay(t):
    watcher = watching(t, 1)
    mortal(t, qos=1, expiry=100, will_properties=[(p.WILL_DELAY, 1000)]).drop()
    t.connect("mortal", clean=True)
    watcher.take(t.topic("will"), "gone", 1)


@keeps("3.1.3-10", "3.1.2-7", "3.3.2-18")
def properties_of_a_will(t):
    said = [(p.PAYLOAD_FORMAT, 1), (p.CONTENT_TYPE, "text/\u00fc"), (p.RESPONSE_TOPIC, "an/answer"),
            (p.CORRELATION, b"\x00\xff"), (p.USER, ("b", "2")), (p.USER, ("a", "1")),
            (p.USER, ("b", "0"))]
    watcher = watching(t, 1)
    mortal(t, qos=1, will_properties=[*said, (p.EXPIRY, 100)]).drop()
    watcher.take(t.topic("will"), "gone", 1, properties=[*said, (p.EXPIRY, range(97, 101))])


@keeps("3.1.4-1", "3.1.2-9")
def wrong_properties_of_a_will(t):
    for pairs, reason in (([(p.WILL_DELAY, 1)] * 2, 0x82), ([(p.PAYLOAD_FORMAT, 2)], 0x82),
                          ([(p.RECEIVE_MAXIMUM, 2)], 0x81), ([(p.ALIAS, 2)], 0x81)):
        client = t.open()
        client.send(p.connect(5, t.client_id("a"), will=p.Will("t", "x", properties=pairs)))
        client.expect(p.connack(5, False, reason))
        client.expect_close()


@keeps("3.1.2-15", "3.1.2-14", versions=(4, 5))
def a_retained_will(t):
    watcher = watching(t, 1)
    mortal(t, payload="plain", qos=1).drop()
    watcher.take(t.topic("will"), "plain", 1)
    late = t.connect("late")
    late.subscribe((t.topic("will"), 1))
    mortal(t, payload="kept", qos=1, retain=True).drop()
    watcher.take(t.topic("will"), "kept", 1)
    late.take(t.topic("will"), "kept", 1)
    later = t.connect("later")
    later.subscribe((t.topic("will"), 1))
    later.take(t.topic("will"), "kept", 1, retain=True)


@keeps("3.1.2-8", versions=(4, 5))
def a_will_for_a_session(t):
    watcher = watching(t, 1, kept=True)
    t.leave(watcher)
    mortal(t, qos=1).drop()
    t.connect("watcher", kept=True, present=True).take(t.topic("will"), "gone", 1)


@keeps("3.1.2-8", "3.2.2-7", versions=(4, 5))
def a_will_goes_where_a_publish_may(t):
    """The broker's own topics cannot be had by dying, and "me" is the one who dies."""
    for topic in ("$SYS/broker/version", "$user/somebody/presence/state", "$user/me/info", "$foo"):
        client = t.open()
        client.send(p.connect(t.version, t.client_id("mortal"), will=p.Will(topic, "gone")))
        client.expect(p.connack(t.version, False, 0x87 if t.version == 5 else 5))
        client.expect_close()
    heir, inbox = t.connect("heir"), f"$user/{t.client_id('mortal')}/inbox"
    heir.subscribe((inbox, 0))
    t.connect("mortal", will=p.Will("$user/me/inbox", "gone")).drop()
    heir.take(inbox, "gone")
