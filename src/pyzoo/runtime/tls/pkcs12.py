"""What is in a PKCS12 file: bags with keys and certificates, and which of them Java trusts.

cryptography tells whether the password is right, and reads keys. It does not tell the attributes of certificates,
among which is Java's mark of a trusted one, so the bags are opened here.
"""

import hashlib
from typing import Any, Final

from attrs import frozen

from pyzoo.runtime.tls.store_errors import StoreError

_DATA: Final = "1.2.840.113549.1.7.1"
_ENCRYPTED_DATA: Final = "1.2.840.113549.1.7.6"
_KEY_BAG: Final = "1.2.840.113549.1.12.10.1.1"
_SHROUDED_KEY_BAG: Final = "1.2.840.113549.1.12.10.1.2"
_CERTIFICATE_BAG: Final = "1.2.840.113549.1.12.10.1.3"
_LOCAL_KEY_ID: Final = "1.2.840.113549.1.9.21"
_TRUSTED_KEY_USAGE: Final = "2.16.840.1.113894.746875.1.1"
"""Java's attribute of a certificate that is trusted."""
_PBES2: Final = "1.2.840.113549.1.5.13"
_SHA1_AND_3DES: Final = "1.2.840.113549.1.12.1.3"
_SHA1_AND_RC2_40: Final = "1.2.840.113549.1.12.1.6"
_HASHES: Final = {
    "1.2.840.113549.2.7": "sha1",
    "1.2.840.113549.2.9": "sha256",
    "1.2.840.113549.2.10": "sha384",
    "1.2.840.113549.2.11": "sha512",
}
_AES_KEY_BYTES: Final = {
    "2.16.840.1.101.3.4.1.2": 16,
    "2.16.840.1.101.3.4.1.22": 24,
    "2.16.840.1.101.3.4.1.42": 32,
}
_MOST_ITERATIONS: Final = 10_000_000


@frozen
class Bag:
    """A private key, PKCS#8, or a certificate, both DER; a key and its certificate have one `local_id`."""

    value: bytes
    is_key: bool
    local_id: bytes | None
    is_trusted: bool


def open_pkcs12(data: bytes, password: str) -> list[Bag]:
    """All keys and certificates in their order; raises StoreError."""
    try:
        from cryptography.hazmat.primitives.serialization import pkcs12
        from pyasn1.error import PyAsn1Error
    except ImportError as error:
        raise StoreError("reading PKCS12 stores needs libraries: pip install 'pyzoo-server[tls]'") from error
    try:
        pkcs12.load_pkcs12(data, password.encode())
    except ValueError as error:
        raise StoreError("it is neither PKCS12 nor JKS, or {key}.password is wrong") from error
    try:
        return [bag for contents in _safes(data, password) for bag in _bags(contents, password)]
    except (PyAsn1Error, ValueError, KeyError, IndexError) as error:
        raise StoreError(f"it is damaged, or of a kind that is not known here: {error}") from error


def chain_of(key: Bag, bags: list[Bag]) -> list[bytes]:
    """The certificate of a key, and those of its authorities as far as they are there."""
    from cryptography import x509

    certificates = [(bag, x509.load_der_x509_certificate(bag.value)) for bag in bags if not bag.is_key]
    chain = [each for bag, each in certificates if bag.local_id is not None and bag.local_id == key.local_id][:1]
    while chain and chain[-1].subject != chain[-1].issuer:
        above = [each for _, each in certificates if each.subject == chain[-1].issuer and each not in chain]
        if not above:
            break
        chain.append(above[0])
    return [each.public_bytes(_der()) for each in chain]


def _der() -> Any:
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.DER


# --- the structure (RFC 7292)


def _safes(data: bytes, password: str) -> list[bytes]:
    """The contents of all safes, decrypted."""
    from pyasn1.codec.ber.decoder import decode
    from pyasn1_modules import rfc5652, rfc7292

    pfx, _ = decode(data, asn1Spec=rfc7292.PFX())
    authenticated, _ = decode(_octets(pfx["authSafe"]["content"]), asn1Spec=rfc7292.AuthenticatedSafe())
    found = []
    for safe in authenticated:
        if str(safe["contentType"]) == _DATA:
            found.append(_octets(safe["content"]))
        elif str(safe["contentType"]) == _ENCRYPTED_DATA:
            encrypted, _ = decode(bytes(safe["content"]), asn1Spec=rfc5652.EncryptedData())
            info = encrypted["encryptedContentInfo"]
            found.append(_decrypted(info["contentEncryptionAlgorithm"], bytes(info["encryptedContent"]), password))
    return found


def _octets(content: Any) -> bytes:
    from pyasn1.codec.ber.decoder import decode

    return bytes(decode(bytes(content))[0])


def _bags(contents: bytes, password: str) -> list[Bag]:
    from pyasn1.codec.ber.decoder import decode
    from pyasn1_modules import rfc7292

    safe, _ = decode(contents, asn1Spec=rfc7292.SafeContents())
    found = []
    for bag in safe:
        attributes = {str(each["attrType"]): each["attrValues"] for each in bag["bagAttributes"]}
        local = attributes.get(_LOCAL_KEY_ID)
        local_id = None if local is None else bytes(local[0])
        match str(bag["bagId"]):
            case kind if kind in (_KEY_BAG, _SHROUDED_KEY_BAG):
                key = bytes(bag["bagValue"])
                plain = _plain_key(key, password) if kind == _SHROUDED_KEY_BAG else key
                found.append(Bag(plain, True, local_id, False))
            case kind if kind == _CERTIFICATE_BAG:
                certificate, _ = decode(bytes(bag["bagValue"]), asn1Spec=rfc7292.CertBag())
                value = _octets(certificate["certValue"])
                found.append(Bag(value, False, local_id, _TRUSTED_KEY_USAGE in attributes))
    return found


def _plain_key(data: bytes, password: str) -> bytes:
    """A key that is encrypted like a safe; cryptography would not take an empty password."""
    from pyasn1.codec.ber.decoder import decode
    from pyasn1_modules import rfc5208

    key, _ = decode(data, asn1Spec=rfc5208.EncryptedPrivateKeyInfo())
    return _decrypted(key["encryptionAlgorithm"], bytes(key["encryptedData"]), password)


# --- its encryption


def _decrypted(algorithm: Any, data: bytes, password: str) -> bytes:
    from Cryptodome.Cipher import AES, ARC2, DES3
    from jks.rfc7292 import PURPOSE_IV_MATERIAL, PURPOSE_KEY_MATERIAL, derive_key
    from pyasn1.codec.ber.decoder import decode
    from pyasn1_modules import rfc7292

    name = str(algorithm["algorithm"])
    if name == _PBES2:
        key, iv = _pbes2_key(algorithm["parameters"], password)
        return _unpadded(AES.new(key, AES.MODE_CBC, iv).decrypt(data))
    size = {_SHA1_AND_3DES: 24, _SHA1_AND_RC2_40: 5}.get(name)
    if size is None:
        raise ValueError(f"encryption {name}")
    parameters, _ = decode(bytes(algorithm["parameters"]), asn1Spec=rfc7292.Pkcs_12PbeParams())
    salt, iterations = bytes(parameters["salt"]), _bounded(int(parameters["iterations"]))
    key, iv = (
        bytes(derive_key(hashlib.sha1, purpose, password, salt, iterations, length))
        for purpose, length in ((PURPOSE_KEY_MATERIAL, size), (PURPOSE_IV_MATERIAL, 8))
    )
    if name == _SHA1_AND_3DES:
        return _unpadded(DES3.new(key, DES3.MODE_CBC, iv).decrypt(data))
    rc2: Any = ARC2  # its types do not know the length
    return _unpadded(rc2.new(key, rc2.MODE_CBC, iv, effective_keylen=40).decrypt(data))


def _pbes2_key(parameters: Any, password: str) -> tuple[bytes, bytes]:
    """Key and initialization vector by PBKDF2, for AES."""
    from pyasn1.codec.ber.decoder import decode
    from pyasn1_modules import rfc8018

    scheme, _ = decode(bytes(parameters), asn1Spec=rfc8018.PBES2_params())
    derivation, _ = decode(bytes(scheme["keyDerivationFunc"]["parameters"]), asn1Spec=rfc8018.PBKDF2_params())
    cipher = scheme["encryptionScheme"]
    size = _AES_KEY_BYTES[str(cipher["algorithm"])]
    digest = _HASHES[str(derivation["prf"]["algorithm"])]
    salt, iterations = bytes(derivation["salt"]["specified"]), _bounded(int(derivation["iterationCount"]))
    key = hashlib.pbkdf2_hmac(digest, password.encode(), salt, iterations, size)
    return key, _octets(cipher["parameters"])


def _bounded(iterations: int) -> int:
    if not 0 < iterations <= _MOST_ITERATIONS:
        raise ValueError(f"{iterations} iterations")
    return iterations


def _unpadded(data: bytes) -> bytes:
    return data[: -data[-1]]
