"""4.12 and 3.15: enhanced authentication, as far as a broker without a method shows it. The flow
itself is tested where a method can be brought along: tests/broker."""

import packets as p
from scripts import keeps

METHOD = (p.AUTH_METHOD, "nobody's-method")


@keeps("4.12.0-1", "4.12.0-4", "3.2.2-7")
def an_unknown_method(t):
    for pairs in ([METHOD], [METHOD, (p.AUTH_DATA, b"\x00\xff")]):
        client = t.open()
        client.send(p.connect(5, t.client_id("a"), properties=pairs))
        client.expect(p.connack(5, False, 0x8C))
        client.expect_close()


@keeps("3.1.4-1")
def data_without_a_method(t):
    client = t.open()
    client.send(p.connect(5, t.client_id("a"), properties=[(p.AUTH_DATA, b"x")]))
    client.expect(p.connack(5, False, 0x82))
    client.expect_close()


@keeps("4.12.0-6", "4.12.0-7")
def auth_without_a_method(t):
    """CONNACK names none, and an AUTH is an error."""
    for packet in (p.auth(0x19, [METHOD]), p.auth(0x18, [METHOD]), p.auth()):
        client = t.connect(f"{len(t.opened)}")
        client.send(packet)
        client.expect_end(0x82)


@keeps("3.15.2-1")
def reasons_of_auth(t):
    client = t.connect()
    client.send(p.auth(0x87, [METHOD]))
    client.expect_end(0x82)


@keeps("3.1.0-1")
def auth_before_connect(t):
    client = t.open()
    client.send(p.auth(0x18, [METHOD]))
    client.expect_close()
