"""DIGEST-MD5 (RFC 2831) as Java's SASL speaks it: md5-sess, qop auth, one exchange a nonce.

The server's challenge begins; the client answers with its name and the proof of its password; the server proves with
its last token that it knows the password too.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Final

from attrs import evolve, field, frozen

from pyzoo.config.java_numbers import parse_decimal
from pyzoo.errors import ProtocolViolation, SaslFailure
from pyzoo.sasl.directives import parse_directives, quoted
from pyzoo.sasl.mechanism import Authorize, ClientLogin, SaslClient, SaslServer, ServerLogin

MAX_RESPONSE: Final = 4096
_FIRST_USE: Final = b"00000001"


@frozen
class Service:
    """What is logged in to: both sides name it, and the server's name is its realm too."""

    protocol: str
    server_name: str

    @property
    def digest_uri(self) -> str:
        """As it stands in the client's answer."""
        return f"{self.protocol}/{self.server_name}"


@frozen
class _Proof:
    """What a proof is made of (RFC 2831, 2.1.2.1)."""

    user: str
    password: str = field(repr=False)
    realm: str
    nonce: bytes
    cnonce: bytes
    digest_uri: bytes
    authzid: bytes | None = None

    def response(self, verb: bytes) -> bytes:
        """The value that proves the password; the server's has an empty verb."""
        secret = _md5(_narrow(self.user) + b":" + _narrow(self.realm) + b":" + _narrow(self.password))
        authzid = b"" if self.authzid is None else b":" + self.authzid
        first = _hex(secret + b":" + self.nonce + b":" + self.cnonce + authzid)
        second = _hex(verb + b":" + self.digest_uri)
        return _hex(b":".join([first, self.nonce, _FIRST_USE, self.cnonce, b"auth", second]))


def _narrow(text: str) -> bytes:
    """ISO 8859-1 where that has all the characters, as the standard wants it, else UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _hex(data: bytes) -> bytes:
    return _md5(data).hex().encode()


class DigestMd5Server(SaslServer):
    """`users` are names with their passwords."""

    def __init__(self, service: Service, users: Mapping[str, str], authorize: Authorize, nonce: str) -> None:
        super().__init__()
        self._service = service
        self._users = users
        self._authorize = authorize
        self._nonce = nonce.encode()
        self._step = 1

    def evaluate(self, response: bytes) -> bytes:
        if len(response) > MAX_RESPONSE:
            raise SaslFailure(f"a token of {len(response)} bytes")
        step, self._step = self._step, self._step + 1
        if step == 1:
            # Whatever comes with the wish to begin is passed over, as by Java's server.
            realm = self._service.server_name.encode()
            return b'realm="' + realm + b'",nonce="' + self._nonce + b'",charset=utf-8,algorithm=md5-sess'
        if step > 2:
            raise SaslFailure("a token after the end of the exchange")
        return self._last(parse_directives(response))

    def _last(self, given: dict[str, bytes]) -> bytes:
        """Believe a proof, and prove the same."""
        _refuse_numbers_and_kinds(given)
        user, realm = _text(given, "username"), _text(given, "realm", "")
        if not user:
            raise ProtocolViolation("a SASL token with an empty username")
        if realm != self._service.server_name:
            raise SaslFailure("another realm than this server's")
        nonce, cnonce = _needed(given, "nonce"), _needed(given, "cnonce")
        if nonce != self._nonce:
            raise SaslFailure("a proof for another nonce")
        if "nonce-count" in given and _hexadecimal(given["nonce-count"]) != 1:
            raise SaslFailure("a nonce may be used once")
        if given.get("qop", b"auth") != b"auth":
            raise SaslFailure("a quality of protection that is not offered")
        if _text(given, "digest-uri").lower() != self._service.digest_uri.lower():
            raise SaslFailure("a proof for another service")
        proof = _Proof(user, "", realm, nonce, cnonce, given["digest-uri"], given.get("authzid"))
        return self._believe(proof, _needed(given, "response"))

    def _believe(self, claimed: _Proof, response: bytes) -> bytes:
        """The last token for a proof, which stands in `response`; the password of it is not filled in yet."""
        user, authzid = claimed.user, claimed.authzid
        password = self._users.get(user)
        if password is None:
            raise SaslFailure(f"the user {user!r} is not known")
        proof = evolve(claimed, password=password)
        if not hmac.compare_digest(response, proof.response(b"AUTHENTICATE")):
            raise SaslFailure(f"who calls itself {user!r} has not proved that")
        self.authorization_id = self._authorize(user, user if authzid is None else authzid.decode("utf-8", "replace"))
        self.is_complete = True
        return b"rspauth=" + proof.response(b"")


def _refuse_numbers_and_kinds(given: dict[str, bytes]) -> None:
    """What Java's server looks at first: it breaks the connection off where a number is none."""
    if given.get("charset", b"utf-8") != b"utf-8":
        raise SaslFailure("a charset that is not offered")
    if "maxbuf" in given and parse_decimal(given["maxbuf"].decode("latin-1")) is None:
        raise ProtocolViolation("a SASL token with a maxbuf that is no number")


def _needed(given: dict[str, bytes], name: str) -> bytes:
    if name not in given:
        raise SaslFailure(f"a proof without {name}")
    return given[name]


def _text(given: dict[str, bytes], name: str, otherwise: str | None = None) -> str:
    if otherwise is not None and name not in given:
        return otherwise
    return _needed(given, name).decode("utf-8", "replace")


def _hexadecimal(text: bytes) -> int:
    digits = text[1:] if text[:1] in (b"+", b"-") else text
    if not digits.isalnum():
        raise ProtocolViolation("a SASL token with a nonce-count that is no number")
    try:
        return int(text, 16)
    except ValueError:
        raise ProtocolViolation("a SASL token with a nonce-count that is no number") from None


class DigestMd5Client(SaslClient):
    """Logs `user` in; `nonce` is a fresh random text."""

    def __init__(self, service: Service, user: str, password: str, nonce: str) -> None:
        super().__init__()
        self._service = service
        self._user = user
        self._password = password
        self._nonce = nonce
        self._proof: _Proof | None = None

    def evaluate(self, challenge: bytes) -> bytes | None:
        if self.is_complete:
            raise SaslFailure("the server goes on with an exchange that is over")
        given = parse_directives(challenge)
        proof = self._proof
        if proof is None:
            self._proof = proof = self._new_proof(given)
            return self._answer(proof)
        if not hmac.compare_digest(given.get("rspauth", b""), proof.response(b"")):
            raise SaslFailure("the server does not know our password")
        self.is_complete = True
        return None

    def _new_proof(self, given: dict[str, bytes]) -> _Proof:
        realm = given.get("realm", self._service.server_name.encode()).decode("utf-8", "replace")
        uri = self._service.digest_uri.encode()
        return _Proof(self._user, self._password, realm, given.get("nonce", b""), self._nonce.encode(), uri)

    def _answer(self, proof: _Proof) -> bytes:
        fields = (
            (b"charset", b"utf-8"),
            (b"username", quoted(proof.user)),
            (b"realm", quoted(proof.realm)),
            (b"nonce", b'"' + proof.nonce + b'"'),
            (b"nc", _FIRST_USE),
            (b"cnonce", b'"' + proof.cnonce + b'"'),
            (b"digest-uri", b'"' + proof.digest_uri + b'"'),
            (b"maxbuf", b"65536"),
            (b"response", proof.response(b"AUTHENTICATE")),
            (b"qop", b"auth"),
        )
        return b",".join([name + b"=" + value for name, value in fields])


class DigestMd5ServerLogin(ServerLogin):
    """Users with their passwords; `nonce` gives a fresh random text each time."""

    def __init__(
        self, service: Service, users: Mapping[str, str], authorize: Authorize, nonce: Callable[[], str]
    ) -> None:
        self._service = service
        self._users = users
        self._authorize = authorize
        self._nonce = nonce
        self.takes_passwords = True

    def name_of(self, user: str, password: str) -> str:
        expected = self._users.get(user)
        if expected is None or not hmac.compare_digest(_bytes(password), _bytes(expected)):
            raise SaslFailure(f"who calls itself {user!r} has not proved that")
        return self._authorize(user, user)

    def new_server(self) -> SaslServer:
        return DigestMd5Server(self._service, self._users, self._authorize, self._nonce())


class DigestMd5ClientLogin(ClientLogin):
    """One user with its password."""

    def __init__(self, service: Service, user: str, password: str, nonce: Callable[[], str]) -> None:
        self._service = service
        self._user = user
        self._password = password
        self._nonce = nonce

    def new_client(self, host: str) -> SaslClient:
        return DigestMd5Client(self._service, self._user, self._password, self._nonce())


class NoDigestInFipsMode(ServerLogin):
    """Users are there, but 3.9.6 does not speak DIGEST-MD5 in FIPS mode (ZOOKEEPER-4889)."""

    def new_server(self) -> SaslServer:
        return _Refusal()


class _Refusal(SaslServer):
    def evaluate(self, response: bytes) -> bytes:
        raise SaslFailure("DIGEST-MD5 is not spoken in FIPS mode: set fips-mode=false, or use Kerberos")
