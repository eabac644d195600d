"""Protocols and cipher suites: the names that Java has for them, and those of OpenSSL.

Java refuses a name that it does not know. Of those that it knows it never uses what its security policy forbids
(`jdk.tls.disabledAlgorithms`), and that is left out here, too.
"""

import re
from typing import Final

from attrs import frozen

TLS_1_2: Final = "TLSv1.2"
TLS_1_3: Final = "TLSv1.3"
PROTOCOLS: Final = (TLS_1_3, TLS_1_2)
FORBIDDEN_PROTOCOLS: Final = ("TLSv1.1", "TLSv1", "SSLv3", "SSLv2Hello")
"""Known to Java, and switched off by its security policy."""

SUITES_OF_TLS_1_3: Final = ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256")
SIGNALS: Final = frozenset({"TLS_EMPTY_RENEGOTIATION_INFO_SCSV"})
"""Stand among the suites and are none."""

_EXCHANGES: Final = {
    "ECDHE_ECDSA": "ECDHE-ECDSA-",
    "ECDHE_RSA": "ECDHE-RSA-",
    "DHE_RSA": "DHE-RSA-",
    "RSA": "",
}
_CIPHERS: Final = {
    "AES_256_GCM_SHA384": "AES256-GCM-SHA384",
    "AES_128_GCM_SHA256": "AES128-GCM-SHA256",
    "CHACHA20_POLY1305_SHA256": "CHACHA20-POLY1305",
    "AES_256_CBC_SHA384": "AES256-SHA384",
    "AES_256_CBC_SHA256": "AES256-SHA256",
    "AES_128_CBC_SHA256": "AES128-SHA256",
    "AES_256_CBC_SHA": "AES256-SHA",
    "AES_128_CBC_SHA": "AES128-SHA",
}
_UNUSED: Final = re.compile(
    r"(TLS|SSL)_((EC)?DHE?_(RSA|ECDSA|DSS|anon)|RSA|KRB5|NULL)(_EXPORT)?_WITH_"
    r"(NULL|RC4|DES|DES40|RC2|3DES|AES|CHACHA20|CAMELLIA)_?[A-Z0-9_]*"
)
"""Others that Java knows, or has known: without encryption, with broken ciphers, with keys that OpenSSL gave up."""

CLIENT_SUITES: Final = (
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    *SUITES_OF_TLS_1_3,
)
"""What the client port of 3.9.6 offers when nothing is set, in its order: that of Netty."""

JDK_SUITES: Final = (
    *SUITES_OF_TLS_1_3,
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
    "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
)
"""What members of 3.9.6 offer when nothing is set: the list of Java 17, without what OpenSSL has given up."""

_LEFT_OUT_OVER_HTTP: Final = re.compile(r".*_SHA|TLS_RSA_.*")
"""What Jetty excludes (SslContextFactory), also where it is named."""


@frozen
class Suites:
    """A choice of suites: those of TLS 1.3 by Java's names, those before it by OpenSSL's, in their order."""

    tls_1_3: tuple[str, ...]
    older: tuple[str, ...]


def openssl_name(name: str) -> str | None:
    """OpenSSL's name of a suite before TLS 1.3; None for one that is never used, or unknown."""
    exchange, _, cipher = name.removeprefix("TLS_").partition("_WITH_")
    if not name.startswith("TLS_") or exchange not in _EXCHANGES or cipher not in _CIPHERS:
        return None
    return _EXCHANGES[exchange] + _CIPHERS[cipher]


def is_known_suite(name: str) -> bool:
    """Whether Java takes the name, or has done so."""
    return name in SUITES_OF_TLS_1_3 or name in SIGNALS or _UNUSED.fullmatch(name) is not None


def is_used_suite(name: str) -> bool:
    """Whether connections can be made with it."""
    return name in SUITES_OF_TLS_1_3 or openssl_name(name) is not None


def suites_of(names: tuple[str, ...]) -> Suites:
    """The suites of these names that are used."""
    older = tuple(filter(None, map(openssl_name, names)))
    return Suites(tuple(name for name in names if name in SUITES_OF_TLS_1_3), older)


def over_http(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those that the AdminServer offers."""
    return tuple(name for name in names if not _LEFT_OUT_OVER_HTTP.fullmatch(name))
