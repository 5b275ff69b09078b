"""The scenarios of the Eclipse Paho interoperability suite, told anew as conversations: what its
tests look at with a client library is compared here byte for byte."""

import packets as p
from scripts import keeps

USERS = [(p.USER, ("a", "2")), (p.USER, ("c", "3"))]


def names(t):
    return [t.topic(name) for name in ("TopicA", "TopicA/B", "Topic/C", "TopicA/C")]


def publish_three(t, client, topics, **more):
    for qos, topic in enumerate(topics):
        client.publish(topic, f"qos {qos}", qos, **more)


def take_three(t, reader, topics, **more):
    """The three messages, in whatever order, acknowledged."""
    ids = reader.expect_any_order(*[p.publish(t.version, topic, f"qos {qos}", qos, **more)
                                    for qos, topic in enumerate(topics)])
    reader.send(p.puback(t.version, ids[1]), p.pubrec(t.version, ids[2]))
    reader.expect(p.pubrel(t.version, ids[2]))
    reader.send(p.pubcomp(t.version, ids[2]))


@keeps("3.1.4-5", "3.1.0-2", "3.1.2-1", versions=(4, 5))
def paho_basic(t):
    t.connect("one").disconnect()
    client = t.connect("one")
    topic = names(t)[0]
    client.subscribe((topic, 2))
    for qos in range(3):
        client.send(p.publish(t.version, topic, f"qos {qos}", qos, 40 + qos))
        wanted = [p.publish(t.version, topic, f"qos {qos}", qos)]
        if qos == 1:
            wanted.append(p.puback(t.version, 41))
        if qos == 2:
            wanted.append(p.pubrec(t.version, 42))
        packet_id = client.expect_any_order(*wanted)[0]
        if qos == 1:
            client.send(p.puback(t.version, packet_id))
        if qos == 2:
            client.send(p.pubrel(t.version, 42), p.pubrec(t.version, packet_id))
            client.expect_any_order(p.pubcomp(t.version, 42), p.pubrel(t.version, packet_id))
            client.send(p.pubcomp(t.version, packet_id))
    client.disconnect()
    again = t.connect("two")
    again.send(p.connect(t.version, t.client_id("two")))
    again.expect_end(0x82)
    wrong = t.open(version=4)
    wrong.send(p.connect(t.version, t.client_id("three"), name="hj"))
    wrong.expect(p.connack(4, False, 1))
    wrong.expect_close()


@keeps("3.3.1-5", "3.3.1-6", "3.3.2-17", versions=(4, 5))
def paho_retained_messages(t):
    client, said = t.connect(), USERS if t.version == 5 else []
    topics = names(t)[1:]
    publish_three(t, client, topics, retain=True, properties=said)
    client.subscribe((t.topic("+/+"), 2))
    take_three(t, client, topics, retain=True, properties=said)
    client.disconnect()
    client = t.connect("cleaner")
    for qos, topic in enumerate(topics):
        client.publish(topic, b"", qos, retain=True)
    client.subscribe((t.topic("+/+"), 2))
    client.quiet()


@keeps("3.1.2-8", "3.1.3-10", "3.1.2-22", versions=(4, 5))
def paho_will_message(t):
    """The keep-alive runs out."""
    said = USERS if t.version == 5 else []
    topic = names(t)[2]
    watcher = t.connect("watcher")
    watcher.subscribe((topic, 2))
    t.connect("mortal", keep_alive=1, will=p.Will(topic, "will message", properties=said))
    watcher.take(topic, "will message", properties=said)


@keeps("3.1.3-6", "311/empty-id", "311/empty-id-clean", versions=(4, 5))
def paho_zero_length_clientid(t):
    told = [(p.ASSIGNED_ID, p.ANY)] if t.version == 5 else []
    for clean in (False, True):
        client = t.open()
        client.send(p.connect(t.version, "", clean=clean))
        if t.version == 4 and not clean:
            client.expect(p.connack(4, False, 2))
            client.expect_close()
        else:
            client.expect(t.connack(told=told))
            client.disconnect()


@keeps("3.1.2-23", "4.5.0-1", versions=(4, 5))
def paho_offline_message_queueing(t):
    reader = t.connect("reader", kept=True)
    reader.subscribe((t.topic("+/+"), 2))
    t.leave(reader)
    topics = names(t)[1:]
    writer = t.connect("writer")
    publish_three(t, writer, topics)
    writer.disconnect()
    reader = t.connect("reader", kept=True, present=True)
    reader.take(topics[1], "qos 1", 1)  # QoS 0 is not kept
    reader.take(topics[2], "qos 2", 2)


@keeps("3.3.4-2", versions=(4, 5))
def paho_overlapping_subscriptions(t):
    client = t.connect()
    topic = names(t)[3]
    client.subscribe((t.topic("TopicA/#"), 2), (t.topic("TopicA/+"), 1))
    client.send(p.publish(t.version, topic, "overlapping topic filters", 2, 30))
    ids = client.expect_any_order(
        p.pubrec(t.version, 30), p.publish(t.version, topic, "overlapping topic filters", 2))
    client.send(p.pubrel(t.version, 30), p.pubrec(t.version, ids[1]))
    client.expect_any_order(p.pubcomp(t.version, 30), p.pubrel(t.version, ids[1]))
    client.quiet()


@keeps("3.1.2-22", versions=(4, 5))
def paho_keepalive(t):
    watcher = t.connect("watcher")
    watcher.subscribe((t.topic(), 2))
    silent = t.connect("silent", keep_alive=2, will=p.Will(t.topic(), "keepalive expiry"))
    silent.expect_end(0x8D)
    watcher.take(t.topic(), "keepalive expiry")
    t.fence(t.connect("writer"), watcher, t.topic())


@keeps("4.4.0-1", "3.3.1-1", versions=(4, 5))
def paho_redelivery_on_reconnect(t):
    reader = t.connect("reader", kept=True)
    reader.subscribe((t.topic("TopicA/#"), 2))
    writer = t.connect("writer")
    one, two = names(t)[1], names(t)[3]
    writer.publish(one, b"", 1)
    writer.publish(two, b"", 2)
    first = reader.expect(p.publish(t.version, one, b"", 1))
    second = reader.expect(p.publish(t.version, two, b"", 2))
    reader.disconnect()
    reader = t.connect("reader", kept=True, present=True)
    reader.expect(p.publish(t.version, one, b"", 1, first, dup=True))
    reader.expect(p.publish(t.version, two, b"", 2, second, dup=True))


@keeps("4.7.2-1", versions=(4, 5))
def paho_dollar_topics(t):
    reader, writer = t.connect("reader"), t.connect("writer")
    reader.subscribe((f"+/{t.topic('x')}", 2))
    writer.publish(f"$/{t.topic('x')}", b"", 1, reason=0x87 if t.version == 5 else 0)
    t.fence(writer, reader, f"/{t.topic('x')}", 1)


@keeps("3.10.4-2", versions=(4, 5))
def paho_unsubscribe(t):
    reader, writer = t.connect("reader"), t.connect("writer")
    for topic in names(t)[:3]:
        reader.subscribe((topic, 2))
    reader.unsubscribe(names(t)[0])
    for topic in names(t)[:3]:
        writer.publish(topic, b"", 1)
    reader.take(names(t)[1], b"", 1)
    reader.take(names(t)[2], b"", 1)
    reader.quiet()


@keeps("4.1.0-2", "3.1.2-23")
def paho_session_expiry(t):
    for expiry, kept in ((0, False), (100, True)):
        client = t.connect(f"{expiry}", expiry=expiry, at=0)
        client.subscribe((t.topic(), 2))
        client.disconnect()
        t.connect(f"{expiry}", clean=False, expiry=expiry, present=kept, at=0)
    client = t.connect("short", expiry=1)
    client.disconnect(properties=[(p.SESSION_EXPIRY, 100)])
    t.pass_time(3)
    client = t.connect("short", clean=False, expiry=1, present=True)
    client.disconnect(properties=[(p.SESSION_EXPIRY, 0)])
    t.pass_time(1.5)
    t.connect("short", clean=False, expiry=1, present=False).disconnect()
    t.pass_time(3)
    t.connect("short", clean=False, expiry=1, present=False)


@keeps("3.3.2-4", "3.3.2-17", "3.3.2-20")
def paho_user_properties_and_payload_format(t):
    client, writer = t.connect("reader"), t.connect("writer")
    client.subscribe((t.topic(), 2))
    for said in (USERS, [(p.PAYLOAD_FORMAT, 1), (p.CONTENT_TYPE, "My name")]):
        for qos in range(3):
            writer.publish(t.topic(), b"", qos, properties=said)
            client.take(t.topic(), b"", qos, properties=said)


@keeps("3.3.2-5", "3.3.2-6")
def paho_publication_expiry(t):
    reader = t.connect("reader", kept=True)
    reader.subscribe((t.topic(), 2))
    reader.disconnect(properties=[(p.SESSION_EXPIRY, 999999999)])
    writer = t.connect("writer")
    for seconds in (1, 60):
        for qos in (1, 2):
            writer.publish(t.topic(), f"{qos} {seconds}", qos, properties=[(p.EXPIRY, seconds)])
    t.pass_time(3)
    reader = t.connect("reader", clean=False, present=True)
    for qos in (1, 2):
        reader.take(t.topic(), f"{qos} 60", qos, properties=[(p.EXPIRY, range(40, 59))])
    reader.quiet()


@keeps("3.8.3-3", "3.3.1-10", "3.3.1-11", "3.3.1-13")
def paho_subscribe_options(t):
    mine, other = t.connect("mine"), t.connect("other")
    for client in (mine, other):
        client.subscribe((t.topic("n"), p.options(2, no_local=True)), granted=[2])
    mine.publish(t.topic("n"), "noLocal test", 1)
    other.take(t.topic("n"), "noLocal test", 1)
    mine.quiet()
    mine.subscribe((t.topic("r"), p.options(2, as_published=True)), granted=[2])
    for retain in (False, True):
        other.publish(t.topic("r"), "x", 1, retain=retain)
        mine.take(t.topic("r"), "x", 1, retain=retain)
    topics = [t.topic(f"{name}/z") for name in "abc"]
    publish_three(t, other, topics, retain=True)
    for number, (handling, comes) in enumerate(((1, True), (1, False), (2, False), (0, True))):
        mine.subscribe((t.topic("+/z"), p.options(2, handling=handling)), granted=[2])
        if comes:
            take_three(t, mine, topics, retain=True)
        mine.subscribe(t.topic(f"barrier-{number}"))
        mine.quiet()


@keeps("3.2.2-16")
def paho_assigned_clientid(t):
    client = t.open()
    client.send(p.connect(5, ""))
    client.expect(t.connack(told=[(p.ASSIGNED_ID, p.ANY)]))
    assert dict(client.last.properties)[p.ASSIGNED_ID]
    client.disconnect()


@keeps("3.3.4-3", "3.3.4-4")
def paho_subscribe_identifiers(t):
    one, two = t.connect("one"), t.connect("two")
    one.subscribe((t.topic(), 2), properties=[(p.SUBSCRIPTION_ID, 456789)])
    two.subscribe((t.topic(), 2), properties=[(p.SUBSCRIPTION_ID, 2)])
    two.subscribe((t.topic("#"), 2), properties=[(p.SUBSCRIPTION_ID, 3)])
    t.connect("writer").publish(t.topic(), "sub identifier test", 1)
    one.take(t.topic(), "sub identifier test", 1, properties=[(p.SUBSCRIPTION_ID, 456789)])
    two.take(t.topic(), "sub identifier test", 1,
             properties=[(p.SUBSCRIPTION_ID, 2), (p.SUBSCRIPTION_ID, 3)])
    two.quiet()


@keeps("3.3.2-15", "3.3.2-16")
def paho_request_response(t):
    asker, answerer = t.connect("asker"), t.connect("answerer")
    for client in (asker, answerer):
        client.subscribe((t.topic(), p.options(2, no_local=True)), granted=[2])
    said = [(p.RESPONSE_TOPIC, t.topic()), (p.CORRELATION, b"334")]
    asker.publish(t.topic(), "request", 1, properties=said)
    answerer.take(t.topic(), "request", 1, properties=said)
    answerer.publish(t.topic(), "response", 1, properties=said)
    asker.take(t.topic(), "response", 1, properties=said)
    asker.quiet()


@keeps("3.3.2-7", "3.3.2-8", "3.3.2-12")
def paho_client_topic_alias(t):
    client = t.connect("zero")
    client.send(p.publish(5, t.topic(), "topic alias 0", 1, 1, properties=[(p.ALIAS, 0)]))
    client.expect_end(0x94)
    reader = t.connect("reader")
    reader.subscribe((t.topic(), 2))
    client = t.connect("client", kept=True)
    for topic in (t.topic(), ""):
        client.publish(topic, "x", 1, properties=[(p.ALIAS, 1)])
        reader.take(t.topic(), "x", 1)
    client.disconnect()
    client = t.connect("client", kept=True, present=True)
    client.publish(t.topic(), "x", 1)
    reader.take(t.topic(), "x", 1)
    client.send(p.publish(5, "", "x", 1, 9, properties=[(p.ALIAS, 1)]))
    client.expect_end(0x82)


@keeps("3.1.2-26", "3.1.2-27")
def paho_server_topic_alias(t):
    writer = t.connect("writer")
    for name, most in (("one", 1), ("none", 0)):
        reader = t.connect(name, properties=[(p.ALIAS_MAXIMUM, most)])
        reader.subscribe((t.topic(), 2))
        for qos in range(3):
            writer.publish(t.topic(), "topic alias 1", qos)
            topic = "" if most and qos else t.topic()
            reader.take(topic, "topic alias 1", qos,
                        properties=[(p.ALIAS, 1)] if most else [])
        reader.disconnect()


@keeps("3.1.2-24", "3.1.2-25")
def paho_maximum_packet_size(t):
    client = t.connect(properties=[(p.PACKET_MAXIMUM, len(t.topic()) + 40)])
    client.subscribe((t.topic(), 2))
    writer = t.connect("writer")
    writer.publish(t.topic(), "." * 32)
    client.take(t.topic(), "." * 32)
    writer.publish(t.topic(), "." * 64, 1)
    t.fence(writer, client, t.topic(), 1)


@keeps("3.1.2-21", settings="wakeful")
def paho_server_keep_alive(t):
    t.connect(keep_alive=120, told=[(p.SERVER_KEEP_ALIVE, 2)]).disconnect()


@keeps("3.3.4-9", "4.9.0-2")
def paho_flow_control1(t):
    client, writer = t.connect(properties=[(p.RECEIVE_MAXIMUM, 2)]), t.connect("writer")
    client.subscribe((t.topic(), 2))
    for number in range(3):
        writer.publish(t.topic(), f"message {number}", 1)
    ids = [client.expect(p.publish(5, t.topic(), f"message {number}", 1)) for number in range(2)]
    client.quiet()
    client.send(p.puback(5, ids[0]))
    client.take(t.topic(), "message 2", 1)
    client.send(p.puback(5, ids[1]))


@keeps("3.3.4-7")
def paho_flow_control2(t):
    """One more than the server's Receive Maximum, without a PUBREL."""
    client = t.connect()
    most = dict(t.capabilities)[p.RECEIVE_MAXIMUM]
    client.send(*[p.publish(5, t.topic(), "x", 2, n + 1) for n in range(most + 1)])
    client.expect(*[p.pubrec(5, n + 1, 0x10) for n in range(most)])
    client.expect_end(0x93)


@keeps("3.1.2-8")
def paho_will_delay(t):
    """The order of the two tells which waited: 1 s of delay, no session, 3 s of session."""
    watcher = t.connect("watcher")
    watcher.subscribe((t.topic(), 2))
    for name, delay, expiry in (("late", 5, 3), ("soon", 1, 5), ("now", 5, 0)):
        t.connect(name, expiry=expiry, will=p.Will(t.topic(), name, properties=[
            (p.WILL_DELAY, delay)])).drop()
    for name in ("now", "soon", "late"):
        watcher.take(t.topic(), name)


@keeps("4.8.2-3")
def paho_shared_subscriptions(t):
    clients = [t.connect("one"), t.connect("two")]
    for client in clients:
        client.subscribe((f"$share/sharename/{t.topic('x')}", 2), (t.topic(), 2))
    clients[1].publish(t.topic(), "message")
    for client in clients:
        client.take(t.topic(), "message")
    writer = t.connect("writer")
    for number in range(4):
        writer.publish(t.topic("x"), str(number))
    writer.publish(t.topic(), "fence")
    came = 0
    for client in clients:
        while client.next()[1].find(b"fence") < 0:
            came += 1
    assert came == 4, came
