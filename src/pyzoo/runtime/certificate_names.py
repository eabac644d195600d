"""Whether a certificate is that of a host: its address first, then its name (ZKTrustManager, ZKHostnameVerifier)."""

import ipaddress
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

Certificate = Mapping[str, Any]
"""What `ssl.SSLObject.getpeercert` returns."""


def is_certificate_of(certificate: Certificate, address: str, name: str) -> bool:
    """Whether it names this address, or this host name, which is empty where it is not known or must not be asked for.

    The common name counts only where there are no alternative names.
    """
    alternatives = certificate.get("subjectAltName", ())
    if alternatives:
        addresses = [value for kind, value in alternatives if kind == "IP Address"]
        names = [value for kind, value in alternatives if kind == "DNS"]
    else:
        names = [value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"]
        addresses = names
    if any(same_address(each, address) for each in addresses):
        return True
    return bool(name) and any(matches(each, name) for each in names)


def same_address(one: str, other: str) -> bool:
    """Whether both texts are the same address; what is no address is none's."""
    with suppress(ValueError):
        return ipaddress.ip_address(one) == ipaddress.ip_address(other.partition("%")[0])
    return False


def matches(pattern: str, name: str) -> bool:
    """Whether a name of a certificate means a host name; `*` stands for one label, the first."""
    wanted, given = pattern.lower().rstrip("."), name.lower().rstrip(".")
    if wanted.startswith("*."):
        return wanted[2:] == given.partition(".")[2] and wanted.count(".") > 1
    return wanted == given
