"""Kerberos by the library `gssapi`: credentials from keytabs and ticket caches, and contexts for SASL.

Every call may read files, and for whoever begins a context ask a KDC, so none of it is for the event loop.
"""

import os
import socket
from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from pyzoo.errors import ConfigError, SaslFailure
from pyzoo.sasl.gssapi import GssapiClient, GssapiServer, SecurityContext
from pyzoo.sasl.kerberos_name import parse_name
from pyzoo.sasl.mechanism import Authorize, ClientLogin, SaslClient, SaslServer, ServerLogin

INSTALL: Final = 'Kerberos needs the library gssapi: pip install "pyzoo-server[kerberos]"'
KRB5_CONFIG: Final = "KRB5_CONFIG"


def load_gssapi() -> Any:
    """The library; raises ConfigError where it is not installed, or cannot be loaded."""
    try:
        import gssapi
    except (ImportError, OSError) as error:
        raise ConfigError(f"{INSTALL} ({error})") from error
    return gssapi


def use_krb5_conf(path: str | None) -> None:
    """Let Kerberos read its configuration there; for the whole process, for it takes the place from its environment."""
    if path is not None:
        os.environ[KRB5_CONFIG] = path


def default_realm() -> str:
    """The realm of krb5.conf, empty where there is none, or no library to look there."""
    try:
        gssapi = load_gssapi()
        name = _principal("x").canonicalize(gssapi.MechType.kerberos)
    except Exception:
        return ""
    return str(name).rpartition("@")[2]


@frozen
class Keys:
    """Whose credentials, and from where: a ticket cache, or else a keytab; empty is where Kerberos looks by itself.

    An empty principal is that of the ticket cache.
    """

    principal: str
    keytab: str = ""
    ticket_cache: str | None = None

    def store(self) -> dict[str, str]:
        """Where tickets are found; those of a keytab are kept in memory."""
        if self.ticket_cache is not None:
            return {"ccache": self.ticket_cache} if self.ticket_cache else {}
        found = {"ccache": f"MEMORY:{self.principal}"}
        return {**found, "client_keytab": self.keytab} if self.keytab else found


class AcceptorLogin(ServerLogin):
    """Clients with a ticket for the principal of `keys`; raises ConfigError where the keytab has no key of it."""

    def __init__(self, keys: Keys, authorize: Authorize) -> None:
        gssapi = load_gssapi()
        self._authorize = authorize
        try:
            self._credentials = _acquire(keys, "accept", {"keytab": keys.keytab} if keys.keytab else {})
        except gssapi.exceptions.GSSError as error:
            raise ConfigError(f"no key of {keys.principal}: {reason_of(error)}", keys.keytab or None) from None

    def new_server(self) -> SaslServer:
        gssapi = load_gssapi()
        return GssapiServer(_Context(gssapi.SecurityContext(creds=self._credentials, usage="accept")), self._authorize)


class InitiatorLogin(ClientLogin):
    """Tickets of a principal, for servers whose principal is `service`, with `_HOST` for their host.

    They are got when they are needed, and again before they are over. The service is in `realm`, or that of the
    principal where it is empty. With `canonicalizes` the DNS is asked for the full name of the host first.
    """

    waits = True

    def __init__(self, keys: Keys, service: str, realm: str = "", canonicalizes: bool = False) -> None:
        load_gssapi()
        self._keys = keys
        self._service = service
        self._realm = realm
        self._canonicalizes = canonicalizes

    def new_client(self, host: str) -> SaslClient:
        gssapi = load_gssapi()
        keys = self._keys
        host = canonical_name(host) if self._canonicalizes else host
        try:
            credentials = _acquire(keys, "initiate", keys.store())
            realm = self._realm or str(credentials.name).rpartition("@")[2]
            context = gssapi.SecurityContext(
                name=_principal(service_principal(self._service, host, realm)),
                creds=credentials,
                mech=gssapi.MechType.kerberos,
                flags=[
                    gssapi.RequirementFlag.mutual_authentication,
                    gssapi.RequirementFlag.integrity,
                    gssapi.RequirementFlag.out_of_sequence_detection,
                ],
                usage="initiate",
            )
        except gssapi.exceptions.GSSError as error:
            raise SaslFailure(reason_of(error)) from None
        return GssapiClient(_Context(context))


def canonical_name(host: str) -> str:
    """The name that the DNS has for the address of a host, or the host itself (QuorumPeer.QuorumServer)."""
    try:
        address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0]
        name = socket.gethostbyaddr(str(address))[0]
    except OSError:
        return host
    return host if name == address else name


def is_service(name: str) -> bool:
    """Whether it is `service/host`, with a realm or without."""
    return "/" in name and parse_name(name) is not None


def service_principal(service: str, host: str, realm: str) -> str:
    """The principal of the server on a host (SecurityUtils.getServerPrincipal, createSaslClient)."""
    first, _, rest = service.partition("/")
    if rest == "_HOST":
        service = f"{first}/{host.lower()}"
    return service if "@" in service else f"{service}@{realm}"


class _Context(SecurityContext):
    """A context of the library."""

    def __init__(self, context: Any) -> None:
        # Whoever is refused is told no reason.
        context.__DEFER_STEP_ERRORS__ = False
        self._context = context
        self._error: type[Exception] = load_gssapi().exceptions.GSSError

    def step(self, token: bytes) -> bytes | None:
        try:
            answer: bytes | None = self._context.step(token or None)
        except self._error as error:
            raise SaslFailure(reason_of(error)) from None
        self.is_established = bool(self._context.complete)
        return answer

    def peer(self) -> str:
        return str(self._context.initiator_name)

    def wrap(self, data: bytes) -> bytes:
        try:
            return bytes(self._context.wrap(data, False).message)
        except self._error as error:
            raise SaslFailure(reason_of(error)) from None

    def unwrap(self, data: bytes) -> bytes:
        try:
            return bytes(self._context.unwrap(data).message)
        except self._error as error:
            raise SaslFailure(reason_of(error)) from None


def reason_of(error: Exception) -> str:
    """What the library says, in one line; names in it may be what a client has sent."""
    return " ".join("".join(each if each.isprintable() else " " for each in str(error)).split())


def _principal(name: str) -> Any:
    gssapi = load_gssapi()
    return gssapi.Name(name, gssapi.NameType.kerberos_principal)


def _acquire(keys: Keys, usage: str, store: Mapping[str, str]) -> Any:
    gssapi = load_gssapi()
    mechanisms = [gssapi.MechType.kerberos]
    name = _principal(keys.principal) if keys.principal else None
    return gssapi.Credentials(name=name, usage=usage, store=dict(store), mechs=mechanisms)
