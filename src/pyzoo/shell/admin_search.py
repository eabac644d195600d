"""Which admin servers a command asks: those that somebody names, else that of the server the shell is connected to."""

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import evolve, field, frozen

from pyzoo.config.hosts import ANY_HOST
from pyzoo.config.membership import members_of_text
from pyzoo.errors import ConfigError, KeeperError
from pyzoo.shell.admin_port import DEFAULT_PORT, AdminFailure, AdminPort, AdminUrl
from pyzoo.shell.client import ZooKeeper
from pyzoo.shell.errors import ShellError
from pyzoo.shell.failures import NO_TLS
from pyzoo.shell.printer import Printer
from pyzoo.shell.security import NOT_SAFE, Security

VARIABLE: Final = "PYZOO_ADMIN"


OF_OTHERS_S: Final = 3.0
"""How long a member is waited for that nobody has named."""


def member_hosts(zk: ZooKeeper) -> list[str]:
    """The host of each member of the ensemble, as far as the configuration tells them."""
    try:
        data, _ = zk.get_config()
        members = members_of_text((data or b"").decode("utf-8", "replace"))
    except (ConfigError, KeeperError):
        return []
    return [server.addresses[0].host for server in members.servers]


@frozen
class AdminSearch:
    """`given` is the option of the shell; without it the environment, then a guess by the connection."""

    given: str | None = None
    environment: Mapping[str, str] = field(factory=dict, repr=False)
    security: Security = field(default=NOT_SAFE, repr=False)

    def port(self, option: str | None, zk: ZooKeeper, printer: Printer) -> AdminPort:
        """The first of them. Raises as `ports`."""
        return self.ports(option, zk, printer)[0] if self.is_named(option) else self._guess(zk, printer)

    def ports(self, option: str | None, zk: ZooKeeper, printer: Printer) -> Sequence[AdminPort]:
        """All that are to be asked, at least one; without a name those of all members.

        Raises ShellError, and KeeperError where a guess needs a server.
        """
        text = option or self.given or self.environment.get(VARIABLE)
        if text:
            urls = [AdminUrl.parse(each.strip()) for each in text.split(",") if each.strip()]
            if not urls:
                raise ShellError("--admin: give at least one URL")
            return [self._port(url, zk, printer) for url in urls]
        own = self._guess(zk, printer)
        others = [host for host in dict.fromkeys(member_hosts(zk)) if host not in (own.url.host, ANY_HOST)]
        ports = [self._port(AdminUrl(host, own.url.port, own.url.is_secure), zk, printer) for host in others]
        return [own, *(evolve(port, timeout_s=OF_OTHERS_S) for port in ports)]

    def is_named(self, option: str | None) -> bool:
        """Whether somebody has said whom to ask."""
        return bool(option or self.given or self.environment.get(VARIABLE))

    def _guess(self, zk: ZooKeeper, printer: Printer) -> AdminPort:
        """Where a shell speaks TLS, TLS is tried first."""
        zk.exists("/")
        host = zk.session.server[0]
        if self.security.tls is None:
            return self._port(AdminUrl(host, DEFAULT_PORT), zk, printer)
        secure = self._port(AdminUrl(host, DEFAULT_PORT, is_secure=True), zk, printer)
        try:
            secure.command("ruok")
        except AdminFailure as error:
            if NO_TLS in str(error):
                return self._port(AdminUrl(host, DEFAULT_PORT), zk, printer)
        return secure

    def _port(self, url: AdminUrl, zk: ZooKeeper, printer: Printer) -> AdminPort:
        """Whoever has TLS with servers gives no password away without it."""
        if url.is_secure and self.security.tls is None:
            raise ShellError(
                f"--admin {url}: TLS needs zookeeper.client.secure=true and zookeeper.ssl.trustStore.location"
            )
        known = zk.session.credentials()
        open_to_all = self.security.tls is not None and not url.is_secure
        if known is not None and open_to_all:
            printer.note(f"{url} is asked without the credentials of this shell, as it has no TLS")
        return AdminPort(url, printer.note, self.security.tls, None if open_to_all else known)
