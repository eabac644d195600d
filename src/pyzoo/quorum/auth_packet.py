"""QuorumAuthPackets: how members carry SASL tokens (SaslQuorumAuthServer, SaslQuorumAuthLearner).

Whoever dials is the client, and begins with an empty token. A packet is

    long magic | int status | buffer token
"""

from collections.abc import Callable, Mapping
from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i32

from pyzoo.errors import MalformedRecord, ProtocolViolation
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import QuorumAuthPacket
from pyzoo.sasl.digest_md5 import DigestMd5Client, DigestMd5Server, Service

MAGIC: Final = 0x5F2435013501EDCC
IN_PROGRESS: Final = 0
SUCCESS: Final = 1
ERROR: Final = -1
MAX_TOKEN: Final = 1 << 16
SERVICE: Final = Service("zookeeper-quorum", "zk-quorum-sasl-md5")

_HEAD: Final = 16


def encode_auth(status: i32, token: bytes) -> bytes:
    """One packet."""
    out = BytesWriter()
    QuorumAuthPacket(MAGIC, status, token).encode(out)
    return out.getvalue()


def auth_size(data: bytes) -> int | None:
    """The size of the packet that `data` begins with, None when that cannot be told yet; raises MalformedRecord."""
    if len(data) >= 8 and int.from_bytes(data[:8], "big") != MAGIC:
        raise MalformedRecord("the other server does not authenticate itself")
    if len(data) < _HEAD:
        return None
    length = int.from_bytes(data[12:_HEAD], "big", signed=True)
    if not -1 <= length <= MAX_TOKEN:
        raise MalformedRecord(f"a SASL token of {length} bytes")
    return _HEAD + max(length, 0)


def decode_auth(data: bytes) -> QuorumAuthPacket:
    """A whole packet."""
    return QuorumAuthPacket.decode(InputArchive(data))


class AuthLearner:
    """The side that dials; `nonce` gives a fresh random text each time."""

    def __init__(self, user: str, password: str, nonce: Callable[[], str]) -> None:
        self._sasl = DigestMd5Client(SERVICE, user, password, nonce)
        self.is_done = False

    def begin(self) -> bytes:
        """The first packet."""
        return encode_auth(IN_PROGRESS, b"")

    def received(self, packet: QuorumAuthPacket) -> bytes:
        """The next packet, or nothing when it is over; raises ProtocolViolation when it has failed."""
        token = packet.token or b""
        if packet.status == ERROR:
            raise ProtocolViolation("the other server refuses our name and password")
        if packet.status == SUCCESS:
            self._sasl.check(token)
            self.is_done = True
            return b""
        return encode_auth(IN_PROGRESS, self._sasl.answer(token))


class AuthServer:
    """The side that was dialled; `users` are names with their passwords."""

    def __init__(self, users: Mapping[str, str], nonce: Callable[[], str]) -> None:
        self._sasl = DigestMd5Server(SERVICE, users, nonce)
        self._challenged = False
        self.is_done = False

    def received(self, packet: QuorumAuthPacket) -> bytes:
        """The next packet; after a refusal ProtocolViolation says that the connection has to close."""
        if not self._challenged:
            self._challenged = True
            return encode_auth(IN_PROGRESS, self._sasl.challenge())
        last = self._sasl.evaluate(packet.token or b"")
        self.is_done = True
        return encode_auth(SUCCESS, last)
