"""Hosts as they stand in settings: names, IPv4, and IPv6 with or without brackets (InetAddress.getByName)."""

from ipaddress import IPv6Address
from typing import Final

ANY_HOST: Final = "0.0.0.0"
_ANY: Final = ("", ANY_HOST, "::", "0:0:0:0:0:0:0:0")


def bare_host(text: str) -> str:
    """The host without the brackets of an IPv6 literal; raises ValueError for brackets around anything else."""
    if not text.startswith("[") and "]" not in text:
        return text
    if not text.startswith("[") or not text.endswith("]"):
        raise ValueError("the brackets of an IPv6 address belong around all of it")
    host = text[1:-1]
    try:
        address = IPv6Address(host)
    except ValueError:
        raise ValueError("only an IPv6 address stands in brackets") from None
    # The system takes a zone only where it means something, Java everywhere.
    return host if address.is_link_local else host.partition("%")[0]


def is_any_host(host: str) -> bool:
    """Whether this stands for all addresses of a machine, of both families as in Java."""
    return host in _ANY
