"""DigestAuthenticationProvider: users with passwords."""

import hashlib
from base64 import b64encode
from typing import final

from pyzoo.errors import ConfigError
from pyzoo.jute.records import Id
from pyzoo.server.auth.provider import OK, REFUSED, SUPER, AuthenticationProvider, AuthOutcome
from pyzoo.server.auth.secrets import same_secret


@final
class DigestAuthenticationProvider(AuthenticationProvider):
    """user:password, kept as user:base64(hash(user:password))."""

    def __init__(self, algorithm: str, super_digest: str | None) -> None:
        self.scheme = "digest"
        self.hash_name = python_hash_name(algorithm)
        self.super_digest = super_digest

    def authenticate(self, data: bytes | None, address: str, certificate: bytes) -> AuthOutcome:
        if data is None:
            return REFUSED
        text = data.decode("utf-8", "replace")
        id = self.digest_of(text)
        ids = [Id("digest", id)]
        if self.super_digest is not None and same_secret(id, self.super_digest):
            ids.insert(0, Id(SUPER, ""))
        return AuthOutcome(OK, ids)

    def authenticate_operator(self, data: bytes | None, address: str, certificate: bytes) -> list[Id]:
        return self.authenticate(data, address, certificate).ids

    def digest_of(self, text: str) -> str:
        """The id that belongs to user:password."""
        user = text.split(":", 1)[0]
        hashed = hashlib.new(self.hash_name, text.encode("utf-8")).digest()
        return user + ":" + b64encode(hashed).decode("ascii")

    def is_valid(self, id: str) -> bool:
        parts = id.split(":")
        while parts and not parts[-1]:
            parts.pop()
        return len(parts) == 2

    def matches(self, id: str, acl_id: str) -> bool:
        return same_secret(id, acl_id)

    def table(self, ids: list[str]) -> set[str] | None:
        return set(ids)

    def user_name(self, id: str) -> str:
        return id.split(":", 1)[0]


def python_hash_name(java_name: str) -> str:
    """hashlib's name of a Java MessageDigest; raises ConfigError for one that is not here."""
    name = java_name.upper()
    if name == "SHA":
        name = "SHA1"
    if name.startswith("SHA-"):
        name = "SHA" + name[4:]
    candidate = name.lower().replace("-", "_").replace("/", "_")
    if candidate not in hashlib.algorithms_available:
        raise ConfigError(
            f"DigestAuthenticationProvider.digestAlg={java_name} is not known here; use SHA1, SHA-256 or SHA3-512"
        )
    return candidate
