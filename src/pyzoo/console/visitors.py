"""Visitors: who a request is from, and how somebody logs in and out."""

import hashlib
import hmac
import logging
from typing import Final

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from pyzoo.admin.app import certificate_of
from pyzoo.admin.authorization import forwarded_address
from pyzoo.config.settings import ServerConfig
from pyzoo.console.attempts import Attempts
from pyzoo.console.audit import LOGIN, LOGOUT, note
from pyzoo.console.credentials import IP, Credentials, ids_of, name_of
from pyzoo.console.host import ConsoleHost
from pyzoo.console.logins import Login, Logins, hash_of
from pyzoo.console.page_error import PageError
from pyzoo.console.visitor import Visitor, role_of
from pyzoo.jute.records import Id
from pyzoo.server.auth.access_control import with_ids

logger: Final = logging.getLogger(__name__)

COOKIE: Final = "pyzoo-console"
FAILURES_AT_ONCE: Final = 5
FAILURE_REFILL_MS: Final = 12_000
ALL_FAILURES_AT_ONCE: Final = 100
ALL_FAILURES_REFILL_MS: Final = 600
"""The same for everybody together: addresses are easy to get."""
EVERYBODY: Final = ""
BELIEVED_MS: Final = 60_000
"""So long the credentials of a header are believed without another look at all ACLs."""
MOST_BELIEVED: Final = 256


@frozen
class _Believed:
    ids: list[Id]
    until_ms: int


class Visitors:
    """Those of one server; what is random comes from its host."""

    def __init__(self, config: ServerConfig, host: ConsoleHost) -> None:
        self._config = config
        self._host = host
        self._secret = host.random_text().encode()
        self._logins = Logins()
        self._failures = Attempts(FAILURES_AT_ONCE, FAILURE_REFILL_MS)
        self._all_failures = Attempts(ALL_FAILURES_AT_ONCE, ALL_FAILURES_REFILL_MS)
        self._believed: dict[str, _Believed] = {}

    # --- who asks

    async def visitor_of(self, request: Request) -> Visitor:
        """Who sends this. Raises PageError for credentials that are not believed."""
        address = self._address_of(request)
        authorization = request.headers.get("Authorization")
        if authorization is not None:
            ids = await self._ids_of_header(request, authorization, address)
            key = hash_of(" ".join([address, *(f"{id.scheme}:{id.id}" for id in ids)]))
            return self._visitor(ids, address, name_of(self._host, ids) if ids else "", "", f"header {key}")
        login = self._login_of(request)
        if login is not None:
            return self._visitor(login.ids, address, login.name, login.csrf, login.key)
        return self._visitor([], address, "", self._csrf_of_nobody(address), f"address {address}")

    def is_still(self, visitor: Visitor) -> bool:
        """Whether who was this visitor would be so now."""
        is_login = visitor.name and visitor.csrf
        return not is_login or self._logins.is_open(visitor.key, self._now_ms())

    def _visitor(self, gained: list[Id], address: str, name: str, csrf: str, key: str) -> Visitor:
        ids = with_ids([Id("ip", address)], gained)
        console = self._config.admin.console
        role = role_of(self._host.server().access, ids, console.readers, console.writers)
        return Visitor(ids, role, address, name, csrf, key)

    def _address_of(self, request: Request) -> str:
        """The client's, or what a proxy says of it where that is to be believed, as for commands."""
        forwarded = request.headers.get("X-Forwarded-For")
        if self._config.use_x_forwarded_for and forwarded is not None:
            return forwarded_address(forwarded) or ""
        return "" if request.client is None else request.client.host

    def scheme_of(self, request: Request) -> str:
        """`https` also where a proxy has taken TLS off, if what it says is to be believed."""
        told = request.headers.get("X-Forwarded-Proto", "")
        is_told = self._config.use_x_forwarded_for and told in ("http", "https")
        return told if is_told else request.url.scheme

    def _login_of(self, request: Request) -> Login | None:
        token = request.cookies.get(cookie_name(request))
        return None if token is None else self._logins.find(token, self._now_ms())

    def _csrf_of_nobody(self, address: str) -> str:
        """What forms send along before there is a login: nobody else can find it out for this address."""
        return hmac.new(self._secret, address.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    async def _ids_of_header(self, request: Request, authorization: str, address: str) -> list[Id]:
        """`Authorization: SCHEME user:password`, as for commands. Raises PageError."""
        scheme, _, data = authorization.strip().partition(" ")
        if scheme == IP:
            return []
        given = Credentials(scheme, data, address, certificate_of(request))
        key = hash_of(f"{authorization} {address} {given.certificate.hex()}")
        believed, now_ms = self._believed.get(key), self._now_ms()
        if believed is not None and now_ms < believed.until_ms:
            return believed.ids
        ids = await self._believe(given)
        if len(self._believed) >= MOST_BELIEVED:
            self._believed.clear()
        self._believed[key] = _Believed(ids, now_ms + BELIEVED_MS)
        return ids

    def _now_ms(self) -> int:
        return int(self._host.server().now_ms)

    # --- logins

    async def _believe(self, given: Credentials) -> list[Id]:
        """The ids of somebody who proves to have them. Raises PageError, also for who fails too often."""
        now_ms = self._now_ms()
        wait_ms = max(self._failures.wait_ms(given.address, now_ms), self._all_failures.wait_ms(EVERYBODY, now_ms))
        if wait_ms > 0:
            raise PageError(429, "Too many logins have failed.", {"Retry-After": str(wait_ms // 1000 + 1)})
        # Counted before it is known: many at once would all get through otherwise.
        self._failures.count(given.address, now_ms)
        self._all_failures.count(EVERYBODY, now_ms)
        ids = await ids_of(self._config, self._host, given)
        if not ids:
            logger.warning("A login to the console from %s by the scheme %s failed", given.address, ascii(given.scheme))
            note(self._host.server(), LOGIN, [], given.address, False)
            raise PageError(401, "Nobody is known by this name and password.")
        self._failures.take_back(given.address)
        self._all_failures.take_back(EVERYBODY)
        return ids

    async def log_in(self, request: Request, scheme: str, data: str, response: Response) -> None:
        """Let the browser that gets this response be somebody from now on. Raises PageError."""
        address = self._address_of(request)
        ids = await self._believe(Credentials(scheme, data, address, certificate_of(request)))
        before = self._login_of(request)
        if before is not None:
            self._logins.close(before.key)
        name = name_of(self._host, ids)
        token = self._host.random_text()
        self._logins.open(token, self._host.random_text(), ids, name, self._now_ms())
        logger.info("%s has logged in to the console from %s", ascii(name), address)
        note(self._host.server(), LOGIN, ids, address)
        is_secure = self.scheme_of(request) == "https"
        response.set_cookie(cookie_name(request), token, httponly=True, samesite="strict", secure=is_secure)

    def log_out(self, request: Request, visitor: Visitor, response: Response) -> None:
        """The login ends, and the session with which it has changed something."""
        login = self._login_of(request)
        if login is not None:
            self._logins.close(login.key)
            self._host.leave(visitor)
            note(self._host.server(), LOGOUT, login.ids, visitor.address)
        response.delete_cookie(cookie_name(request), httponly=True, samesite="strict")


def cookie_name(request: Request) -> str:
    """Browsers send cookies to all ports of a host, and the members of an ensemble may be on one."""
    server = request.scope.get("server")
    return f"{COOKIE}-{server[1]}" if server else COOKIE
