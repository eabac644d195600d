"""The first bytes on an election connection, in all forms that servers have sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.errors import ProtocolViolation
from pyzoo.quorum.hello import MAX_ADDRESSES, VERSION_1, VERSION_2, Hello, decode_hello, encode_hello, hello_size

SIDS = st.integers(-(2**63), 2**63 - 1)
HOSTS = st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True) | st.from_regex(
    r"[0-9a-f]{0,4}:[0-9a-f:]{1,9}", fullmatch=True
)
ADDRESSES = st.tuples(HOSTS, st.integers(0, 65535))


def head(version: int, sid: int, length: int) -> bytes:
    return version.to_bytes(8, "big", signed=True) + sid.to_bytes(8, "big") + length.to_bytes(4, "big", signed=True)


def with_address(text: bytes, version: int = VERSION_1) -> bytes:
    return head(version, 3, len(text)) + text


@pytest.mark.parametrize(
    ("hello", "multi_address", "wire"),
    [
        (
            Hello(3, [("127.0.0.1", 23043)]),
            False,
            "ffffffffffff0000 0000000000000003 0000000f 3132372e302e302e313a3233303433",
        ),
        (
            Hello(2, [("127.0.0.1", 23042), ("127.0.0.2", 23042)]),
            True,
            "ffffffffffff0001 0000000000000002 0000001f3132372e302e302e313a32333034327c3132372e302e302e323a3233303432",
        ),
    ],
)
def test_the_bytes_are_those_of_a_real_server(hello: Hello, multi_address: bool, wire: str) -> None:
    assert bytes.fromhex(wire) == encode_hello(hello, multi_address)
    assert hello == decode_hello(bytes.fromhex(wire))


@given(SIDS, st.lists(ADDRESSES, min_size=1, max_size=4))
def test_a_hello_with_several_addresses_survives_the_wire(sid: int, addresses: list[tuple[str, int]]) -> None:
    assert Hello(sid, addresses) == decode_hello(encode_hello(Hello(sid, addresses), multi_address=True))


@given(SIDS, ADDRESSES)
def test_a_hello_with_one_address_survives_the_wire(sid: int, address: tuple[str, int]) -> None:
    assert Hello(sid, [address]) == decode_hello(encode_hello(Hello(sid, [address]), multi_address=False))


def test_without_the_feature_only_the_first_address_is_told() -> None:
    wire = encode_hello(Hello(3, [("a", 1), ("b", 2)]), multi_address=False)
    assert Hello(3, [("a", 1)]) == decode_hello(wire)


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert encode_hello(Hello(3, [("::1", 3888)]), multi_address=False).endswith(b"[::1]:3888")


def test_a_bare_server_id_is_the_old_form() -> None:
    wire = (3).to_bytes(8, "big")
    assert 8 == hello_size(wire + b"more")
    assert Hello(3, []) == decode_hello(wire)


@given(st.lists(ADDRESSES, min_size=1, max_size=3), st.booleans(), st.binary(max_size=9))
def test_the_size_is_told_by_the_first_bytes_alone(
    addresses: list[tuple[str, int]], multi_address: bool, more: bytes
) -> None:
    wire = encode_hello(Hello(3, addresses), multi_address)
    assert [None] * 20 == [hello_size(wire[:size]) for size in range(20)]
    assert {len(wire)} == {hello_size((wire + more)[:size]) for size in range(20, len(wire + more) + 1)}


@pytest.mark.parametrize("version", [-1, -65534, -65537, -(2**63)])
def test_an_unknown_version_is_refused_at_once(version: int) -> None:
    with pytest.raises(ProtocolViolation):
        hello_size(version.to_bytes(8, "big", signed=True))


@pytest.mark.parametrize("length", [-1, 0, MAX_ADDRESSES + 1, 2**31 - 1])
def test_a_length_of_addresses_outside_the_limits_is_refused(length: int) -> None:
    with pytest.raises(ProtocolViolation):
        hello_size(head(VERSION_1, 3, length))


@pytest.mark.parametrize("length", [1, MAX_ADDRESSES])
def test_a_length_of_addresses_at_the_limits_is_taken(length: int) -> None:
    assert 20 + length == hello_size(head(VERSION_2, 3, length))


@pytest.mark.parametrize(
    "text", [b"host", b"host:", b":3888", b"[]:3888", b"host:x", b"host:-1", b"host:65536", b"host:\xd9\xa3", b"\xff"]
)
def test_an_address_that_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        decode_hello(with_address(text))


@pytest.mark.parametrize("text", [b"|", b"a:1|", b"|a:1", b"a:1||b:2", b"a:1|b"])
def test_one_bad_address_of_several_is_refused(text: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        decode_hello(with_address(text, VERSION_2))


def test_only_the_second_version_has_several_addresses() -> None:
    with pytest.raises(ProtocolViolation):
        decode_hello(with_address(b"a:1|b:x"))


@given(st.binary(max_size=60))
def test_random_bytes_are_a_hello_or_a_violation(wire: bytes) -> None:
    try:
        size = hello_size(wire)
        if size is not None and size <= len(wire):
            decode_hello(wire[:size])
    except ProtocolViolation:
        return
