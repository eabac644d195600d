"""Keys and certificates for a cluster of tests that speaks TLS: an authority, a server and a client, a day long.

They need the extra `tls`.
"""

import datetime
import ipaddress
from pathlib import Path

from attrs import frozen

from pyzoo.errors import PyzooError


class NoTls(PyzooError):
    """What TLS needs is not installed."""


@frozen
class Certificates:
    """All as PEM; `server` has the key of the server with its certificate."""

    authority: bytes
    server: bytes
    client_key: bytes
    client_certificate: bytes

    def write(self, directory: Path) -> dict[str, str]:
        """Put the stores of a server into a directory; returns its settings. Raises OSError."""
        key_store, trust_store = directory / "keystore.pem", directory / "truststore.pem"
        key_store.write_bytes(self.server)
        trust_store.write_bytes(self.authority)
        return {"ssl.keyStore.location": str(key_store), "ssl.trustStore.location": str(trust_store)}

    def of_client(self) -> dict[str, bytes]:
        """What a client needs, by the names that kazoo's harness has for them."""
        return {"client_key": self.client_key, "client_cert": self.client_certificate, "ca_cert": self.authority}


def new_certificates(host: str) -> Certificates:
    """For a server at this address. Raises NoTls."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import NameOID
    except ImportError:
        raise NoTls('a cluster with TLS needs pip install "pyzoo-server[tls]"') from None

    def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
        encryption = serialization.NoEncryption()
        return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = datetime.datetime.now(datetime.UTC)
    authority_key, server_key, client_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    authority_name = name("authority of the tests")

    def certificate(owner: str, key: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(owner))
            .issuer_name(authority_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    addresses = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(host))])
    return Certificates(
        authority=certificate("authority of the tests", authority_key, x509.BasicConstraints(True, 0)),
        server=key_pem(server_key) + certificate("localhost", server_key, addresses),
        client_key=key_pem(client_key),
        client_certificate=certificate("client", client_key),
    )
