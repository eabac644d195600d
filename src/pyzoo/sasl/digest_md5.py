"""DIGEST-MD5 (RFC 2831) as Java's SASL speaks it: md5-sess, qop auth, one exchange a nonce.

The server's challenge begins; the client answers with its name and the proof of its password; the server proves with
its last token that it knows the password too.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Final

from attrs import frozen

from pyzoo.errors import ProtocolViolation

_FIELD: Final = re.compile(r'\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)')


@frozen
class Service:
    """What is logged in to: both sides name it, and the server's name is its realm too."""

    protocol: str
    server_name: str

    @property
    def digest_uri(self) -> str:
        """As it stands in the client's answer."""
        return f"{self.protocol}/{self.server_name}"


def _fields(token: bytes) -> dict[str, str]:
    found = _FIELD.findall(token.decode("utf-8", "replace"))
    return {name: re.sub(r"\\(.)", r"\1", quoted) or bare.strip() for name, quoted, bare in found}


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _response(user: str, password: str, fields: Mapping[str, str], verb: str) -> str:
    """The value that proves the password (RFC 2831, 2.1.2.1)."""
    nonce, cnonce, count = fields.get("nonce", ""), fields.get("cnonce", ""), fields.get("nc", "")
    secret = _md5(f"{user}:{fields.get('realm', '')}:{password}".encode())
    authzid = f":{fields['authzid']}" if fields.get("authzid") else ""
    first = _md5(secret + f":{nonce}:{cnonce}{authzid}".encode()).hex()
    second = _md5(f"{verb}:{fields.get('digest-uri', '')}".encode()).hex()
    return _md5(f"{first}:{nonce}:{count}:{cnonce}:auth:{second}".encode()).hex()


def _is_same(given: str, expected: str) -> bool:
    """Compare proofs; what was given may be any text, which compare_digest takes as bytes only."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


class DigestMd5Client:
    """The side that logs in; `nonce` gives a fresh random text each time."""

    def __init__(self, service: Service, user: str, password: str, nonce: Callable[[], str]) -> None:
        self._service = service
        self._user = user
        self._password = password
        self._nonce = nonce
        self._expected: str | None = None

    def answer(self, challenge: bytes) -> bytes:
        """The token for the server's challenge; raises ProtocolViolation for a second one."""
        if self._expected is not None:
            raise ProtocolViolation("the other server goes on with a SASL exchange that is over")
        given = _fields(challenge)
        uri = self._service.digest_uri
        fields = {
            "realm": given.get("realm", self._service.server_name),
            "nonce": given.get("nonce", ""),
            "nc": "00000001",
            "cnonce": self._nonce(),
            "digest-uri": uri,
        }
        proof = _response(self._user, self._password, fields, "AUTHENTICATE")
        self._expected = _response(self._user, self._password, fields, "")
        return (
            f'charset=utf-8,username="{self._user}",realm="{fields["realm"]}",nonce="{fields["nonce"]}",'
            f'nc={fields["nc"]},cnonce="{fields["cnonce"]}",digest-uri="{uri}",maxbuf=65536,'
            f"response={proof},qop=auth"
        ).encode()

    def check(self, last: bytes) -> None:
        """Raise ProtocolViolation unless the server's last token shows that it knows the password."""
        if self._expected is None or not _is_same(_fields(last).get("rspauth", ""), self._expected):
            raise ProtocolViolation("the other server does not know our password")


class DigestMd5Server:
    """The side that is logged in to; `users` are names with their passwords.

    `user` is empty until somebody has proved to be it.
    """

    def __init__(self, service: Service, users: Mapping[str, str], nonce: Callable[[], str]) -> None:
        self._service = service
        self._users = users
        self._nonce = nonce()
        self.user = ""

    def challenge(self) -> bytes:
        """The first token."""
        return f'realm="{self._service.server_name}",nonce="{self._nonce}",charset=utf-8,algorithm=md5-sess'.encode()

    def evaluate(self, answer: bytes) -> bytes:
        """The last token, for the client's answer; raises ProtocolViolation when that proves nothing."""
        fields = _fields(answer)
        user = fields.get("username", "")
        password = self._users.get(user)
        if password is None or not self._proves(fields, user, password):
            raise ProtocolViolation(f"a server that calls itself {user!r} has not proved that")
        self.user = user
        return f"rspauth={_response(user, password, fields, '')}".encode()

    def _proves(self, fields: dict[str, str], user: str, password: str) -> bool:
        given = fields.get("nonce"), fields.get("digest-uri"), fields.get("nc"), fields.get("authzid", user)
        if given != (self._nonce, self._service.digest_uri, "00000001", user):
            return False
        return _is_same(fields.get("response", ""), _response(user, password, fields, "AUTHENTICATE"))
