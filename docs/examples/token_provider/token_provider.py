"""A scheme `token`: clients send `user:expiry:signature`, which whoever knows the key can make for them."""

import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyzoo.auth import AuthenticationFailed, AuthenticationProvider, Client, Identity


class TokenAuthenticationProvider(AuthenticationProvider):
    """`auth.token.keyFile` in zoo.cfg names the file with the key."""

    scheme = "token"

    def __init__(self, properties: Mapping[str, str]) -> None:
        self.key = Path(properties["zookeeper.auth.token.keyFile"]).read_bytes()

    def authenticate(self, credentials: bytes, client: Client) -> Sequence[Identity]:
        claim, _, signature = credentials.rpartition(b":")
        if not hmac.compare_digest(signature, self.signature(claim)):
            raise AuthenticationFailed("the signature is wrong")
        user, _, expiry = claim.decode().partition(":")
        if time.time() > float(expiry):
            raise AuthenticationFailed(f"the token of {user} has expired")
        return [Identity("token", user)]

    def signature(self, claim: bytes) -> bytes:
        """What proves that somebody with the key has made this claim."""
        return hmac.new(self.key, claim, hashlib.sha256).hexdigest().encode()
