"""An authority for tests of revocation: certificates that name its list and its responder, and what these say."""

from datetime import UTC, datetime, timedelta

from attrs import define, field
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
LIST, RESPONDER = "http://ca.test/list", "http://ca.test/ocsp"


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@define
class Ca:
    """An authority, and what its list and its responder say now."""

    name: str = "authority"
    key: ec.EllipticCurvePrivateKey = field(factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    revoked: list[int] = field(factory=list)
    serial: int = 1

    def issue(self, *extensions: x509.ExtensionType, name: str = "client") -> x509.Certificate:
        self.serial += 1
        builder = self.builder(name, self.serial, (CLIENT if name != self.name else self.key).public_key())
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def builder(self, name: str, serial: int, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        begin, end = NOW - HOUR, NOW + 2 * HOUR
        builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(self.name)).public_key(key)
        return builder.serial_number(serial).not_valid_before(begin).not_valid_after(end)

    @property
    def certificate(self) -> x509.Certificate:
        builder = self.builder(self.name, 1, self.key.public_key())
        return builder.add_extension(x509.BasicConstraints(True, None), critical=True).sign(self.key, hashes.SHA256())

    def list(self, *extensions: tuple[x509.ExtensionType, bool], ends: datetime = NOW + HOUR) -> bytes:
        builder = x509.CertificateRevocationListBuilder().issuer_name(named(self.name))
        builder = builder.last_update(NOW - 2 * HOUR).next_update(ends)
        for serial in self.revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW).build()
            builder = builder.add_revoked_certificate(entry)
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def answer(
        self,
        certificate: x509.Certificate,
        status: ocsp.OCSPCertStatus | None = None,
        ends: datetime | None = NOW + HOUR,
        signer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None,
    ) -> bytes:
        if status is None:
            is_revoked = certificate.serial_number in self.revoked
            status = ocsp.OCSPCertStatus.REVOKED if is_revoked else ocsp.OCSPCertStatus.GOOD
        own, key = signer or (self.certificate, self.key)
        builder = ocsp.OCSPResponseBuilder().add_response(
            certificate, self.certificate, hashes.SHA1(), status, NOW - HOUR if ends is not None else NOW, ends,
            NOW if status == ocsp.OCSPCertStatus.REVOKED else None, None,
        )  # fmt: skip
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, own)
        if signer is not None:
            builder = builder.certificates([own])
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


CLIENT = ec.generate_private_key(ec.SECP256R1())
NAMES_LIST = x509.CRLDistributionPoints(
    [x509.DistributionPoint([x509.UniformResourceIdentifier(LIST)], None, None, None)]
)
NAMES_RESPONDER = x509.AuthorityInformationAccess(
    [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(RESPONDER))]
)
