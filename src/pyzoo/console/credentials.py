"""Credentials: which ids a scheme, with a name and a password or a certificate, stands for.

The schemes are those of clients. As anybody may call himself `digest` anything, such an id has to be one that somebody
knows: an ACL, or one of the lists in the settings. So nobody guesses passwords without being counted.
"""

from typing import Final

from attrs import frozen

from pyzoo.config.settings import ServerConfig
from pyzoo.console.host import ConsoleHost
from pyzoo.console.visitor import is_listed
from pyzoo.errors import ProtocolViolation
from pyzoo.jute.records import Id
from pyzoo.server.auth.provider import SUPER
from pyzoo.server.clients.sasl_logins import ids_of_sasl_name

DIGEST: Final = "digest"
SASL: Final = "sasl"
X509: Final = "x509"
IP: Final = "ip"
ACLS_AT_ONCE: Final = 1000


@frozen
class Credentials:
    """`data` is `user:password` for most schemes; `certificate`, DER, is what was shown over TLS, if anything."""

    scheme: str
    data: str
    address: str
    certificate: bytes = b""


def schemes(config: ServerConfig, host: ConsoleHost, has_certificate: bool) -> list[str]:
    """Those that somebody can log in by."""
    found = [DIGEST] if DIGEST in host.server().access.providers else []
    if config.client_login is not None and config.client_login.takes_passwords:
        found.append(SASL)
    if has_certificate and X509 in host.server().access.providers:
        found.append(X509)
    return found + [provider.scheme for provider in config.custom_auth_providers]


async def ids_of(config: ServerConfig, host: ConsoleHost, given: Credentials) -> list[Id]:
    """The ids that these stand for; none where they are not believed."""
    if given.scheme == SASL:
        return _sasl_ids(config, given.data)
    provider = host.server().access.providers.get(given.scheme)
    if provider is None or given.scheme == IP:
        return []
    certificate = given.certificate
    if certificate and not await host.vouches_for(certificate):
        certificate = b""
    ids = provider.authenticate_operator(given.data.encode("utf-8", "replace"), given.address, certificate)
    if given.scheme == DIGEST and not await _is_known(config, host, ids):
        return []
    return ids


def _sasl_ids(config: ServerConfig, data: str) -> list[Id]:
    """As for a client that proves the same password by DIGEST-MD5."""
    user, _, password = data.partition(":")
    login = config.client_login
    if login is None or not login.takes_passwords:
        return []
    try:
        return ids_of_sasl_name(login.name_of(user, password), config.sasl_super_users)
    except ProtocolViolation:
        return []


async def _is_known(config: ServerConfig, host: ConsoleHost, ids: list[Id]) -> bool:
    """Whether one of the ids means something here."""
    console = config.admin.console
    server = host.server()
    named = [entry for entry in (*console.readers, *console.writers) if entry[0] == DIGEST]
    if is_listed(server.access, ids, named):
        return True
    provider = server.access.providers[DIGEST]
    own = [id.id or "" for id in ids if id.scheme == DIGEST]
    acls = server.tree.acl_cache.items()
    for at in range(0, len(acls), ACLS_AT_ONCE):
        for _, acl in acls[at : at + ACLS_AT_ONCE]:
            if any(entry.scheme == DIGEST and provider.matches(id, entry.id or "") for entry in acl for id in own):
                return True
        await host.pause()
    return False


def name_of(host: ConsoleHost, ids: list[Id]) -> str:
    """How a page calls somebody with these ids."""
    access = host.server().access
    names = [f"{id.scheme} {access.user_name(id) or id.id}" for id in ids if id.scheme != SUPER]
    supers = ["super"] if any(id.scheme == SUPER for id in ids) else []
    return ", ".join(supers + names)
