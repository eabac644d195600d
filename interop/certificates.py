"""Authorities, certificates good and bad, and stores of them in all formats, made by `cryptography` and pyjks.

What is wrong with a certificate is an argument of `Authority.issue`; all else about it is as it should be.
"""

import datetime
import ipaddress
from collections.abc import Sequence
from pathlib import Path

import jks
from attrs import field, frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

LOOPBACK_HOSTS = ("127.0.0.1", "localhost")
PASSWORD = "a password"
DAY = datetime.timedelta(days=1)
#: Days from now between which a certificate is valid.
VALID, EXPIRED, NOT_YET_VALID = (-1.0, 1.0), (-2.0, -1.0), (1.0, 2.0)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


@frozen
class Identity:
    """A key with its certificate and those above it, up to the authority."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    issuer: x509.Certificate

    @property
    def serial(self) -> int:
        return self.certificate.serial_number

    def write_pem(self, path: Path, password: str | None = None) -> Path:
        """The key in PKCS#8, encrypted where there is a password, and the chain."""
        encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
        chain = (self.certificate, self.issuer)
        path.write_bytes(key + b"".join(each.public_bytes(Encoding.PEM) for each in chain))
        return path

    def write_pkcs12(self, path: Path, password: str = PASSWORD) -> Path:
        encryption = BestAvailableEncryption(password.encode())
        store = pkcs12.serialize_key_and_certificates(b"node", self.key, self.certificate, [self.issuer], encryption)
        path.write_bytes(store)
        return path

    def write_jks(self, path: Path, password: str = PASSWORD) -> Path:
        key = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        chain = [each.public_bytes(Encoding.DER) for each in (self.certificate, self.issuer)]
        jks.KeyStore.new("jks", [jks.PrivateKeyEntry.new("node", chain, key)]).save(str(path), password)
        return path


@frozen
class Authority:
    """Who signs certificates. With `crl_url` or `ocsp_url` they say where to ask whether they were revoked."""

    name: str = "authority"
    crl_url: str = ""
    ocsp_url: str = ""
    key: ec.EllipticCurvePrivateKey = field(factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    certificate: x509.Certificate = field(init=False)

    @certificate.default
    def _sign_itself(self) -> x509.Certificate:
        key_usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        return (
            self._builder(self.name, self.key.public_key(), (-10.0, 10.0))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(key_usage, critical=True)
            .sign(self.key, hashes.SHA256())
        )

    def _builder(
        self, subject: str | x509.Name, key: ec.EllipticCurvePublicKey, days: tuple[float, float]
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(_name(subject) if isinstance(subject, str) else subject)
            .issuer_name(_name(self.name))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + days[0] * DAY)
            .not_valid_after(now + days[1] * DAY)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )

    def issue(
        self,
        subject: str | x509.Name = "member",
        hosts: Sequence[str] = LOOPBACK_HOSTS,
        days: tuple[float, float] = VALID,
    ) -> Identity:
        """A certificate for servers and clients, with alternative names where there are any.

        `subject` is its common name, or all of it.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = self._builder(subject, key.public_key(), days).add_extension(
            x509.ExtendedKeyUsage(usages), critical=False
        )
        if hosts:
            names = [_alternative(host) for host in hosts]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if self.crl_url:
            place = x509.DistributionPoint([x509.UniformResourceIdentifier(self.crl_url)], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([place]), critical=False)
        if self.ocsp_url:
            place_of_ocsp = x509.AccessDescription(
                AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(self.ocsp_url)
            )
            builder = builder.add_extension(x509.AuthorityInformationAccess([place_of_ocsp]), critical=False)
        return Identity(key, builder.sign(self.key, hashes.SHA256()), self.certificate)

    def revocation_list(self, revoked: Sequence[Identity] = ()) -> bytes:
        """A CRL in DER, of now."""
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(_name(self.name))
        builder = builder.last_update(now - DAY / 24).next_update(now + DAY)
        for each in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(each.serial).revocation_date(now - DAY / 24)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def write_pem(self, path: Path) -> Path:
        path.write_bytes(self.certificate.public_bytes(Encoding.PEM))
        return path

    def write_pkcs12(self, path: Path, password: str = PASSWORD) -> Path:
        """A trust store as Java takes it."""
        entries = [pkcs12.PKCS12Certificate(self.certificate, b"ca")]
        path.write_bytes(pkcs12.serialize_java_truststore(entries, BestAvailableEncryption(password.encode())))
        return path

    def write_jks(self, path: Path, password: str = PASSWORD) -> Path:
        entry = jks.TrustedCertEntry.new("ca", self.certificate.public_bytes(Encoding.DER))
        jks.KeyStore.new("jks", [entry]).save(str(path), password)
        return path
