"""Who a connection is, and what it may do: authentication providers and ACL checks.

The rules are PrepRequestProcessor.fixupACL, ZooKeeperServer.checkACL and the providers of server.auth.
"""

import hashlib
import hmac
from base64 import b64encode
from typing import Final, final

from mypy_extensions import i32

from pyzoo.datatree.acl import READ
from pyzoo.datatree.java_order import id_set_order
from pyzoo.errors import INVALIDACL, MARSHALLINGERROR, ConfigError, KeeperError
from pyzoo.jute.records import ACL, Id
from pyzoo.server.metrics import ServerMetrics

WORLD: Final = "world"
ANYONE: Final = "anyone"
SUPER: Final = "super"

OK: Final = 0
FAILED: Final = 1
CLOSE: Final = 2
"""Close without an answer (the ensemble scheme's answer to a wrong name)."""


@final
class AuthOutcome:
    """What became of an auth packet: OK, FAILED or CLOSE, and the ids that the connection gains."""

    def __init__(self, status: int, ids: list[Id]) -> None:
        self.status = status
        self.ids = ids


REFUSED: Final = AuthOutcome(FAILED, [])


def with_ids(ids: list[Id], gained: list[Id]) -> list[Id]:
    """The identities of a connection after an auth packet, in the order in which Apache lists them."""
    return id_set_order(ids, gained)


class AuthenticationProvider:
    """One scheme. The base class is a scheme that nobody can use an auth packet with."""

    scheme = ""

    def authenticate(self, data: bytes | None, address: str) -> AuthOutcome:
        """Judge the data of an auth packet."""
        return REFUSED

    def is_authenticated(self) -> bool:
        """Whether ids of this scheme stand for `auth` in an ACL."""
        return True

    def is_valid(self, id: str) -> bool:
        """Whether an ACL may name this id."""
        raise NotImplementedError

    def matches(self, id: str, acl_id: str) -> bool:
        """Whether a connection with `id` is meant by an ACL entry for `acl_id`."""
        return id == acl_id

    def user_name(self, id: str) -> str:
        """The form that whoAmI shows."""
        return id


@final
class DigestAuthenticationProvider(AuthenticationProvider):
    """user:password, kept as user:base64(hash(user:password))."""

    def __init__(self, algorithm: str, super_digest: str | None) -> None:
        self.scheme = "digest"
        self.hash_name = python_hash_name(algorithm)
        self.super_digest = super_digest

    def authenticate(self, data: bytes | None, address: str) -> AuthOutcome:
        if data is None:
            return REFUSED
        text = data.decode("utf-8", "replace")
        id = self.digest_of(text)
        ids = [Id("digest", id)]
        if self.super_digest is not None and same_secret(id, self.super_digest):
            ids.insert(0, Id(SUPER, ""))
        return AuthOutcome(OK, ids)

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

    def user_name(self, id: str) -> str:
        return id.split(":", 1)[0]


def same_secret(given: str, expected: str) -> bool:
    """Whether two texts are the same; how long it takes does not tell how much of them is."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass"))


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


@final
class IPAuthenticationProvider(AuthenticationProvider):
    """Addresses, with an optional number of leading bits."""

    def __init__(self) -> None:
        self.scheme = "ip"

    def authenticate(self, data: bytes | None, address: str) -> AuthOutcome:
        return AuthOutcome(OK, [])

    def is_authenticated(self) -> bool:
        return False

    def is_valid(self, id: str) -> bool:
        return _parse_network(id) is not None

    def matches(self, id: str, acl_id: str) -> bool:
        network = _parse_network(acl_id)
        own = _parse_address(id.split("%", 1)[0])
        if network is None or own is None or network[1] != own[1]:
            return False
        drop = own[1] - network[2]
        return own[0] >> drop == network[0] >> drop


def _java_int(text: str) -> int | None:
    """Integer.parseInt: a sign and digits, of any script, nothing else."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not digits.isdecimal() or len(digits) > 10:
        return None
    return int(text)


def _parse_address(text: str) -> tuple[int, int] | None:
    """(value, bits) of an address as IPAuthenticationProvider reads it, or None."""
    if ":" in text:
        return _parse_ipv6(text)
    parts = text.split(".")
    if len(parts) != 4:
        return None
    value = 0
    for part in parts:
        octet = _java_int(part)
        if octet is None or not 0 <= octet <= 255:
            return None
        value = value << 8 | octet
    return value, 32


def _parse_ipv6(text: str) -> tuple[int, int] | None:
    halves = text.split("::")
    if len(halves) > 2:
        return None
    groups: list[list[int]] = []
    for half in halves:
        parsed: list[int] = []
        for group in half.split(":") if half else []:
            value = _parse_group(group)
            if value is None:
                return None
            parsed.append(value)
        groups.append(parsed)
    if len(halves) == 2:
        missing = 8 - len(groups[0]) - len(groups[1])
        if missing < 1:
            return None
        groups[0] += [0] * missing + groups[1]
    if len(groups[0]) != 8:
        return None
    value = 0
    for group_value in groups[0]:
        value = value << 16 | group_value
    return value, 128


def _parse_group(text: str) -> int | None:
    """One to four characters of signed hex: the sign is a quirk that Apache accepts."""
    if not 1 <= len(text) <= 4:
        return None
    digits = text[1:] if text[0] in "+-" else text
    if not digits:
        return None
    for character in digits:
        if character not in "0123456789abcdefABCDEF":
            return None
    return int(text, 16) & 0xFFFF


def _parse_network(text: str) -> tuple[int, int, int] | None:
    """(value, bits of the family, bits to compare), or None when it is not valid."""
    address, slash, bits_text = text.partition("/")
    parsed = _parse_address(address)
    if parsed is None:
        return None
    bits: int | None = parsed[1]
    if slash:
        bits = _java_int(bits_text)
    if bits is None or not 0 <= bits <= parsed[1]:
        return None
    return parsed[0], parsed[1], bits


@final
class SASLAuthenticationProvider(AuthenticationProvider):
    """Ids that a SASL exchange gives; here only as names in ACLs."""

    def __init__(self, let_any_user_do: str | None) -> None:
        self.scheme = "sasl"
        self.let_any_user_do = let_any_user_do

    def is_valid(self, id: str) -> bool:
        if "@" not in id:
            return True
        name, _, realm = id.rpartition("@")
        parts = name.split("/")
        return len(parts) <= 2 and all(parts) and bool(realm) and "@" not in name and "/" not in realm

    def matches(self, id: str, acl_id: str) -> bool:
        return id == SUPER or id == acl_id or (self.let_any_user_do is not None and acl_id == self.let_any_user_do)


@final
class EnsembleAuthenticationProvider(AuthenticationProvider):
    """Clients name the ensemble that they mean; a wrong name closes the connection."""

    def __init__(self, names: frozenset[str], metrics: ServerMetrics) -> None:
        self.scheme = "ensemble"
        self.names = names
        self.metrics = metrics

    def authenticate(self, data: bytes | None, address: str) -> AuthOutcome:
        if not data or not self.names:
            self.metrics.ensemble_auth_skip += 1
        elif data.decode("utf-8", "replace") in self.names:
            self.metrics.ensemble_auth_success += 1
        else:
            self.metrics.ensemble_auth_fail += 1
            return AuthOutcome(CLOSE, [])
        return AuthOutcome(OK, [])

    def is_authenticated(self) -> bool:
        return False

    def is_valid(self, id: str) -> bool:
        return False

    def matches(self, id: str, acl_id: str) -> bool:
        return False


@final
class AccessControl:
    """The providers of this server and the checks that use them."""

    def __init__(self, providers: list[AuthenticationProvider], skip_acl: bool) -> None:
        self.providers: dict[str, AuthenticationProvider] = {provider.scheme: provider for provider in providers}
        self.skip_acl = skip_acl

    def allows(self, acl: list[ACL], wanted: i32, ids: list[Id]) -> bool:
        """Whether a connection with these ids has one of the wanted permissions (ZooKeeperServer.checkACL)."""
        if self.skip_acl or not acl:
            return True
        for id in ids:
            if id.scheme == SUPER:
                return True
        for entry in acl:
            if entry.perms & wanted and self._entry_matches(entry, ids):
                return True
        return False

    def may_read(self, acl: list[ACL], ids: list[Id]) -> bool:
        """Whether these ids may read."""
        return self.allows(acl, READ, ids)

    def _entry_matches(self, entry: ACL, ids: list[Id]) -> bool:
        scheme, acl_id = entry.scheme, entry.id
        if scheme == WORLD and acl_id == ANYONE:
            return True
        if scheme is None or acl_id is None:
            return False
        provider = self.providers.get(scheme)
        if provider is None:
            return False
        for id in ids:
            if id.scheme == scheme and id.id is not None and provider.matches(id.id, acl_id):
                return True
        return False

    def fixup(self, acl: list[ACL] | None, ids: list[Id]) -> list[ACL]:
        """The ACL to store: duplicates dropped, `auth` replaced by the connection's ids.

        Raises KeeperError INVALIDACL, or MARSHALLINGERROR for a null id (PrepRequestProcessor.fixupACL).
        """
        if not acl:
            raise KeeperError(INVALIDACL)
        if len(acl) == 1 and acl[0].scheme == WORLD and acl[0].id == ANYONE:
            return acl
        seen: dict[ACL, None] = dict.fromkeys(acl)
        fixed: list[ACL] = []
        for entry in seen:
            self._fixup_entry(entry, ids, fixed)
        return fixed

    def _fixup_entry(self, entry: ACL, ids: list[Id], fixed: list[ACL]) -> None:
        scheme, acl_id = entry.scheme, entry.id
        if scheme is None:
            raise KeeperError(INVALIDACL)
        if scheme == WORLD:
            if acl_id is None:
                raise KeeperError(MARSHALLINGERROR)
            if acl_id != ANYONE:
                raise KeeperError(INVALIDACL)
            fixed.append(entry)
        elif scheme == "auth":
            found = False
            for id in ids:
                provider = self.providers.get(id.scheme or "")
                if provider is not None and provider.is_authenticated():
                    fixed.append(ACL(entry.perms, id.scheme, id.id))
                    found = True
            if not found:
                raise KeeperError(INVALIDACL)
        else:
            provider = self.providers.get(scheme)
            if provider is None:
                raise KeeperError(INVALIDACL)
            if acl_id is None:
                raise KeeperError(MARSHALLINGERROR)
            if not provider.is_valid(acl_id):
                raise KeeperError(INVALIDACL)
            fixed.append(entry)

    def user_name(self, id: Id) -> str:
        """The name of an identity as whoAmI shows it."""
        provider = self.providers.get(id.scheme or "")
        text = id.id or ""
        return text if provider is None else provider.user_name(text)
