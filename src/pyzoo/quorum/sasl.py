"""SASL between servers: QuorumAuthPackets, and DIGEST-MD5 as Java's SASL speaks it (SaslQuorumAuthServer, -Learner).

Whoever dials is the client. A packet is

    long magic | int status | buffer token
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i32

from pyzoo.errors import MalformedRecord, ProtocolViolation
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import QuorumAuthPacket

MAGIC: Final = 0x5F2435013501EDCC
IN_PROGRESS: Final = 0
SUCCESS: Final = 1
ERROR: Final = -1
MAX_TOKEN: Final = 1 << 16
REALM: Final = "zk-quorum-sasl-md5"
DIGEST_URI: Final = "zookeeper-quorum/zk-quorum-sasl-md5"

_HEAD: Final = 16
_FIELD: Final = re.compile(r'\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)')


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


def _fields(token: bytes) -> dict[str, str]:
    found = _FIELD.findall(token.decode("utf-8", "replace"))
    return {name: re.sub(r"\\(.)", r"\1", quoted) or bare.strip() for name, quoted, bare in found}


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _response(user: str, password: str, fields: Mapping[str, str], verb: str) -> str:
    """The value that proves the password (RFC 2831, 2.1.2.1), md5-sess and qop auth."""
    nonce, cnonce, count = fields.get("nonce", ""), fields.get("cnonce", ""), fields.get("nc", "")
    secret = _md5(f"{user}:{fields.get('realm', '')}:{password}".encode())
    authzid = f":{fields['authzid']}" if fields.get("authzid") else ""
    first = _md5(secret + f":{nonce}:{cnonce}{authzid}".encode()).hex()
    second = _md5(f"{verb}:{fields.get('digest-uri', '')}".encode()).hex()
    return _md5(f"{first}:{nonce}:{count}:{cnonce}:auth:{second}".encode()).hex()


def _is_same(given: str, expected: str) -> bool:
    """Compare proofs; what was given may be any text, which compare_digest takes as bytes only."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


class SaslClient:
    """The side that dials; `nonce` gives a fresh random text each time."""

    def __init__(self, user: str, password: str, nonce: Callable[[], str]) -> None:
        self._user = user
        self._password = password
        self._nonce = nonce
        self._expected: str | None = None
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
            if self._expected is None or not _is_same(_fields(token).get("rspauth", ""), self._expected):
                raise ProtocolViolation("the other server does not know our password")
            self.is_done = True
            return b""
        if self._expected is not None:
            raise ProtocolViolation("the other server goes on with a SASL exchange that is over")
        return encode_auth(IN_PROGRESS, self._answer(_fields(token)))

    def _answer(self, challenge: dict[str, str]) -> bytes:
        fields = {
            "realm": challenge.get("realm", REALM),
            "nonce": challenge.get("nonce", ""),
            "nc": "00000001",
            "cnonce": self._nonce(),
            "digest-uri": DIGEST_URI,
        }
        proof = _response(self._user, self._password, fields, "AUTHENTICATE")
        self._expected = _response(self._user, self._password, fields, "")
        return (
            f'charset=utf-8,username="{self._user}",realm="{fields["realm"]}",nonce="{fields["nonce"]}",'
            f'nc={fields["nc"]},cnonce="{fields["cnonce"]}",digest-uri="{DIGEST_URI}",maxbuf=65536,'
            f"response={proof},qop=auth"
        ).encode()


class SaslServer:
    """The side that was dialled; `users` are names with their passwords."""

    def __init__(self, users: Mapping[str, str], nonce: Callable[[], str]) -> None:
        self._users = users
        self._nonce = nonce()
        self._challenged = False
        self.is_done = False

    def received(self, packet: QuorumAuthPacket) -> bytes:
        """The next packet; after a refusal ProtocolViolation says that the connection has to close."""
        if not self._challenged:
            self._challenged = True
            challenge = f'realm="{REALM}",nonce="{self._nonce}",charset=utf-8,algorithm=md5-sess'
            return encode_auth(IN_PROGRESS, challenge.encode())
        fields = _fields(packet.token or b"")
        user = fields.get("username", "")
        password = self._users.get(user)
        if password is None or not self._proves(fields, user, password):
            raise ProtocolViolation(f"a server that calls itself {user!r} has not proved that")
        self.is_done = True
        return encode_auth(SUCCESS, f"rspauth={_response(user, password, fields, '')}".encode())

    def _proves(self, fields: dict[str, str], user: str, password: str) -> bool:
        given = fields.get("nonce"), fields.get("digest-uri"), fields.get("nc"), fields.get("authzid", user)
        if given != (self._nonce, DIGEST_URI, "00000001", user):
            return False
        return _is_same(fields.get("response", ""), _response(user, password, fields, "AUTHENTICATE"))
