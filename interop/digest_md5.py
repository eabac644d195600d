"""A client's side of DIGEST-MD5 (RFC 2831), written down for these tests, so that tokens can be wrong on purpose."""

import hashlib
import re
from collections.abc import Mapping

from attrs import evolve, frozen


@frozen
class Proof:
    """What a client says of itself, and what it proves that with."""

    user: str = "bob"
    password: str = "a password"
    realm: str = "zk-sasl-md5"
    uri: str = "zookeeper/zk-sasl-md5"
    cnonce: str = "a nonce of the client"
    authzid: str | None = None
    nonce: str = ""

    def to(self, challenge: bytes) -> "Proof":
        """For the nonce of this challenge."""
        found = re.search(rb'nonce="([^"]*)"', challenge)
        assert found is not None, challenge
        return evolve(self, nonce=found.group(1).decode())

    def response(self, verb: str = "AUTHENTICATE") -> str:
        secret = _md5(f"{self.user}:{self.realm}:{self.password}".encode("latin-1"))
        authzid = b"" if self.authzid is None else b":" + self.authzid.encode()
        first = _md5(secret + f":{self.nonce}:{self.cnonce}".encode() + authzid).hex()
        second = _md5(f"{verb}:{self.uri}".encode()).hex()
        return _md5(f"{first}:{self.nonce}:00000001:{self.cnonce}:auth:{second}".encode()).hex()

    def fields(self) -> dict[str, str]:
        """The directives as Java's client writes them."""
        found = {
            "charset": "utf-8",
            "username": f'"{self.user}"',
            "realm": f'"{self.realm}"',
            "nonce": f'"{self.nonce}"',
            "nc": "00000001",
            "cnonce": f'"{self.cnonce}"',
            "digest-uri": f'"{self.uri}"',
            "maxbuf": "65536",
            "response": self.response(),
            "qop": "auth",
        }
        if self.authzid is not None:
            found["authzid"] = f'"{self.authzid}"'
        return found


def token(fields: Mapping[str, str]) -> bytes:
    """The directives as they are sent."""
    return ",".join(f"{name}={value}" for name, value in fields.items()).encode()


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()
