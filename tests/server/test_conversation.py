"""A conversation captured from Apache ZooKeeper 3.9.5, byte for byte; only the times are ours."""

from tests.support.dialogue import Client, LoneServer

HELLO = "0000002d 00000000 0000000000000000 00002710 0000000000000000 00000010 00000000000000000000000000000000 00"
OPEN_ACL = "00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65"


def says(client: Client, request: str, *replies: str) -> None:
    """Send these bytes and expect these frames; a T in a reply stands for the time."""
    client.send(bytes.fromhex(request))
    time = f"{client.world.server.wall_ms:016x}"
    expected = b"".join([bytes.fromhex(reply.replace("T", time)) for reply in replies])
    received, client.received = client.received, b""
    assert expected.hex(" ", 4) == received.hex(" ", 4)


def test_the_captured_conversation() -> None:
    world = LoneServer()
    client = world.connect()
    says(client, "00000008 fffffffe 0000000b", "00000010 fffffffe 0000000000000001 00000000")
    # auth digest u:p
    says(
        client,
        "0000001d fffffffc 00000064 00000000 00000006 646967657374 00000003 753a70",
        "00000010 fffffffc 0000000000000000 00000000",
    )
    # create /a "hi"
    says(
        client,
        f"00000033 00000001 00000001 00000002 2f61 00000002 6869 {OPEN_ACL} 00000000",
        "00000016 00000001 0000000000000002 00000000 00000002 2f61",
    )
    # create2 /a/n-, sequential
    says(
        client,
        f"00000034 00000002 0000000f 00000005 2f612f6e2d 00000000 {OPEN_ACL} 00000002",
        "00000067 00000002 0000000000000003 00000000 0000000f 2f612f6e2d30303030303030303030"
        "0000000000000003 0000000000000003 T T 00000000 00000000 00000000"
        "0000000000000000 00000000 00000000 0000000000000003",
    )
    # create /a again
    says(
        client,
        f"00000033 00000003 00000001 00000002 2f61 00000002 6869 {OPEN_ACL} 00000000",
        "00000010 00000003 0000000000000004 ffffff92",
    )
    # getData /a with a watch
    says(
        client,
        "0000000f 00000004 00000004 00000002 2f61 01",
        "0000005a 00000004 0000000000000004 00000000 00000002 6869"
        "0000000000000002 0000000000000002 T T 00000000 00000001 00000000"
        "0000000000000000 00000002 00000001 0000000000000003",
    )
    # setData /a "yo!" version 0: the event, then the reply
    says(
        client,
        "00000019 00000005 00000005 00000002 2f61 00000003 796f21 00000000",
        "0000001e ffffffff 0000000000000005 00000000 00000003 00000003 00000002 2f61",
        "00000054 00000005 0000000000000005 00000000 0000000000000002 0000000000000005 T T"
        "00000001 00000001 00000000 0000000000000000 00000003 00000001 0000000000000003",
    )
    # setData again with version 0
    says(
        client,
        "00000019 00000006 00000005 00000002 2f61 00000003 796f21 00000000",
        "00000010 00000006 0000000000000006 ffffff99",
    )
    # exists /none
    says(
        client,
        "00000012 00000007 00000003 00000005 2f6e6f6e65 00",
        "00000010 00000007 0000000000000006 ffffff9b",
    )
    # a multi that works and one that fails
    says(
        client,
        f"00000069 0000000a 0000000e 0000000d 00 ffffffff 00000002 2f61 00000001"
        f"00000001 00 ffffffff 00000002 2f6d 00000000 {OPEN_ACL} 00000000"
        f"00000002 00 ffffffff 00000002 2f6d ffffffff ffffffff 01 ffffffff",
        "0000003a 0000000a 0000000000000007 00000000 0000000d 00 00000000"
        "00000001 00 00000000 00000002 2f6d 00000002 00 00000000 ffffffff 01 ffffffff",
    )
    says(
        client,
        f"00000069 0000000b 0000000e 00000001 00 ffffffff 00000002 2f6d 00000000 {OPEN_ACL} 00000000"
        "0000000d 00 ffffffff 00000002 2f61 00000009 00000002 00 ffffffff 00000002 2f61 ffffffff"
        "ffffffff 01 ffffffff",
        "00000040 0000000b 0000000000000008 00000000 ffffffff 00 00000000 00000000"
        "ffffffff 00 ffffff99 ffffff99 ffffffff 00 fffffffe fffffffe ffffffff 01 ffffffff",
    )
    the_end_of_the_conversation(client)


def the_end_of_the_conversation(client: Client) -> None:
    # multiRead: getChildren /a, getData /none
    says(
        client,
        "00000034 0000000c 00000016 00000008 00 ffffffff 00000002 2f61 00"
        "00000004 00 ffffffff 00000005 2f6e6f6e65 00 ffffffff 01 ffffffff",
        "00000043 0000000c 0000000000000008 00000000 00000008 00 00000000 00000001"
        "0000000c 6e2d30303030303030303030 ffffffff 00 ffffff9b ffffff9b ffffffff 01 ffffffff",
    )
    # addWatch /a recursive; removeWatches of that type, twice
    says(
        client,
        "00000012 0000000d 0000006a 00000002 2f61 00000001",
        "00000014 0000000d 0000000000000008 00000000 00000000",
    )
    says(
        client,
        "00000012 0000000e 00000012 00000002 2f61 00000005",
        "00000010 0000000e 0000000000000008 00000000",
    )
    says(
        client,
        "00000012 0000000f 00000012 00000002 2f61 00000005",
        "00000010 0000000f 0000000000000008 ffffff87",
    )
    # sync /a
    says(
        client,
        "0000000e 00000010 00000009 00000002 2f61",
        "00000016 00000010 0000000000000008 00000000 00000002 2f61",
    )
    # setWatches, data [/a]: the event with zxid -1, then the reply
    says(
        client,
        "00000022 fffffff8 00000065 0000000000000000 00000001 00000002 2f61 00000000 00000000",
        "0000001e ffffffff ffffffffffffffff 00000000 00000003 00000003 00000002 2f61",
        "00000010 fffffff8 0000000000000008 00000000",
    )
    # whoAmI
    says(
        client,
        "00000008 00000011 0000006b",
        "00000036 00000011 0000000000000008 00000000 00000002"
        "00000002 6970 00000009 3132372e302e302e31 00000006 646967657374 00000001 75",
    )
    # closeSession
    says(client, "00000008 00000012 fffffff5", "00000010 00000012 0000000000000009 00000000")
    assert client.closed


def test_the_captured_unknown_opcode() -> None:
    client = LoneServer().connect()
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
