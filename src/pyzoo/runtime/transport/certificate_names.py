"""Whether a certificate is that of a host: by the rules of the JDK, which count in FIPS mode, or those of ZooKeeper.

(HostnameChecker of the JDK, and ZKTrustManager with ZKHostnameVerifier.) The rules differ in what comes without
alternative names, and in odd names. A name that was found by a reverse look-up counts only for ZooKeeper's, and only
where that name has the address, too.
"""

import ipaddress
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, final

Certificate = Mapping[str, Any]
"""What `ssl.SSLObject.getpeercert` returns."""

_HOST_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.IGNORECASE)


def refused(reason: str) -> ssl.SSLCertVerificationError:
    """The error for a certificate; with a reason alone its text would be that of a tuple."""
    return ssl.SSLCertVerificationError(ssl.SSL_ERROR_SSL, reason)


@final
class PeerCheck:
    """What the other end's certificate has to be for: its address and its name, which is empty where it has none."""

    def __init__(self, address: str, name: str, by_jdk: bool) -> None:
        self._address = address
        self._name = name
        self._by_jdk = by_jdk

    def check(self, certificate: Certificate) -> None:
        """Raise ssl.SSLCertVerificationError for the certificate of another host."""
        address, name = self._address, self._name
        if not is_certificate_of(certificate, address, name, self._by_jdk):
            raise refused(f"the certificate of {address}{f' ({name})' if name else ''} is that of another host")


def is_certificate_of(certificate: Certificate, address: str, name: str, by_jdk: bool = True) -> bool:
    """Whether it is for a host; for the JDK that is one of these, the name if there is one, for ZooKeeper both."""
    if by_jdk:
        return jdk_accepts(certificate, name or address)
    return zookeeper_accepts(certificate, address) or (bool(name) and zookeeper_accepts(certificate, name))


def zookeeper_accepts(certificate: Certificate, host: str) -> bool:
    """Whether it is for this address or name; the common name counts where there are no others."""
    alternatives = certificate.get("subjectAltName", ())
    if not any(kind in ("DNS", "IP Address") for kind, _ in alternatives):
        common_name = common_name_of(certificate)
        return common_name is not None and _fits_with_one_wildcard(host.lower(), common_name.lower())
    if is_address(host):
        return any(kind == "IP Address" and same_address(value, host) for kind, value in alternatives)
    return any(kind == "DNS" and _fits_with_one_wildcard(host.lower(), value.lower()) for kind, value in alternatives)


def jdk_accepts(certificate: Certificate, host: str) -> bool:
    """Whether it is for this address, which never is a common name, or for this name."""
    alternatives = certificate.get("subjectAltName", ())
    if is_address(host):
        return any(kind == "IP Address" and same_address(value, host) for kind, value in alternatives)
    if not _HOST_NAME.fullmatch(host):
        return False
    names = [value for kind, value in alternatives if kind == "DNS"]
    if not names:
        common_name = common_name_of(certificate)
        names = [] if common_name is None else [common_name]
    return any(_fits_label_by_label(host.lower(), name.lower()) for name in names)


def common_name_of(certificate: Certificate) -> str | None:
    """The last, which is the most specific one."""
    names = [value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"]
    return names[-1] if names else None


def is_address(host: str) -> bool:
    """Whether it is a number, with or without brackets and scope."""
    with suppress(ValueError):
        ipaddress.ip_address(_bare(host))
        return True
    return False


def is_valid_at(certificate: Certificate, wall_seconds: float) -> bool:
    """Whether it is valid at a time since 1970."""
    begin, end = certificate.get("notBefore"), certificate.get("notAfter")
    if begin is None or end is None:
        return False
    return ssl.cert_time_to_seconds(begin) <= wall_seconds <= ssl.cert_time_to_seconds(end)


def same_address(one: str, other: str) -> bool:
    """Whether both texts are the same address; what is no address is none's."""
    with suppress(ValueError):
        return ipaddress.ip_address(one.strip()) == ipaddress.ip_address(_bare(other))
    return False


def _bare(host: str) -> str:
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    return host.partition("%")[0]


def _fits_with_one_wildcard(host: str, pattern: str) -> bool:
    """The first asterisk stands for what has no dot; others for themselves."""
    before, asterisk, after = pattern.partition("*")
    if not asterisk:
        return host == pattern
    if len(host) < len(before) + len(after) or not (host.startswith(before) and host.endswith(after)):
        return False
    return "." not in host[len(before) : len(host) - len(after)]


def _fits_label_by_label(host: str, pattern: str) -> bool:
    """Asterisks stand for what has no dot, but not for the last label."""
    labels, patterns = host.split("."), pattern.split(".")
    if len(labels) != len(patterns) or "*" in patterns[-1]:
        return False
    return all(
        re.fullmatch(".*".join(map(re.escape, each.split("*"))), label)
        for label, each in zip(labels, patterns, strict=True)
    )
