"""Stores of Java: JKS and PKCS12, told apart by their first bytes, as Java does.

A key needs the password of its store. Trusted is what stands there as such: the chain of a key is not.
"""

import struct
from typing import Final

from pyzoo.runtime.tls.pem_stores import Identity, certificates_pem, pem_text
from pyzoo.runtime.tls.store_errors import StoreError

JKS_MAGIC: Final = b"\xfe\xed\xfe\xed"
WRONG_PASSWORD: Final = "it is damaged, or {key}.password is wrong"


def java_identities(data: bytes, password: str) -> list[Identity]:
    """The first key of each algorithm, with its chain; raises StoreError."""
    entries = _jks_keys(data, password) if data.startswith(JKS_MAGIC) else _pkcs12_keys(data, password)
    found: dict[str, Identity] = {}
    for key, chain in entries:
        if not chain:
            raise StoreError("it has a key without a certificate")
        algorithm = _algorithm_of(key)
        pem = pem_text("PRIVATE KEY", key) + certificates_pem(chain)
        found.setdefault(algorithm, Identity(pem.encode(), algorithm))
    if not found:
        raise StoreError("it has no private key")
    return list(found.values())


def java_trusted(data: bytes, password: str) -> list[bytes]:
    """The trusted certificates, DER; raises StoreError."""
    if data.startswith(JKS_MAGIC):
        return [entry.cert for entry in _jks(data, password).certs.values()]
    from pyzoo.runtime.tls.pkcs12 import open_pkcs12

    return [bag.value for bag in open_pkcs12(data, password) if bag.is_trusted]


def _algorithm_of(key: bytes) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        loaded = load_der_private_key(key, None)
    except ValueError as error:
        raise StoreError(f"its key cannot be used: {error}") from error
    if isinstance(loaded, rsa.RSAPrivateKey):
        return "RSA"
    return "EC" if isinstance(loaded, ec.EllipticCurvePrivateKey) else type(loaded).__name__


def _pkcs12_keys(data: bytes, password: str) -> list[tuple[bytes, list[bytes]]]:
    from pyzoo.runtime.tls.pkcs12 import chain_of, open_pkcs12

    bags = open_pkcs12(data, password)
    return [(bag.value, chain_of(bag, bags)) for bag in bags if bag.is_key]


# --- JKS


def _jks_keys(data: bytes, password: str) -> list[tuple[bytes, list[bytes]]]:
    import jks

    found = []
    for entry in _jks(data, password).private_keys.values():
        try:
            entry.decrypt(password)
        except jks.util.DecryptionFailureException as error:
            raise StoreError(
                f"its key {entry.alias} has another password than the store, and there is only {{key}}.password: "
                "make them equal with keytool -keypasswd"
            ) from error
        except jks.util.KeystoreException as error:
            raise StoreError(f"its key {entry.alias} cannot be read: {error}") from error
        found.append((entry.pkey_pkcs8, [der for _, der in entry.cert_chain]))
    return found


def _jks(data: bytes, password: str):  # type: ignore[no-untyped-def]  # pyjks has no types
    try:
        import jks
    except ImportError as error:
        raise StoreError("reading stores of Java needs libraries: pip install 'pyzoo-server[tls]'") from error
    try:
        return jks.KeyStore.loads(data, password, try_decrypt_keys=False)
    except jks.util.KeystoreSignatureException as error:
        raise StoreError(WRONG_PASSWORD) from error
    except (jks.util.KeystoreException, ValueError, IndexError, struct.error) as error:
        raise StoreError(f"it is no keystore of Java, or damaged: {error}") from error
