"""QuorumAuthPackets: how members carry SASL tokens (SaslQuorumAuthServer, SaslQuorumAuthLearner).

Whoever dials is the client, and begins with an empty token. A packet is

    long magic | int status | buffer token
"""

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i32

from pyzoo.errors import MalformedRecord, SaslFailure
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import QuorumAuthPacket
from pyzoo.sasl.digest_md5 import Service
from pyzoo.sasl.mechanism import SaslClient, SaslServer

MAGIC: Final = 0x5F2435013501EDCC
IN_PROGRESS: Final = 0
SUCCESS: Final = 1
ERROR: Final = -1
MAX_TOKEN: Final = 1 << 16
MAX_TOKENS: Final = 6
"""Of one exchange, as Apache counts them; GSSAPI needs three."""
SERVICE: Final = Service("zookeeper-quorum", "zk-quorum-sasl-md5")

_HEAD: Final = 16


def encode_auth(status: i32, token: bytes | None) -> bytes:
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
    """The side that dials; it raises SaslFailure where there is no first token to be had."""

    def __init__(self, sasl: SaslClient) -> None:
        self._sasl = sasl
        self._first = sasl.begin()
        self.is_done = False

    def begin(self) -> bytes:
        """The first packet."""
        return encode_auth(IN_PROGRESS, self._first)

    def received(self, packet: QuorumAuthPacket) -> bytes:
        """The next packet, or nothing when it is over; raises ProtocolViolation when it has failed."""
        if packet.status not in (IN_PROGRESS, SUCCESS):
            raise SaslFailure("the other server refuses who we say we are")
        answer = None if self._sasl.is_complete else self._sasl.evaluate(packet.token or b"")
        if packet.status == IN_PROGRESS:
            return encode_auth(IN_PROGRESS, answer or b"")
        if answer is not None or not self._sasl.is_complete:
            raise SaslFailure("the other server ends the SASL exchange too early")
        self.is_done = True
        return b""


class AuthServer:
    """The side that was dialled; as with a SaslServer a packet may take longer than a turn has when it `waits`."""

    def __init__(self, sasl: SaslServer) -> None:
        self._sasl = sasl
        self._tokens = 0
        self.is_done = False

    @property
    def waits(self) -> bool:
        return self._sasl.waits

    def received(self, packet: QuorumAuthPacket) -> bytes:
        """The next packet; after a refusal ProtocolViolation says that the connection has to close."""
        self._tokens += 1
        if self._tokens > MAX_TOKENS:
            raise SaslFailure("the other server does not come to the end of its SASL exchange")
        answer = self._sasl.evaluate(packet.token or b"")
        self.is_done = self._sasl.is_complete
        return encode_auth(SUCCESS if self.is_done else IN_PROGRESS, answer)
