"""Conversations captured from Apache ZooKeeper 3.9.5, byte for byte; only the times are ours."""

import re

from tests.support.dialogue import Client, LoneServer
from tests.support.recordings import FIXTURES

HELLO = "0000002d 00000000 0000000000000000 00002710 0000000000000000 00000010 00000000000000000000000000000000 00"
OPEN_ACL = "00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65"


def says(client: Client, request: str, *replies: str) -> None:
    """Send these bytes and expect these frames; a T in a reply stands for the time."""
    client.send(bytes.fromhex(request))
    time = f"{client.world.server.wall_ms:016x}"
    expected = b"".join([bytes.fromhex(reply.replace("T", time)) for reply in replies])
    received, client.received = client.received, b""
    assert expected.hex(" ", 4) == received.hex(" ", 4)


def test_the_captured_conversation(client: Client) -> None:
    text = (FIXTURES / "captures" / "conversation-3.9.5.txt").read_text()
    said = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("ACL", OPEN_ACL)
    for exchange in said.split("> ")[1:]:
        says(client, *exchange.split("< "))
    assert client.closed


def test_the_captured_unknown_opcode(client: Client) -> None:
    says(client, "00000008 00000001 00000063", "00000010 00000001 ffffffffffffffff fffffffa")
    assert client.closed


def test_the_captured_invalid_session() -> None:
    client = LoneServer().socket()
    says(
        client,
        HELLO.replace("00002710 0000000000000000", "00002710 0000000000000001"),
        "00000025 00000000 00000000 0000000000000000 00000010 00000000000000000000000000000000 00",
    )
    assert client.closed
