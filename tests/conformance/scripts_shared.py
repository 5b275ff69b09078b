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
