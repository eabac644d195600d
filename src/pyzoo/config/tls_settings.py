"""Settings of TLS, for the client port (`ssl.`) and for members and the AdminServer (`ssl.quorum.`)."""

from typing import Final

from attrs import field, frozen

from pyzoo.config.reader import ConfigReader

_STORE_TYPES: Final = {".jks": "JKS", ".pem": "PEM", ".p12": "PKCS12", ".bcfks": "BCFKS"}
_JAVA_ONLY: Final = frozenset({"JKS", "BCFKS"})


@frozen
class TlsStore:
    """A key store or trust store: where it is and how it is opened; `password_path` names a file and wins."""

    location: str = ""
    type: str = ""  # PEM, PKCS12, JKS, BCFKS; empty when there is no store
    password: str = field(default="", repr=False)
    password_path: str = ""


@frozen
class TlsSettings:
    """How one kind of socket does TLS."""

    key_store: TlsStore = TlsStore()
    trust_store: TlsStore = TlsStore()
    protocol: str = "TLSv1.3"
    enabled_protocols: tuple[str, ...] = ()  # empty = only `protocol`
    cipher_suites: tuple[str, ...] = ()  # Java names; empty = the usual ones
    client_auth: str = "need"  # none, want, need
    hostname_verification: bool = True
    client_hostname_verification: bool = False
    allow_reverse_dns_lookup: bool = False
    crl: bool = False
    ocsp: bool = False
    handshake_detection_timeout_ms: int = 5000


QUORUM_TLS_DEFAULTS: Final = TlsSettings(client_hostname_verification=True, allow_reverse_dns_lookup=True)


def read_tls(reader: ConfigReader, prefix: str, needed_by: str | None) -> TlsSettings:
    """The settings under `ssl.` or `ssl.quorum.`; when a setting needs them, they have to be usable."""
    client_auth = reader.text(prefix + "clientAuth").lower()
    if client_auth not in ("none", "want", "need"):
        raise reader.error(f"{prefix}clientAuth={client_auth}: choose none, want or need", prefix + "clientAuth")
    supplier = prefix + "context.supplier.class"
    if needed_by is not None and reader.text(supplier):
        raise reader.error(f"{supplier} names a Java class, which cannot be run here: set the stores", supplier)
    timeout = prefix + "handshakeDetectionTimeoutMillis"
    settings = TlsSettings(
        key_store=_read_store(reader, prefix + "keyStore.", needed_by),
        trust_store=_read_store(reader, prefix + "trustStore.", needed_by),
        protocol=reader.text(prefix + "protocol"),
        enabled_protocols=reader.names(prefix + "enabledProtocols"),
        cipher_suites=reader.names(prefix + "ciphersuites"),
        client_auth=client_auth,
        hostname_verification=reader.boolean(prefix + "hostnameVerification"),
        client_hostname_verification=reader.boolean(prefix + "clientHostnameVerification"),
        allow_reverse_dns_lookup=reader.boolean(prefix + "allowReverseDnsLookup"),
        crl=reader.boolean(prefix + "crl"),
        ocsp=reader.boolean(prefix + "ocsp"),
        handshake_detection_timeout_ms=reader.integer(timeout, at_least=1),
    )
    if needed_by is not None and not settings.key_store.location:
        raise reader.error(f"{needed_by} needs a certificate: set {prefix}keyStore.location", needed_by)
    return settings


def _read_store(reader: ConfigReader, prefix: str, needed_by: str | None) -> TlsStore:
    location = reader.text(prefix + "location")
    if not location:
        return TlsStore()
    dot = location.rfind(".")
    kind = reader.text(prefix + "type").upper() or _STORE_TYPES.get(location[dot:].lower() if dot >= 0 else "", "")
    if needed_by is not None and kind not in _STORE_TYPES.values():
        raise reader.error(
            f"the type of {prefix}location={location} is unknown: set {prefix}type to PEM or PKCS12", prefix + "location"
        )
    if needed_by is not None and kind in _JAVA_ONLY:
        raise reader.error(
            f"{prefix}location={location} is a {kind} store, which only Java reads: convert it to PEM", prefix + "location"
        )
    return TlsStore(location, kind, reader.text(prefix + "password"), reader.text(prefix + "passwordPath"))
