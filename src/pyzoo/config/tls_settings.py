"""Settings of TLS, for the client port (`ssl.`) and for members and the AdminServer (`ssl.quorum.`).

They are only read here; whoever makes the TLS connections opens the stores, and refuses bad ones. A value that Apache's
server takes and then refuses every connection for is an error here, as long as somebody is to connect.
"""

from typing import Final

from attrs import field, frozen

from pyzoo.config.cipher_suites import (
    FORBIDDEN_PROTOCOLS,
    PROTOCOLS,
    SUITES_OF_TLS_1_3,
    TLS_1_2,
    TLS_1_3,
    is_known_suite,
    is_used_suite,
    suites_of,
)
from pyzoo.config.reader import ConfigReader
from pyzoo.errors import ConfigError

CLIENTS: Final = "ssl."
MEMBERS: Final = "ssl.quorum."
METRICS: Final = "metricsProvider.ssl."

_EXTENSIONS: Final = {".jks": "JKS", ".pem": "PEM", ".p12": "PKCS12", ".bcfks": "BCFKS"}
_SSL_PROVIDERS: Final = ("JDK", "OPENSSL", "OPENSSL_REFCNT")
_PROTOCOL_NAMES: Final = {TLS_1_2: (TLS_1_2,), TLS_1_3: PROTOCOLS, "TLS": PROTOCOLS, "SSL": PROTOCOLS}
"""What each `protocol` enables, in Java's words for contexts."""


@frozen
class TlsStore:
    """A key store or trust store: where it is and how it is opened; `password_path` names a file and wins.

    `key` is what its keys begin with, such as `ssl.quorum.trustStore`.
    """

    location: str = ""
    type: str = ""  # PEM, PKCS12, JKS, BCFKS; empty when the extension does not tell
    password: str = field(default="", repr=False)
    password_path: str = ""
    key: str = ""


@frozen
class TlsSettings:
    """How one kind of socket does TLS."""

    key_store: TlsStore = TlsStore(key="ssl.keyStore")
    trust_store: TlsStore = TlsStore(key="ssl.trustStore")
    protocol: str = TLS_1_3  # of members only
    enabled_protocols: tuple[str, ...] = ()  # empty = TLSv1.2 up to `protocol`
    cipher_suites: tuple[str, ...] = ()  # Java names; empty = the usual ones
    client_auth: str = "need"  # none, want, need
    hostname_verification: bool = True
    client_hostname_verification: bool = False
    allow_reverse_dns_lookup: bool = False
    crl: bool = False
    ocsp: bool = False
    handshake_detection_timeout_ms: int = 5000
    fips_mode: bool = True
    prefix: str = CLIENTS

    @property
    def versions(self) -> tuple[str, ...]:
        """The protocols that are spoken, the newest first."""
        wanted = self.enabled_protocols or _PROTOCOL_NAMES[self.protocol]
        return tuple(name for name in PROTOCOLS if name in wanted)

    @property
    def verifies_clients(self) -> bool:
        """Whether the certificate of a client has to be that of its host (X509Util)."""
        return self.hostname_verification and self.client_hostname_verification


QUORUM_TLS_DEFAULTS: Final = TlsSettings(
    key_store=TlsStore(key="ssl.quorum.keyStore"),
    trust_store=TlsStore(key="ssl.quorum.trustStore"),
    client_hostname_verification=True,
    allow_reverse_dns_lookup=True,
    prefix=MEMBERS,
)


def read_tls(reader: ConfigReader, prefix: str, in_use: bool = True) -> TlsSettings:
    """The settings under `ssl.` or `ssl.quorum.`.

    Raises ConfigError for what no connection could be made with; where settings are not `in_use` that is a warning.
    """
    try:
        return _read(reader, prefix)
    except ConfigError as error:
        if in_use:
            raise
        reader.warn(f"{error.message}; it has no effect, for nothing here speaks TLS with it", error.key)
        return TlsSettings() if prefix == CLIENTS else QUORUM_TLS_DEFAULTS


def _read(reader: ConfigReader, prefix: str) -> TlsSettings:
    _refuse_java(reader, prefix)
    settings = TlsSettings(
        key_store=_read_store(reader, prefix + "keyStore"),
        trust_store=_read_store(reader, prefix + "trustStore"),
        protocol=_protocol(reader, prefix + "protocol") if prefix == MEMBERS else TLS_1_3,
        enabled_protocols=_enabled_protocols(reader, prefix + "enabledProtocols"),
        cipher_suites=_cipher_suites(reader, prefix + "ciphersuites"),
        client_auth=_client_auth(reader, prefix + "clientAuth"),
        hostname_verification=reader.boolean(prefix + "hostnameVerification"),
        client_hostname_verification=reader.boolean(prefix + "clientHostnameVerification"),
        allow_reverse_dns_lookup=reader.boolean(prefix + "allowReverseDnsLookup"),
        crl=reader.boolean(prefix + "crl"),
        ocsp=reader.boolean(prefix + "ocsp"),
        fips_mode=reader.boolean("fips-mode"),
        handshake_detection_timeout_ms=reader.integer(prefix + "handshakeDetectionTimeoutMillis"),
        prefix=prefix,
    )
    _refuse_suites_without_protocol(reader, settings)
    return settings


def read_metrics_tls(reader: ConfigReader) -> TlsSettings:
    """The settings under `metricsProvider.ssl.`; raises ConfigError for what no connection could be made with."""
    need, want = (reader.file_boolean(f"{METRICS}{word}.client.auth") for word in ("need", "want"))
    settings = TlsSettings(
        key_store=_read_store(reader, METRICS + "keyStore"),
        trust_store=_read_store(reader, METRICS + "trustStore"),
        enabled_protocols=_enabled_protocols(reader, METRICS + "enabledProtocols"),
        cipher_suites=_cipher_suites(reader, METRICS + "ciphersuites"),
        client_auth="need" if need else "want" if want else "none",
        prefix=METRICS,
    )
    _refuse_suites_without_protocol(reader, settings)
    if not settings.key_store.location:
        raise reader.error(f"metricsProvider.httpsPort needs {METRICS}keyStore.location", "metricsProvider.httpsPort")
    if need and not settings.trust_store.location:
        raise reader.error(
            f"metricsProvider.httpsPort needs {METRICS}trustStore.location, or {METRICS}need.client.auth=false",
            "metricsProvider.httpsPort",
        )
    return settings


def _refuse_java(reader: ConfigReader, prefix: str) -> None:
    name = prefix + "context.supplier.class"
    supplier = reader.given(name)
    if supplier is not None:
        raise reader.error(
            f"{name}={supplier}: no Java class can be loaded; remove it, and name the stores with "
            f"{prefix}keyStore.location and {prefix}trustStore.location",
            name,
        )
    name = "ssl.sslProvider"
    if prefix == CLIENTS and reader.text(name) not in _SSL_PROVIDERS:
        raise reader.error(f"{name}={reader.text(name)}: choose {', '.join(_SSL_PROVIDERS)}", name)


def _client_auth(reader: ConfigReader, name: str) -> str:
    """An empty value is the default, other cases count (X509Util.ClientAuth)."""
    client_auth = reader.text(name).lower() or "need"
    if client_auth not in ("none", "want", "need"):
        raise reader.error(f"{name}={client_auth}: choose none, want or need", name)
    return client_auth


def _read_store(reader: ConfigReader, key: str) -> TlsStore:
    """A store; its type comes from the extension of the file unless it is given (KeyStoreFileType)."""
    location, name = reader.text(key + ".location"), key + ".type"
    given = reader.text(name).upper()
    if given and given not in _EXTENSIONS.values():
        raise reader.error(f"{name}={given}: choose {', '.join(_EXTENSIONS.values())}", name)
    extension = next((ending for ending in _EXTENSIONS if location.lower().endswith(ending)), "")
    kind = given or _EXTENSIONS.get(extension, "")
    if location and not kind:
        raise reader.error(
            f"{key}.location={location}: what kind of store it is cannot be told by its name: set {name} to "
            f"{', '.join(_EXTENSIONS.values())}",
            key + ".location",
        )
    path = "" if key.startswith(METRICS) else reader.text(key + ".passwordPath")
    return TlsStore(location, kind, reader.text(key + ".password"), path, key)


# --- protocols and cipher suites


def _protocol(reader: ConfigReader, name: str) -> str:
    protocol = reader.text(name)
    if protocol in FORBIDDEN_PROTOCOLS:
        raise reader.error(f"{name}={protocol}: it is too old to be spoken; choose TLSv1.3 or TLSv1.2", name)
    if protocol not in _PROTOCOL_NAMES:
        raise reader.error(f"{name}={protocol}: choose TLSv1.3 or TLSv1.2", name)
    return protocol


def _words(reader: ConfigReader, name: str) -> tuple[str, ...]:
    """A comma list; for Apache's server blanks are a part of the names."""
    given = reader.given(name)
    if given is None:
        return ()
    words = reader.names(name)
    if not words:
        raise reader.error(f"{name} is empty: remove it, or name something", name)
    if any(word != word.strip() for word in given.split(",")):
        reader.warn(f"{name} has blanks between its names, which Apache's server takes for a part of them", name)
    return words


def _enabled_protocols(reader: ConfigReader, name: str) -> tuple[str, ...]:
    words = _words(reader, name)
    for word in words:
        if word in FORBIDDEN_PROTOCOLS:
            reader.warn(f"{name}: {word} is too old to be spoken, as with Java", name)
        elif word not in PROTOCOLS:
            raise reader.error(f"{name}: there is no protocol {word!r}; choose TLSv1.3 and TLSv1.2", name)
    usable = tuple(word for word in words if word in PROTOCOLS)
    if words and not usable:
        raise reader.error(f"{name}: none of {', '.join(words)} is spoken; choose TLSv1.3 and TLSv1.2", name)
    return usable


def _cipher_suites(reader: ConfigReader, name: str) -> tuple[str, ...]:
    words = _words(reader, name)
    for word in words:
        if not is_known_suite(word):
            raise reader.error(
                f"{name}: there is no cipher suite {word!r}; Java's names are wanted, such as "
                "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                name,
            )
        if not is_used_suite(word) and not word.startswith("TLS_EMPTY"):
            reader.warn(f"{name}: {word} is never used: it is not safe, or OpenSSL does not have it", name)
    usable = tuple(word for word in words if is_used_suite(word))
    if words and not usable:
        raise reader.error(f"{name}: none of these cipher suites is used; remove it, or name safe ones", name)
    return usable


def _refuse_suites_without_protocol(reader: ConfigReader, settings: TlsSettings) -> None:
    """Suites of TLS 1.3 are those of no other version, and no others are its."""
    if not settings.cipher_suites:
        return
    name, versions, suites = settings.prefix + "ciphersuites", settings.versions, suites_of(settings.cipher_suites)
    if not (suites.tls_1_3 and TLS_1_3 in versions) and not (suites.older and TLS_1_2 in versions):
        raise reader.error(f"{name}: none of them belongs to {' or '.join(versions)}, so nobody could connect", name)


def is_part_of_tls_1_3(suites: tuple[str, ...]) -> bool:
    """Whether some suites of TLS 1.3 are chosen, and some are not."""
    return 0 < len(set(suites)) < len(SUITES_OF_TLS_1_3)
