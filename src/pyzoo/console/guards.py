"""What is looked at before anybody's request is: which machine it comes from, and which name it was sent to.

A page of another site can make a browser send requests here. It cannot read the answers, unless its own name begins
to mean this address (DNS rebinding): then the Host header still has that name.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from pyzoo.config.admin_settings import ConsoleSettings

LOCALHOST: Final = "localhost"
ANY_NAME: Final = "*"

ONLY_HERE: Final = "The console answers requests of this machine only; admin.console.remote=true lets in others."
FOREIGN_NAME: Final = (
    "The console does not know itself by this name: ask it by its address, or list the name in admin.console.hosts."
)

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # With no-referrer browsers would not tell the origin of a form either.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Of every answer of the console."""


def refusal_of_place(settings: ConsoleSettings, addresses: list[str], host: str, own_name: str) -> str:
    """Why a request is refused, empty where it is not.

    `addresses` are those that it came from, as far as known; `host` is its Host header, `own_name` what the system
    calls this machine.
    """
    if not settings.remote and not all(is_loopback(address) for address in addresses):
        return ONLY_HERE
    name = host_name(host)
    if name == LOCALHOST or is_loopback(name) or not settings.hosts.isdisjoint({name, ANY_NAME}):
        return ""
    if settings.remote and (name == own_name.lower() or _is_address(name)):
        return ""
    return FOREIGN_NAME


def addresses_of(client: str, headers: Mapping[str, str]) -> list[str]:
    """Where a request comes from: a proxy of this machine may pass on those of others, and says so."""
    found = [client]
    for name in ("X-Forwarded-For", "X-Real-IP"):
        found += [address.strip() for address in headers.get(name, "").split(",") if address.strip()]
    return [*found, "somewhere"] if "Forwarded" in headers else found


def host_name(host: str) -> str:
    """The name in a Host header, in small letters, without port and brackets; empty for one that is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_loopback(address: str) -> bool:
    """Whether an address is of this machine alone."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def _is_address(name: str) -> bool:
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def is_same_origin(origin: str | None, fetch_site: str | None, scheme: str, host: str) -> bool:
    """Whether a change was asked for by a page of this console, as far as the browser tells; scripts tell nothing."""
    if origin is not None:
        return origin.lower() == f"{scheme}://{host}".lower()
    return fetch_site in (None, "same-origin", "none")
