"""3.1 and 3.2: CONNECT and CONNACK."""

import select

import packets as p
from conversation import PATIENCE_S
from scripts import keeps


def refused(t, packet, reason):
    """A first packet that gets this CONNACK, or none, and the end."""
    client = t.open()
    client.send(packet)
    if reason is not None:
        client.expect(p.connack(5, False, reason))
    client.expect_close()


@keeps("3.1.0-1", versions=(4, 5))
def something_else_than_connect_comes_first(t):
    for packet in (p.publish(t.version, t.topic(), "x"), p.PING,
                   p.subscribe(t.version, 1, (t.topic(), 0)), p.disconnect(t.version),
                   p.connack(t.version)):
        client = t.open()
        client.send(packet, p.connect(t.version, t.client_id("a")))
        client.expect_close()


@keeps("3.1.0-2", "3.2.0-2", "4.13.1-1")
def a_second_connect(t):
    client = t.connect()
    client.send(p.connect(5, t.client_id("a")))
    client.expect_end(0x82)


@keeps("3.1.2-1")
def a_foreign_protocol_name(t):
    """Whatever version it goes with: what speaks another protocol may know no reason of 5.0."""
    for name in ("MQTX", "mqtt", "MQTTT", "", "HTTP"):
        client = t.open(version=4)
        client.send(p.connect(5, t.client_id("a"), name=name))
        client.expect(p.connack(4, False, 1))  # what every version of the protocol reads
        client.expect_close()


@keeps("3.1.2-2", "3.2.2-7", "3.2.2-8")
def an_unknown_version(t):
    for level in (6, 7, 127):
        refused(t, p.connect(5, t.client_id("a"), level=level), 0x84)


@keeps("3.1.2-3", "3.1.4-1", "3.2.2-6", "3.2.2-7", "3.2.2-8", "3.14.0-1")
def the_reserved_connect_flag(t):
    refused(t, p.connect(5, t.client_id("a"), flags=0x03), 0x81)


@keeps("3.1.2-9")
def a_will_without_its_parts(t):
    refused(t, p.connect(5, t.client_id("a"), flags=0x06), 0x81)
    half = p.connect(5, t.client_id("a"), flags=0x06)
    refused(t, half.change(tail=half.tail + b"\x00" + p.text("topic")), 0x81)


@keeps("3.1.2-11")
def qos_of_no_will(t):
    refused(t, p.connect(5, t.client_id("a"), flags=0x02 | 0x08), 0x81)
    refused(t, p.connect(5, t.client_id("a"), flags=0x02 | 0x10), 0x81)


@keeps("3.1.2-12")
def qos_3_of_a_will(t):
    will = p.Will(t.topic(), "gone")
    refused(t, p.connect(5, t.client_id("a"), will=will, flags=0x06 | 0x18), 0x81)


@keeps("3.1.2-13")
def retain_of_no_will(t):
    refused(t, p.connect(5, t.client_id("a"), flags=0x22), 0x81)


@keeps("3.1.2-16", "3.1.2-17")
def the_user_name_and_its_flag(t):
    refused(t, p.connect(5, t.client_id("a"), user="name", flags=0x02), 0x81)  # no flag
    refused(t, p.connect(5, t.client_id("a"), flags=0x82), 0x81)               # no name
    t.connect("with", user="name")


@keeps("3.1.2-18", "3.1.2-19")
def the_password_and_its_flag(t):
    refused(t, p.connect(5, t.client_id("a"), password="word", flags=0x02), 0x81)
    refused(t, p.connect(5, t.client_id("a"), flags=0x42), 0x81)
    t.connect("both", user="name", password="word")
    t.connect("alone", password="word")


@keeps("3.1.3-1", "3.1.3-3", versions=(4, 5))
def the_order_of_the_payload(t):
    """Identifier, will, name, password: what each of them does shows where it was read."""
    watcher = t.connect("watcher")
    watcher.subscribe(t.topic("will"))
    full = t.connect("full", will=p.Will(t.topic("will"), "payload"), user="name", password="word")
    full.drop()
    watcher.expect(p.publish(t.version, t.topic("will"), "payload"))
    again = t.connect("full", at=0)
    t.connect("full", at=0)
    again.expect_end(0x8E)


@keeps("3.1.3-2", versions=(4, 5))
def the_identifier_names_the_session(t):
    first = t.connect("one", kept=True)
    first.subscribe((t.topic(), 1))
    first.disconnect()
    t.connect("two", kept=True).disconnect()
    t.connect("one", kept=True, present=True)


@keeps("3.1.3-4", "3.1.4-1")
def bad_utf8_in_the_identifier(t):
    for bad in (b"\xff", b"a\x00", b"\xed\xa0\x80"):
        refused(t, p.connect(5, bad), 0x81)


@keeps("3.1.3-11")
def bad_utf8_in_the_will_topic(t):
    for bad in (b"\xff", b"a\x00", b"\xed\xa0\x80"):
        refused(t, p.connect(5, t.client_id("a"), will=p.Will(bad, "x")), 0x81)
    refused(t, p.connect(5, t.client_id("a"), will=p.Will("a/#", "x")), 0x90)
    refused(t, p.connect(5, t.client_id("a"), will=p.Will("", "x")), 0x90)


@keeps("3.1.3-12")
def bad_utf8_in_the_user_name(t):
    for bad in (b"\xff", b"a\x00", b"\xed\xa0\x80"):
        refused(t, p.connect(5, t.client_id("a"), user=bad), 0x81)


@keeps("3.1.3-5", versions=(4, 5))
def ordinary_identifiers(t):
    letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    mine = f"{len(t.ports)}{t.version}"
    for name in ("Z", letters[:21], letters[40:], "Q" * 23):
        name = name if len(name) == 1 else (mine + name)[:23]
        client = t.open(at=0)
        client.send(p.connect(t.version, name))
        client.expect(t.connack())


@keeps("3.1.3-6", "3.1.3-7", "3.2.2-16")
def an_empty_identifier(t):
    given = set()
    for clean in (True, False, True):
        client = t.open(at=0)
        client.send(p.connect(5, "", clean=clean))
        client.expect(t.connack(told=[(p.ASSIGNED_ID, p.ANY)]))
        name = dict(client.last.properties)[p.ASSIGNED_ID]
        assert name and name not in given, name
        given.add(name)
    # The name is as good as one's own: who uses it takes the connection over.
    thief = t.open(at=1)
    thief.send(p.connect(5, name))
    thief.expect(t.connack())
    client.expect_end(0x8E)


@keeps("3.1.3-8", "3.1.4-2", "3.2.2-7")
def what_the_broker_refuses(t):
    """A user name that it keeps for itself: a check beyond the format."""
    refused(t, p.connect(5, t.client_id("a"), user="~me", password="x"), 0x86)
    refused(t, p.connect(5, t.client_id("a"), user="me", password="x"), 0x86)


@keeps("3.1.3-5", "3.1.3-8", versions=(4, 5))
def a_name_that_fits_its_topics(t):
    """Presence topics are made of names: a longer one is refused, the longest one is seen."""
    for name in ("x" * 65_515, "/" * 21_839):
        client = t.open()
        client.send(p.connect(t.version, name))
        client.expect(p.connack(t.version, False, 0x85 if t.version == 5 else 2))
        client.expect_close()
    longest = t.name + "x" * (65_514 - len(t.name))
    watcher = t.connect("watcher")
    watcher.send(p.subscribe(t.version, 1, (f"$user/{longest}/presence/state", 0)))
    client = t.open()
    client.send(p.connect(t.version, longest))
    client.expect(t.connack())
    while not watcher.next()[1].endswith(b"online"):
        pass


@keeps("3.1.4-1", "4.13.1-1")
def properties_of_connect(t):
    name = t.client_id("a")
    for pair in ((p.RECEIVE_MAXIMUM, 0), (p.PACKET_MAXIMUM, 0), (p.PROBLEM_INFORMATION, 2),
                 (p.REQUEST_RESPONSE, 2)):
        refused(t, p.connect(5, name, properties=[pair]), 0x82)
    for pair in ((p.SESSION_EXPIRY, 1), (p.RECEIVE_MAXIMUM, 1), (p.PACKET_MAXIMUM, 100),
                 (p.ALIAS_MAXIMUM, 1), (p.REQUEST_RESPONSE, 1), (p.PROBLEM_INFORMATION, 1)):
        refused(t, p.connect(5, name, properties=[pair, pair]), 0x82)
    refused(t, p.connect(5, name, properties=[(p.EXPIRY, 1)]), 0x81)
    refused(t, p.connect(5, name, properties=[(p.SERVER_KEEP_ALIVE, 1)]), 0x81)


@keeps("3.1.4-3", "311/takeover", versions=(4, 5))
def the_older_connection_is_told(t):
    older = t.connect(at=0)
    t.connect(at=0)
    older.expect_end(0x8E)
    older = t.connect("kept", kept=True)
    t.connect("kept", kept=True, present=True)  # with two brokers: at the other one
    older.expect_end(0x8E)


@keeps("3.1.4-3", "311/takeover", versions=(4, 5))
def one_connection_is_left_of_many(t):
    """A storm of connections with one identifier: all but one end, and that one lives."""
    storm = []
    for _ in range(20):
        storm.append(t.open())
        storm[-1].send(p.connect(t.version, t.client_id("a")))
    for one in storm:
        one.expect(t.connack())
    while len(storm) > 1:
        ready = select.select([one.socket for one in storm], [], [], PATIENCE_S)[0]
        assert ready, f"{len(storm)} are left"
        for one in [one for one in storm if one.socket in ready]:
            one.expect_end(0x8E)
            storm.remove(one)
    assert storm, "none is left"
    storm[0].quiet()


@keeps("3.1.4-5", "3.2.0-1", "3.2.2-1", "3.2.2-2", versions=(3, 4, 5))
def a_good_connect(t):
    t.connect().quiet()


@keeps("3.1.4-6", "3.2.0-1")
def what_follows_a_refused_connect(t):
    reader = t.connect("reader")
    reader.subscribe(t.topic())
    client = t.open()
    client.send(p.connect(5, t.client_id("a"), flags=0x03), p.publish(5, t.topic(), "unheard"))
    client.expect(p.connack(5, False, 0x81))
    client.expect_close()
    writer = t.connect("writer")
    t.fence(writer, reader, t.topic())


@keeps("3.1.4-5", "3.2.0-1")
def what_follows_connect_at_once(t):
    """A client need not wait for CONNACK, but CONNACK comes first."""
    client = t.open()
    client.send(p.connect(5, t.client_id("a")), p.subscribe(5, 7, (t.topic(), 1)),
                p.publish(5, t.topic(), "x", 1, 9))
    client.expect(t.connack())
    client.expect_any_order(p.suback(5, 7, 1), p.puback(5, 9), p.publish(5, t.topic(), "x", 1))


@keeps("3.2.2-9", "3.2.2-15", "3.2.2-17", two=False)
def what_the_broker_announces(t):
    """Receive Maximum 1,024 and a Topic Alias Maximum; everything else is at its default: QoS 2,
    retained messages, wildcards, identifiers, shared subscriptions, packets of any size."""
    client = t.open()
    client.send(p.connect(5, t.client_id("a")))
    first, body = client.next()
    pairs = dict(p.read_properties(body[3:]))
    aliases = pairs.pop(p.ALIAS_MAXIMUM)
    assert first == 0x20 and body[:2] == b"\0\0" and aliases > 0, (first, body)
    assert pairs == {p.RECEIVE_MAXIMUM: 1024}, pairs


@keeps("3.2.2-10", versions=(4, 5))
def any_qos_may_be_asked_for(t):
    t.connect().subscribe((t.topic("0"), 0), (t.topic("1"), 1), (t.topic("2"), 2))


@keeps("3.2.2-12", "3.2.2-13", "3.1.2-14", "3.1.2-15", versions=(4, 5))
def any_will_is_taken(t):
    """And published as it was given: with its QoS, and retained if it is to be."""
    watcher = t.connect("watcher")
    watcher.subscribe((t.topic("+"), 2))
    for qos in (0, 1, 2):
        for retain in (False, True):
            topic = t.topic(f"{qos}{retain}")
            t.connect(f"{qos}{retain}", will=p.Will(topic, "x", qos, retain)).drop()
            watcher.take(topic, "x", qos)
    late = t.connect("late")
    late.subscribe((t.topic("+"), 2))
    late.expect_any_order(*[p.publish(t.version, t.topic(f"{qos}True"), "x", qos, retain=True)
                            for qos in (0, 1, 2)])
    late.quiet()


@keeps("3.2.2-15", "3.1.2-24", settings="narrow")
def a_packet_over_the_servers_maximum(t):
    client = t.connect()
    most = 1024 - 3 - len(p.text(t.topic())) - 1
    client.send(p.publish(5, t.topic(), b"x" * most))
    client.quiet()
    client.send(p.publish(5, t.topic(), b"x" * (most + 1)))
    client.expect_end(0x95)


@keeps("3.1.2-21", "3.2.2-21", settings="wakeful")
def the_server_keep_alive(t):
    """It is told, and it is what counts."""
    asked = {0: 2, 3: 2, 60: 2}
    for wanted, told in asked.items():
        client = t.connect(f"{wanted}", keep_alive=wanted, told=[(p.SERVER_KEEP_ALIVE, told)])
    client.expect_end(0x8D)
    t.connect("less", keep_alive=1)


@keeps("3.1.2-22", "3.2.2-22", versions=(4, 5))
def silence(t):
    """How long it is, KeepAliveRunsOutAfterOneAndAHalf says, in virtual time."""
    client = t.connect(keep_alive=1)
    client.expect_end(0x8D)


@keeps("3.1.2-22", versions=(4, 5))
def any_packet_breaks_the_silence(t):
    talker, silent = t.connect("talker", keep_alive=2), t.connect("silent", keep_alive=2)
    for _ in range(3):
        t.pass_time(1.5)
        talker.quiet()
    silent.expect_end(0x8D)
    talker.quiet()


@keeps("3.1.2-28", "3.2.2-8")
def no_response_information_unasked(t):
    t.connect("unasked")
    t.connect("no", properties=[(p.REQUEST_RESPONSE, 0)])


@keeps("3.1.2-29")
def without_problem_information(t):
    """PUBACK and the like come bare; only DISCONNECT may say more."""
    client = t.connect(properties=[(p.PROBLEM_INFORMATION, 0)])
    client.send(p.publish(5, t.topic(), "x", 1, 5))
    first, body = client.next()
    assert (first, body) == (0x40, b"\x00\x05\x10"), (first, body)
    client.send(p.unsubscribe(5, 6, t.topic()))
    first, body = client.next()
    assert (first, body) == (0xB0, b"\x00\x06\x00\x11"), (first, body)
    client.send(p.pubrel(5, 9))
    first, body = client.next()
    assert (first, body) == (0x70, b"\x00\x09\x92"), (first, body)


@keeps("3.2.2-19", "3.14.2-3", "3.1.2-24")
def nothing_told_is_too_large(t):
    """CONNACK and DISCONNECT come without a Reason String where only that has room."""
    bare = b"\x00\x86\x00"
    for most, told in ((5, False), (30, False), (200, True)):
        client = t.open()
        client.send(p.connect(5, t.client_id("a"), user="~me", password="x",
                              properties=[(p.PACKET_MAXIMUM, most)]))
        first, body = client.next()
        assert first == 0x20 and len(body) + 2 <= most, (first, body)
        assert body[:2] == bare[:2] and (body != bare) == told, body
        client.expect_close()
    size = len(bytes(t.connack()))
    client = t.connect("small", properties=[(p.PACKET_MAXIMUM, size)])
    client.send(p.subscribe(5, 1))
    first, body = client.next()
    assert first == 0xE0 and body[0] == 0x82 and len(body) + 2 <= size, (first, body)
    client.expect_close()


@keeps("3.1.2-24")
def no_room_for_connack(t):
    """A decision: who cannot be told of its session gets none, and takes nobody's place."""
    older, size = t.connect(at=0), len(bytes(t.connack()))
    for most in (size - 1, 5, 4, 1):
        client = t.open(at=0)
        client.send(p.connect(5, t.client_id("a"), properties=[(p.PACKET_MAXIMUM, most)]),
                    p.publish(5, t.topic(), "unheard"))
        if most >= 5:
            client.expect(p.connack(5, False, 0x83))
        client.expect_close()
    older.quiet()
    t.connect("exact", properties=[(p.PACKET_MAXIMUM, size)]).quiet()


@keeps("3.14.4-1", "3.14.4-2", versions=(4, 5))
def disconnect_is_the_last_word(t):
    reader = t.connect("reader")
    reader.subscribe(t.topic())
    client = t.connect()
    client.send(p.disconnect(t.version), p.publish(t.version, t.topic(), "unheard"))
    client.expect_close()
    t.fence(t.connect("writer"), reader, t.topic())


@keeps("3.14.4-1", "3.14.4-2", "4.13.2-1")
def nothing_follows_the_servers_disconnect(t):
    client = t.connect()
    client.send(p.subscribe(5, 1), p.PING, p.publish(5, t.topic(), "x", 1, 1))
    client.expect_end(0x82)


@keeps("3.14.2-2", "3.14.4-2", "4.13.2-1")
def disconnect_from_the_server_is_bare(t):
    client = t.connect(expiry=100)
    client.send(p.subscribe(5, 1))
    first, body = client.next()
    assert (first, body[:1]) == (0xE0, b"\x82"), (first, body)
    if len(body) > 1:
        names = [pair[0] for pair in p.read_properties(body[2:])]
        assert set(names) <= {p.REASON_STRING}, names
    client.expect_close()
