"""PEM stores as Apache's server reads them (PemReader): the first private key, and all certificates in their order.

Labels and what stands between them count for nothing, the key has to be PKCS#8, of RSA or an elliptic curve.
"""

import base64
import binascii
import re
import textwrap
from typing import Final

from attrs import field, frozen

from pyzoo.runtime.tls.store_errors import StoreError

_BEGIN: Final = r"(?<!-)-+BEGIN\s+.{0,200}"
_BODY: Final = r"[^-]*-+\s+([a-z0-9+/=][a-z0-9+/=\r\n]*)-+END\s+.{0,200}"
"""Nothing in these can be read in two ways, so that no text takes long."""
_KEY: Final = re.compile(rf"{_BEGIN}PRIVATE\s+KEY{_BODY}PRIVATE\s+KEY[^-]*-+", re.IGNORECASE | re.ASCII)
_CERTIFICATE: Final = re.compile(rf"{_BEGIN}CERTIFICATE{_BODY}CERTIFICATE[^-]*-+", re.IGNORECASE | re.ASCII)
_OLD_ENCRYPTION: Final = re.compile(r"^Proc-Type:.*ENCRYPTED", re.MULTILINE)

_SEQUENCE: Final = 0x30
_INTEGER: Final = 0x02
_OID: Final = 0x06
_ALGORITHMS: Final = {
    bytes.fromhex("2a864886f70d010101"): "RSA",
    bytes.fromhex("2a8648ce3d0201"): "EC",
}
_CONVERT: Final = "openssl pkcs8 -topk8 -in OLD -out NEW converts it"


@frozen
class Identity:
    """A private key with its certificate chain, its own first: PEM. `password` where the key is encrypted."""

    pem: bytes = field(repr=False)
    algorithm: str = ""
    password: str | None = field(default=None, repr=False)


def pem_identity(data: bytes, password: str) -> Identity:
    """The key and the chain of a PEM file; raises StoreError."""
    text = data.decode("ascii", "replace")
    key = _key_of(text)
    certificates = pem_certificates(data)
    algorithm = _algorithm(key)
    if algorithm is None and not _is_encrypted(key):
        raise StoreError(f"its key is not PKCS#8, and Apache's server takes no other: {_CONVERT}")
    if algorithm is None and not password:
        raise StoreError("its key is encrypted: set {key}.password or {key}.passwordPath")
    if algorithm is not None and password:
        raise StoreError("its key is not encrypted, so {key}.password must not be set; Apache's server refuses it too")
    key, is_open = (key, True) if algorithm is not None else _decrypted(key, password)
    algorithm = _algorithm(key)
    if algorithm == "":
        raise StoreError("its key is neither of RSA nor of an elliptic curve (such as P-256)")
    if not certificates:
        raise StoreError("it has a key and no certificate: put the certificate chain into the same file")
    label = "PRIVATE KEY" if is_open else "ENCRYPTED PRIVATE KEY"
    pem = (pem_text(label, key) + certificates_pem(certificates)).encode()
    return Identity(pem, algorithm or "", None if is_open else password)


def _decrypted(key: bytes, password: str) -> tuple[bytes, bool]:
    """The plain key; without cryptography it stays as it is, for OpenSSL, which knows fewer ways of encryption."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
            load_der_private_key,
        )
    except ImportError:
        return key, False
    try:
        opened = load_der_private_key(key, password.encode())
    except UnsupportedAlgorithm as error:
        raise StoreError(f"its key is encrypted in a way that is not known here: {_CONVERT}") from error
    except (ValueError, TypeError) as error:
        raise StoreError("its key cannot be decrypted: is {key}.password right?") from error
    return opened.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), True


def pem_certificates(data: bytes) -> list[bytes]:
    """All certificates of a PEM file, DER; raises StoreError."""
    return [_decoded(found) for found in _CERTIFICATE.finditer(data.decode("ascii", "replace"))]


def certificates_pem(certificates: list[bytes]) -> str:
    """Certificates as text."""
    return "".join(pem_text("CERTIFICATE", each) for each in certificates)


def pem_text(label: str, data: bytes) -> str:
    """One piece of a PEM file."""
    body = "\n".join(textwrap.wrap(base64.b64encode(data).decode(), 64))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"


def _key_of(text: str) -> bytes:
    found = _KEY.search(text)
    if found is not None:
        return _decoded(found)
    if _OLD_ENCRYPTION.search(text):
        raise StoreError(f"its key is encrypted in the way of old releases of OpenSSL: {_CONVERT}")
    raise StoreError("it has no private key: put it into the same file as the certificate chain")


def _decoded(found: re.Match[str]) -> bytes:
    try:
        return base64.b64decode(found[1])
    except binascii.Error as error:
        raise StoreError(f"it is damaged: {error}") from error


# --- what kind of key it is


def _algorithm(key: bytes) -> str | None:
    """The algorithm of a PKCS#8 key, "" for one that nobody takes; None where it is encrypted, or no PKCS#8."""
    inside = _contents(key, _SEQUENCE)
    version = None if inside is None else _contents(inside, _INTEGER)
    if inside is None or version is None:
        return None
    named = _contents(inside[2 + len(version) :], _SEQUENCE)
    oid = None if named is None else _contents(named, _OID)
    return None if oid is None else _ALGORITHMS.get(oid, "")


def _is_encrypted(key: bytes) -> bool:
    """Whether it is an EncryptedPrivateKeyInfo."""
    inside = _contents(key, _SEQUENCE)
    named = None if inside is None else _contents(inside, _SEQUENCE)
    return named is not None and _contents(named, _OID) is not None


def _contents(data: bytes, tag: int) -> bytes | None:
    """What is in the first element of some DER, None where that is of another kind or cut."""
    if len(data) < 2 or data[0] != tag:
        return None
    size, start = data[1], 2
    if size & 0x80:
        start = 2 + (size & 0x7F)
        size = int.from_bytes(data[2:start], "big")
    return data[start : start + size] if len(data) >= start + size else None
