"""Settings of TLS, for the client port (`ssl.`) and for members and the AdminServer (`ssl.quorum.`).

They are only read here; whoever makes the TLS connections opens the stores, and refuses bad ones.
"""

from typing import Final

from attrs import field, frozen

from pyzoo.config.reader import ConfigReader

_STORE_TYPES: Final = {".jks": "JKS", ".pem": "PEM", ".p12": "PKCS12", ".bcfks": "BCFKS"}


@frozen
class TlsStore:
    """A key store or trust store: where it is and how it is opened; `password_path` names a file and wins."""

    location: str = ""
    type: str = ""  # PEM, PKCS12, JKS, BCFKS; empty when the extension does not tell
    password: str = field(default="", repr=False)
    password_path: str = ""


@frozen
class TlsSettings:
    """How one kind of socket does TLS."""

    key_store: TlsStore = TlsStore()
    trust_store: TlsStore = TlsStore()
    protocol: str = "TLSv1.3"
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


QUORUM_TLS_DEFAULTS: Final = TlsSettings(client_hostname_verification=True, allow_reverse_dns_lookup=True)


def read_tls(reader: ConfigReader, prefix: str) -> TlsSettings:
    """The settings under `ssl.` or `ssl.quorum.`; raises ConfigError for an unknown clientAuth."""
    client_auth = reader.text(prefix + "clientAuth").lower()
    if client_auth not in ("none", "want", "need"):
        raise reader.error(f"{prefix}clientAuth={client_auth}: choose none, want or need", prefix + "clientAuth")
    timeout = prefix + "handshakeDetectionTimeoutMillis"
    return TlsSettings(
        key_store=_read_store(reader, prefix + "keyStore."),
        trust_store=_read_store(reader, prefix + "trustStore."),
        protocol=reader.text(prefix + "protocol"),
        enabled_protocols=reader.names(prefix + "enabledProtocols"),
        cipher_suites=reader.names(prefix + "ciphersuites"),
        client_auth=client_auth,
        hostname_verification=reader.boolean(prefix + "hostnameVerification"),
        client_hostname_verification=reader.boolean(prefix + "clientHostnameVerification"),
        allow_reverse_dns_lookup=reader.boolean(prefix + "allowReverseDnsLookup"),
        crl=reader.boolean(prefix + "crl"),
        ocsp=reader.boolean(prefix + "ocsp"),
        fips_mode=reader.boolean("fips-mode"),
        handshake_detection_timeout_ms=reader.integer(timeout),
    )


def _read_store(reader: ConfigReader, prefix: str) -> TlsStore:
    """A store; its type comes from the extension of the file unless it is given."""
    location = reader.text(prefix + "location")
    extension = next((ending for ending in _STORE_TYPES if location.lower().endswith(ending)), "")
    kind = reader.text(prefix + "type").upper() or _STORE_TYPES.get(extension, "")
    return TlsStore(location, kind, reader.text(prefix + "password"), reader.text(prefix + "passwordPath"))
