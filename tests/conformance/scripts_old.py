"""What MQTT 3.1.1 and 3.1 ask for differently. What is the same is kept by the scripts of the
other files, which run for version 4 too."""

import packets as p
from scripts import keeps


def refused(t, packet, code, version=4):
    """A first packet that gets this return code, or none, and the end."""
    client = t.open(version=version)
    client.send(packet)
    if code is not None:
        client.expect(p.connack(4, False, code))
    client.expect_close()


def ended(t, *what):
    client = t.connect(f"{len(t.opened)}")
    client.send(*what)
    client.expect_close()


@keeps("311/level", "311/return-codes", versions=(4,))
def levels_of_the_protocol(t):
    for level in (0, 1, 2, 3, 0x84):
        refused(t, p.connect(4, t.client_id("a"), level=level), 1)


@keeps("311/name", "311/return-codes", versions=(4,))
def names_of_the_protocol(t):
    for name in ("MQTX", "mqtt", "MQIsdp"):
        refused(t, p.connect(4, t.client_id("a"), name=name), 1)


@keeps("311/mqisdp", "311/session-present", versions=(3,))
def mqtt_3_1(t):
    """Three versions that hear each other; sessions and takeovers as in 3.1.1."""
    old = t.connect("old")
    old.subscribe((t.topic(), 1))
    for version in (3, 4, 5):
        t.connect(f"writer-{version}", version=version).publish(t.topic(), str(version), 1)
        old.take(t.topic(), str(version), 1)
    old.unsubscribe(t.topic())
    refused(t, p.connect(3, t.client_id("b"), name="MQTT"), 1, version=3)
    refused(t, p.connect(3, ""), 2, version=3)
    kept = t.connect("kept", kept=True)
    kept.subscribe((t.topic(), 1))
    kept.drop()
    t.connect("kept", kept=True)  # its CONNACK has no Session Present, or it is not looked at


@keeps("311/reserved-flag", versions=(4,))
def a_reserved_connect_flag(t):
    refused(t, p.connect(4, t.client_id("a"), flags=0x03), None)


@keeps("311/password", versions=(4,))
def a_password_alone(t):
    refused(t, p.connect(4, t.client_id("a"), password="x"), None)
    t.connect("both", user="x", password="y")
    t.connect("name", user="x")


@keeps("311/empty-id", "311/return-codes", versions=(4,))
def an_empty_identifier_to_be_kept(t):
    refused(t, p.connect(4, "", clean=False), 2)


@keeps("311/empty-id-clean", versions=(4,))
def an_empty_identifier_for_once(t):
    """Two of them are two clients."""
    clients = [t.open(), t.open()]
    for client in clients:
        client.send(p.connect(4, ""))
        client.expect(t.connack())
    clients[0].subscribe(t.topic())
    clients[1].publish(t.topic(), "x")
    clients[0].take(t.topic(), "x")
    clients[1].quiet()


@keeps("311/clean-session", versions=(4,))
def a_clean_session(t):
    reader = t.connect("reader")
    reader.subscribe((t.topic(), 1))
    reader.disconnect()
    t.connect("reader", clean=False, present=False)


@keeps("311/kept-session", "311/session-present", versions=(4,))
def a_kept_session(t):
    reader = t.connect("reader", kept=True, present=False)
    reader.subscribe((t.topic(), 1))
    t.leave(reader, lost=True)
    t.pass_time(1.5)
    t.connect("writer").publish(t.topic(), "x", 1)
    t.connect("reader", kept=True, present=True).take(t.topic(), "x", 1)


@keeps("311/return-codes", versions=(4,))
def bad_user_names(t):
    refused(t, p.connect(4, t.client_id("a"), user="~x", password="y"), 4)


@keeps("311/second-connect", "311/no-disconnect", versions=(3, 4))
def connect_again(t):
    ended(t, p.connect(t.version, t.client_id("b")))


@keeps("311/no-disconnect", "311/server-packets", versions=(3, 4))
def packets_of_servers(t):
    for packet in (p.connack(4), p.suback(4, 1, 0), p.unsuback(4, 1), p.PONG):
        ended(t, packet)


@keeps("311/auth", versions=(3, 4))
def the_reserved_packet_type(t):
    ended(t, p.auth(0x18, [(p.AUTH_METHOD, "x")]))
    ended(t, b"\xf0\x00")
    ended(t, b"\x00\x00")


@keeps("311/disconnect-body", versions=(4,))
def a_disconnect_with_a_body(t):
    """It is malformed: the will comes."""
    watcher = t.connect("watcher")
    watcher.subscribe(t.topic())
    client = t.connect("client", will=p.Will(t.topic(), "gone"))
    client.send(b"\xe0\x01\x00")
    client.expect_close()
    watcher.take(t.topic(), "gone")


@keeps("311/puback", versions=(3, 4))
def puback_has_two_bytes(t):
    client = t.connect()
    client.send(p.publish(4, t.topic(), "x", 1, 5))
    assert client.next() == (0x40, b"\x00\x05")
    client.send(p.publish(4, "$SYS/" + t.topic(), "x", 1, 6))  # what 5.0 would be refused
    assert client.next() == (0x40, b"\x00\x06")


@keeps("311/pubrec", "311/pubrel-unknown", versions=(3, 4))
def the_packets_of_qos_2(t):
    client = t.connect()
    client.send(p.publish(4, t.topic(), "x", 2, 5))
    assert client.next() == (0x50, b"\x00\x05")
    client.send(p.pubrel(4, 5))
    assert client.next() == (0x70, b"\x00\x05")
    client.send(p.pubrel(4, 77))
    assert client.next() == (0x70, b"\x00\x4d")
    reader = t.connect("reader")
    reader.subscribe((t.topic(), 2))
    client.publish(t.topic(), "x", 2)
    reader.take(t.topic(), "x", 2)


@keeps("311/puback", "311/pubrec", versions=(4,))
def acknowledgements_with_more_bytes(t):
    """The forms of 5.0 are malformed here."""
    ended(t, b"\x40\x03\x00\x01\x00")
    ended(t, b"\x50\x04\x00\x01\x00\x00")
    ended(t, b"\x62\x03\x00\x01\x00")


@keeps("311/unsuback", versions=(3, 4))
def unsuback_has_two_bytes(t):
    client = t.connect()
    client.send(p.unsubscribe(4, 7, t.topic(), t.topic("x")))
    assert client.next() == (0xB0, b"\x00\x07")


@keeps("311/own-messages", versions=(3, 4))
def own_messages_come(t):
    client = t.connect()
    client.subscribe(t.topic())
    client.publish(t.topic(), "x")
    client.take(t.topic(), "x")


@keeps("311/properties", "311/no-properties", versions=(4,))
def between_the_versions(t):
    """Both ways, with every QoS, at once and out of a session."""
    said = [(p.PAYLOAD_FORMAT, 1), (p.CONTENT_TYPE, "x"), (p.RESPONSE_TOPIC, "y"),
            (p.CORRELATION, b"z"), (p.USER, ("a", "b"))]
    old, new = t.connect("old", version=4), t.connect("new", version=5)
    kept = t.connect("kept", version=4, kept=True)
    for reader in (old, new, kept):
        reader.subscribe((t.topic(), 1))
    t.leave(kept)
    for qos in (0, 1):
        t.connect(f"5-{qos}", version=5).publish(t.topic(), "5", qos, properties=said)
        old.take(t.topic(), "5", qos)
        new.take(t.topic(), "5", qos, properties=said)
        t.connect(f"4-{qos}", version=4).publish(t.topic(), "4", qos)
        old.take(t.topic(), "4", qos)
        new.take(t.topic(), "4", qos)
    kept = t.connect("kept", version=4, kept=True, present=True)
    kept.take(t.topic(), "5", 1)
    kept.take(t.topic(), "4", 1)


@keeps("311/no-properties", versions=(5,))
def a_session_changes_its_version(t):
    reader = t.connect("reader", version=4, kept=True)
    reader.subscribe((t.topic(), 1))
    t.leave(reader)
    t.connect("writer").publish(t.topic(), "x", 1, properties=[(p.CONTENT_TYPE, "y")])
    reader = t.connect("reader", version=5, kept=True, present=True)
    reader.take(t.topic(), "x", 1, properties=[(p.CONTENT_TYPE, "y")])
    t.leave(reader)
    reader = t.connect("reader", version=4, kept=True, present=True)
    t.fence(t.connect("other"), reader, t.topic(), 1)


@keeps("311/expiry", versions=(4,))
def messages_expire_for_old_clients_too(t):
    reader = t.connect("reader", kept=True)
    reader.subscribe((t.topic(), 1))
    t.leave(reader)
    writer = t.connect("writer", version=5)
    writer.publish(t.topic(), "short", 1, properties=[(p.EXPIRY, 1)])
    writer.publish(t.topic(), "long", 1, properties=[(p.EXPIRY, 100)])
    t.pass_time(1.5)
    t.connect("reader", kept=True, present=True).take(t.topic(), "long", 1)


@keeps("311/window", versions=(4,), settings="narrow")
def the_server_stops_reading(t):
    """Receive Maximum is 4, which 3.1.1 does not know: everything is answered in the end."""
    kept = t.connect("kept", kept=True)
    kept.subscribe((t.topic(), 1))
    kept.drop()
    client = t.connect()
    ids = range(1, 200)
    client.send(*[p.publish(4, t.topic(), "x", 1, number) for number in ids])
    client.expect(*[p.puback(4, number) for number in ids])
    client.quiet()


@keeps("311/resend", versions=(4,))
def sent_again_after_a_reconnect(t):
    reader, writer = t.connect("reader", kept=True), t.connect("writer")
    reader.subscribe((t.topic(), 1))
    writer.publish(t.topic(), "x", 1)
    packet_id = reader.expect(p.publish(4, t.topic(), "x", 1))
    reader.drop()
    reader = t.connect("reader", kept=True, present=True)
    reader.expect(p.publish(4, t.topic(), "x", 1, packet_id, dup=True))


@keeps("311/utf8", versions=(3, 4))
def bad_utf8_in_old_packets(t):
    for bad in (b"\xff", b"a\x00b", b"\xed\xa0\x80"):
        ended(t, p.publish(4, bad, "x"))
        ended(t, p.subscribe(4, 1, (bad, 0)))
        ended(t, p.unsubscribe(4, 1, bad))
        refused(t, p.connect(t.version, bad), None, version=t.version)


@keeps("311/keep-alive", versions=(3, 4))
def silence_of_old_clients(t):
    t.connect("silent", keep_alive=1).expect_close()


@keeps("311/empty-topic", versions=(3, 4))
def empty_names_and_filters(t):
    ended(t, p.publish(4, "", "x"))
    ended(t, p.subscribe(4, 1, ("", 0)))
    ended(t, p.unsubscribe(4, 1, ""))


@keeps("311/shared", versions=(4,))
def wrong_share_names_of_old_clients(t):
    ended(t, p.subscribe(4, 1, ("$share/g", 0)))


@keeps("311/suback", versions=(4,))
def wrong_filters_of_old_clients(t):
    for chosen in ("a/#/b", "a+", "#b"):
        ended(t, p.subscribe(4, 1, (chosen, 0)))
