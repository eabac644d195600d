"""HostNames: names are looked up beside the event loop, and stay what they were while nobody can be asked.

So an ensemble whose names are known lives through an outage of its name service (Apache's MultipleAddresses keeps the
last addresses too).
"""

import errno
import ipaddress
import logging
import socket
from typing import Final

import trio

logger: Final = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 1.0
"""So long an answer is waited for where an earlier one can take its place."""
LOOKUPS_AT_ONCE: Final = 8


def is_numeric(host: str) -> bool:
    """Whether there is nothing to look up."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


class HostNames:
    """What was heard of each name last."""

    def __init__(self) -> None:
        self._known: dict[str, list[str]] = {}
        # A resolver that does not answer holds its thread for long: those of the disk stay free.
        self._limiter = trio.CapacityLimiter(LOOKUPS_AT_ONCE)

    async def look_up(self, host: str) -> list[str]:
        """The addresses of a host, as numbers; raises OSError for a name that nobody has ever known."""
        if is_numeric(host):
            return [host]
        known = self._known.get(host)
        reason = "no answer"
        with trio.move_on_after(float("inf") if known is None else PATIENCE_SECONDS):
            try:
                self._known[host] = known = await self._ask(host)
            except OSError as error:
                if known is None:
                    raise
                reason = error.strerror or str(error)
            else:
                return known
        assert known is not None
        logger.warning("Cannot look up %s (%s): it is taken for %s as before", host, reason, ", ".join(known))
        return known

    async def _ask(self, host: str) -> list[str]:
        try:
            return await trio.to_thread.run_sync(addresses_of, host, abandon_on_cancel=True, limiter=self._limiter)
        except UnicodeError as error:
            raise OSError(errno.EINVAL, f"{host!r} is not a name: {error}") from error


def addresses_of(host: str) -> list[str]:
    """What the name service says of a host now; raises OSError or UnicodeError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def name_of(address: str) -> str:
    """The name that belongs to an address, empty for none.

    Whoever has an address may give it any name, so a name counts only if it has that address, too (CVE-2026-24281).
    """
    try:
        name = socket.gethostbyaddr(address)[0]
        return name if address in addresses_of(name) else ""
    except (OSError, UnicodeError):
        return ""
