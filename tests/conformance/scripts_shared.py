"""4.8.2: shared subscriptions."""

import packets as p
from scripts import keeps


def shared(t, name="", group="group"):
    return f"$share/{group}/{t.topic(name)}"


@keeps("4.8.2-1", "4.8.2-2")
def wrong_share_names(t):
    for chosen in ("$share//t", "$share/g", "$share/g/", "$share/", "$share/g+/t", "$share/#/t",
                   "$share/+/t"):
        client = t.connect(f"{len(t.opened)}")
        client.send(p.subscribe(5, 1, (chosen, 0)))
        client.expect_end(0x8F)


@keeps("3.8.3-4", "4.13.1-1")
def no_local_with_a_share(t):
    client = t.connect()
    client.send(p.subscribe(5, 1, (shared(t), p.options(0, no_local=True))))
    client.expect_end(0x82)


@keeps("4.8.2-3", "311/shared", versions=(4, 5))
def one_member_gets_all(t):
    for kept in (False, True):
        for granted in (0, 1, 2):
            name = f"{kept}{granted}"
            member, writer = t.connect(f"member-{name}", kept=kept), t.connect(f"writer-{name}")
            member.subscribe((shared(t, name), granted))
            for sent in (0, 1, 2):
                writer.publish(t.topic(name), str(sent), sent)
                member.take(t.topic(name), str(sent), min(granted, sent))


def drain(t, member, topic, qos, last):
    """The payloads that come to this member until its own last one."""
    came = []
    while True:
        first, body = member.next()
        assert first == 0x30 | qos << 1, first
        size = int.from_bytes(body[:2], "big")
        name = body[2:2 + size].decode()
        rest = body[2 + size:]
        if qos:
            packet_id, rest = rest[:2], rest[2:]
            member.send(b"\x40\x02" + packet_id)
        payload = rest[1:] if t.version == 5 else rest
        if name == last:
            return came
        assert name == topic, name
        came.append(payload)


@keeps("4.8.2-3", "311/shared", versions=(4, 5))
def each_message_goes_to_one_member(t):
    """Of each group; and to who subscribed by itself."""
    for qos in (0, 1):
        topic = t.topic(str(qos))
        writer = t.connect(f"writer-{qos}")
        groups = {"red": [], "blue": [], None: []}
        for group, members in groups.items():
            for number in range(3 if group else 1):
                name = f"{group}-{number}-{qos}"
                member = t.connect(name)
                member.subscribe((shared(t, str(qos), group) if group else topic, qos),
                                 (t.topic("end-" + name), qos))
                members.append((member, t.topic("end-" + name)))
        wanted = {str(number).encode() for number in range(60)}
        for number in range(60):
            writer.publish(topic, str(number), qos)
        for members in groups.values():
            for _, last in members:
                writer.publish(last, "end", qos)
            came = [drain(t, member, topic, qos, last) for member, last in members]
            assert sorted(sum(came, [])) == sorted(wanted), came
            assert all(came), f"somebody got nothing: {came}"


@keeps("4.8.2-3", "3.3.4-3")
def a_share_and_identifiers(t):
    """Its identifier comes with the message; who also subscribed alone gets a copy for each."""
    member, writer = t.connect("member"), t.connect("writer")
    member.subscribe((shared(t), 1), properties=[(p.SUBSCRIPTION_ID, 5)])
    writer.publish(t.topic(), "x", 1)
    member.take(t.topic(), "x", 1, properties=[(p.SUBSCRIPTION_ID, 5)])
    member.subscribe((t.topic(), 1), properties=[(p.SUBSCRIPTION_ID, 6)])
    writer.publish(t.topic(), "y", 1)
    copies = [p.publish(5, t.topic(), "y", 1, properties=[(p.SUBSCRIPTION_ID, identifier)])
              for identifier in (5, 6)]
    member.send(*[p.puback(5, packet_id) for packet_id in member.expect_any_order(*copies)])
    member.quiet()


@keeps("3.3.1-9", "4.8.2-3")
def no_retained_messages_for_a_share(t):
    writer, member = t.connect("writer"), t.connect("member")
    writer.publish(t.topic(), "x", 1, retain=True)
    member.subscribe((shared(t), 1))
    t.fence(writer, member, t.topic(), 1)


@keeps("4.8.2-3", "3.10.4-1", versions=(4, 5))
def who_leaves_a_share(t):
    stays, goes, writer = t.connect("stays"), t.connect("goes"), t.connect("writer")
    for one in (stays, goes):
        one.subscribe((shared(t), 1))
    goes.unsubscribe(t.topic(), reasons=[0x11])
    goes.unsubscribe(shared(t))
    for number in range(10):
        writer.publish(t.topic(), str(number), 1)
        stays.take(t.topic(), str(number), 1)
    goes.quiet()
    stays.disconnect()
    writer.publish(t.topic(), "nobody", 1)


@keeps("4.8.2-3", versions=(4, 5))
def what_a_member_leaves_open_goes_to_another(t):
    """QoS 1 that a lost clean member did not acknowledge."""
    first, writer = t.connect("first"), t.connect("writer")
    first.subscribe((shared(t), 1))
    writer.publish(t.topic(), "x", 1)
    first.expect(p.publish(t.version, t.topic(), "x", 1))
    second = t.connect("second")
    second.subscribe((shared(t), 1))
    first.drop()
    second.take(t.topic(), "x", 1)


@keeps("4.8.2-4", versions=(4, 5))
def qos_2_is_completed_with_its_member(t):
    first, writer = t.connect("first", kept=True), t.connect("writer")
    first.subscribe((shared(t), 2))
    writer.publish(t.topic(), "a", 2)
    packet_id = first.expect(p.publish(t.version, t.topic(), "a", 2))
    second = t.connect("second")
    second.subscribe((shared(t), 2), (t.topic("end"), 2))
    first.drop()
    t.fence(writer, second, t.topic("end"), 2)
    first = t.connect("first", kept=True, present=True)
    first.expect(p.publish(t.version, t.topic(), "a", 2, packet_id, dup=True))
    first.send(p.pubrec(t.version, packet_id))
    first.expect(p.pubrel(t.version, packet_id))
    first.send(p.pubcomp(t.version, packet_id))
    second.quiet()


@keeps("4.8.2-5", versions=(4, 5))
def qos_2_goes_to_no_other_member(t):
    """Its member's session ends while it is under way."""
    first, writer = t.connect("first"), t.connect("writer")
    first.subscribe((shared(t), 2))
    writer.publish(t.topic(), "a", 2)
    first.expect(p.publish(t.version, t.topic(), "a", 2))
    second = t.connect("second")
    second.subscribe((shared(t), 2), (t.topic("end"), 2))
    first.drop()
    t.connect("first").disconnect()
    t.fence(writer, second, t.topic("end"), 2)
    writer.publish(t.topic(), "b", 2)
    second.take(t.topic(), "b", 2)


@keeps("4.8.2-6")
def what_a_member_refuses(t):
    """It goes to no other member, whatever the QoS."""
    for kept in (False, True):
        for qos in (1, 2):
            name = f"{kept}{qos}"
            first, writer = t.connect(f"first-{name}", kept=kept), t.connect(f"writer-{name}")
            first.subscribe((shared(t, name), qos))
            writer.publish(t.topic(name), "a", qos)
            packet_id = first.expect(p.publish(5, t.topic(name), "a", qos))
            second = t.connect(f"second-{name}", kept=kept)
            second.subscribe((shared(t, name), qos), (t.topic("end-" + name), qos))
            refuse = p.puback if qos == 1 else p.pubrec
            first.send(refuse(5, packet_id, 0x97))
            first.quiet()
            first.disconnect(properties=[(p.SESSION_EXPIRY, 0)] if kept else ())
            t.fence(writer, second, t.topic("end-" + name), qos)
            second.disconnect(properties=[(p.SESSION_EXPIRY, 0)] if kept else ())


@keeps("4.8.2-3", versions=(4, 5))
def messages_wait_for_a_share(t):
    """Members that have a session and are away: what was published comes when one is back."""
    member = t.connect("member", kept=True)
    member.subscribe((shared(t), 1))
    t.leave(member)
    writer = t.connect("writer")
    for number in range(5):
        writer.publish(t.topic(), str(number), 1, reason=0)
    member = t.connect("member", kept=True, present=True)
    for number in range(5):
        member.take(t.topic(), str(number), 1)
