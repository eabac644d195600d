"""The hello of the election channel: who dials, and where it can be dialled back.

V1     long -65536 | long sid | int n | n bytes "host:port"
V2     long -65535 | long sid | int n | n bytes "host:port|host:port..."     (several addresses)
old    long sid                                                              (before 3.5)
"""

from typing import Final

from attrs import frozen

from pyzoo.errors import ProtocolViolation

VERSION_1: Final = -65536
VERSION_2: Final = -65535
MAX_ADDRESSES: Final = 2048
"""Bytes of all addresses at the most."""
MAX_MESSAGE: Final = 524_288
"""Bytes of a message at the most."""
_LONG: Final = 8
_HEAD: Final = 20


@frozen
class Hello:
    """Who it is, and its election addresses (host, port); none in the old form."""

    sid: int
    addresses: list[tuple[str, int]]


def encode_hello(hello: Hello, multi_address: bool) -> bytes:
    """V2 only where all servers have been told to use several addresses: older ones do not know it."""
    texts = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in hello.addresses]
    text = ("|".join(texts) if multi_address else texts[0] if texts else "").encode()
    version = VERSION_2 if multi_address else VERSION_1
    head = version.to_bytes(_LONG, "big", signed=True) + hello.sid.to_bytes(_LONG, "big", signed=True)
    return head + len(text).to_bytes(4, "big") + text


def hello_size(data: bytes) -> int | None:
    """How many bytes the hello has that `data` begins with; None when too few are there to tell."""
    if len(data) < _LONG:
        return None
    first = int.from_bytes(data[:_LONG], "big", signed=True)
    if first >= 0:
        return _LONG
    if first not in (VERSION_1, VERSION_2):
        raise ProtocolViolation(f"unknown protocol version {first}")
    if len(data) < _HEAD:
        return None
    length = int.from_bytes(data[16:_HEAD], "big", signed=True)
    if not 1 <= length <= MAX_ADDRESSES:
        raise ProtocolViolation(f"{length} bytes of addresses are outside 1 to {MAX_ADDRESSES}")
    return _HEAD + length


def decode_hello(data: bytes) -> Hello:
    """A whole hello; raises ProtocolViolation for an address that is none."""
    first = int.from_bytes(data[:_LONG], "big", signed=True)
    if first >= 0:
        return Hello(first, [])
    sid = int.from_bytes(data[_LONG:16], "big", signed=True)
    text = data[_HEAD:].decode("utf-8", "replace")
    parts = text.split("|") if first == VERSION_2 else [text]
    return Hello(sid, [_address(part) for part in parts])


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ProtocolViolation(f"{text!r} is no address of the form host:port")
    return host, int(port)
