"""Keys and certificates of tests, in stores of all kinds."""

import datetime
import ipaddress
from pathlib import Path

import jks
from attrs import evolve
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from pyzoo.config.tls_settings import QUORUM_TLS_DEFAULTS, TlsSettings, TlsStore

HOST = "127.0.0.1"
SOME_KEY = ec.generate_private_key(ec.SECP256R1())


class Identity:
    """A key with a certificate for loopback that signs itself, so that it is its own authority.

    It is valid from two days before its end, `days` from now.
    """

    def __init__(self, days: int = 1, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None) -> None:
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "member")])
        now = datetime.datetime.now(datetime.UTC)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=days - 2))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def pem(self) -> bytes:
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + self.certificate.public_bytes(Encoding.PEM)

    def der(self) -> tuple[bytes, bytes]:
        key = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return key, self.certificate.public_bytes(Encoding.DER)


def certificate(*attributes: x509.NameAttribute[str], alternatives: list[x509.GeneralName] | None = None) -> bytes:
    """A certificate in DER of a subject with these attributes, and these alternative names."""
    name = x509.Name(attributes)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(x509.Name([]))
        .public_key(SOME_KEY.public_key())
        .serial_number(1)
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2120, 1, 1))
    )
    if alternatives is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(SOME_KEY, hashes.SHA256()).public_bytes(Encoding.DER)


def pem_settings(home: Path) -> TlsSettings:
    identity = Identity()
    (home / "node.pem").write_bytes(identity.pem())
    (home / "ca.pem").write_bytes(identity.certificate.public_bytes(Encoding.PEM))
    return with_stores("PEM", home / "node.pem", home / "ca.pem")


def pkcs12_settings(home: Path) -> TlsSettings:
    identity = Identity()
    encryption = BestAvailableEncryption(b"secret")
    store = pkcs12.serialize_key_and_certificates(b"node", identity.key, identity.certificate, None, encryption)
    (home / "node.p12").write_bytes(store)
    trusted = pkcs12.PKCS12Certificate(identity.certificate, b"ca")
    (home / "ca.p12").write_bytes(pkcs12.serialize_java_truststore([trusted], encryption))
    (home / "password").write_text("secret\n")
    return with_stores("PKCS12", home / "node.p12", home / "ca.p12", password_path=str(home / "password"))


def jks_settings(home: Path) -> TlsSettings:
    key, certificate = Identity().der()
    entry = jks.PrivateKeyEntry.new("node", [certificate], key)
    jks.KeyStore.new("jks", [entry]).save(str(home / "node.jks"), "secret")
    trusted = jks.TrustedCertEntry.new("ca", certificate)
    jks.KeyStore.new("jks", [trusted]).save(str(home / "ca.jks"), "secret")
    return with_stores("JKS", home / "node.jks", home / "ca.jks", password="secret")


def with_stores(kind: str, key_store: Path, trust_store: Path, **password: str) -> TlsSettings:
    """Settings of members with these two stores; `password` or `password_path` is that of both."""
    key = TlsStore(str(key_store), kind, key="ssl.quorum.keyStore", **password)
    trust = TlsStore(str(trust_store), kind, key="ssl.quorum.trustStore", **password)
    return evolve(QUORUM_TLS_DEFAULTS, key_store=key, trust_store=trust)
