"""Bytes over real sockets, for what no client library would send."""

import json
import os
import socket
import subprocess

from muster import PATIENCE_S

CONNACK, PUBLISH, SUBACK, PINGRESP, DISCONNECT = 2, 3, 9, 13, 14
PINGREQ_BYTES, DISCONNECT_BYTES = bytes.fromhex("c000"), bytes.fromhex("e000")
AT_ONCE = 100  # connections that are open side by side


def gallery(part="json"):
    """The packet gallery: dictionaries with name, version, sender, bytes, reason (None: good).
    Its part "cuts": the good packets with bodies that end early, byte by byte."""
    text = subprocess.run([os.environ["GALLERY"], part], capture_output=True, check=True).stdout
    rows = json.loads(text)
    for row in rows:
        row["bytes"] = bytes.fromhex(row["hex"])
    return rows


def string(text):
    encoded = text.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def packet(first, body):
    assert len(body) < 128
    return bytes([first, len(body)]) + body


def connect(version, client_id, clean=True, expiry=0):
    """A correct CONNECT; `version` is the protocol level: 3, 4 or 5."""
    body = string("MQIsdp" if version == 3 else "MQTT") + bytes([version, 2 if clean else 0, 0, 0])
    if version == 5:
        body += (b"\x05\x11" + expiry.to_bytes(4, "big")) if expiry else b"\x00"
    return packet(0x10, body + string(client_id))


def packets(received):
    """(type, body) of each packet; what is no whole packet is an error."""
    found, at = [], 0
    while at < len(received):
        first, length, shift = received[at], 0, 0
        while True:
            at += 1
            length |= (received[at] & 0x7F) << shift
            shift += 7
            if received[at] < 0x80:
                break
        at += 1
        body = received[at:at + length]
        assert len(body) == length, "a packet that was cut"
        found.append((first >> 4, body))
        at += length
    return found


def until_closed(sock):
    """Everything that comes before the other side closes in order; a reset is an error."""
    received = b""
    while part := sock.recv(65536):
        received += part
    return received


def conversations(port, inputs, at_once=AT_ONCE, ending=False):
    """Each input over a connection of its own: the packets that came until the server closed.
    `ending`: after the input the client says that nothing follows."""
    answers = []
    for start in range(0, len(inputs), at_once):
        sockets = []
        for data in inputs[start:start + at_once]:
            sockets.append(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S))
            sockets[-1].sendall(data)
            if ending:
                sockets[-1].shutdown(socket.SHUT_WR)
        for sock in sockets:
            with sock:
                answers.append(packets(until_closed(sock)))
    return answers
