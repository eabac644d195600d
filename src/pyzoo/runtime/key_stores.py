"""Key stores and trust stores of Java servers, as the PEM text that OpenSSL reads.

PEM files are taken as they are; PKCS12 is opened by cryptography, JKS by pyjks. Those two are needed for nothing
else, so a server without them only says so when it meets such a store.
"""

import base64
import textwrap
from pathlib import Path

from attrs import frozen

from pyzoo.config.tls_settings import TlsStore
from pyzoo.errors import ConfigError


@frozen
class KeyMaterial:
    """A private key with its certificate chain, PEM; `password` where the key in it is encrypted."""

    pem: bytes
    password: str | None = None


def password_of(store: TlsStore) -> str:
    """The first line of the password file, or the password itself."""
    if not store.password_path:
        return store.password
    try:
        return Path(store.password_path).read_text().split("\n", 1)[0].rstrip("\r")
    except OSError as error:
        raise ConfigError(f"cannot read the password file {store.password_path}: {error.strerror}") from error


def _bytes_of(store: TlsStore) -> bytes:
    try:
        return Path(store.location).read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read the store {store.location}: {error.strerror}") from error


def load_key(store: TlsStore) -> KeyMaterial:
    """The key and the chain of a key store; raises ConfigError."""
    data, password = _bytes_of(store), password_of(store)
    match store.type:
        case "PEM":
            return KeyMaterial(data, password or None)
        case "PKCS12":
            return KeyMaterial(_key_of_pkcs12(store, data, password))
        case "JKS":
            return KeyMaterial(_key_of_jks(store, data, password))
    raise _unknown(store)


def load_trusted(store: TlsStore) -> str:
    """The certificates of a trust store, PEM; raises ConfigError."""
    data, password = _bytes_of(store), password_of(store)
    match store.type:
        case "PEM":
            return data.decode("ascii", "replace")
        case "PKCS12":
            return _trusted_of_pkcs12(store, data, password)
        case "JKS":
            return _trusted_of_jks(store, data, password)
    raise _unknown(store)


def _unknown(store: TlsStore) -> ConfigError:
    kind = store.type or "unknown"
    return ConfigError(f"{store.location}: stores of type {kind} cannot be read here; convert it to PEM or PKCS12")


def _key_of_pkcs12(store: TlsStore, data: bytes, password: str) -> bytes:
    try:
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
    except ImportError as error:
        raise _missing(store, "cryptography") from error
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(data, password.encode())
    except ValueError as error:
        raise _wrong(store, error) from error
    if key is None or certificate is None:
        raise ConfigError(f"{store.location} has no private key with a certificate")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem + b"".join(each.public_bytes(Encoding.PEM) for each in [certificate, *others])


def _trusted_of_pkcs12(store: TlsStore, data: bytes, password: str) -> str:
    try:
        from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
    except ImportError as error:
        raise _missing(store, "cryptography") from error
    try:
        opened = pkcs12.load_pkcs12(data, password.encode())
    except ValueError as error:
        raise _wrong(store, error) from error
    found = [each.certificate for each in opened.additional_certs]
    if opened.cert is not None:
        found.append(opened.cert.certificate)
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in found)


def _pem(kind: str, data: bytes) -> str:
    body = "\n".join(textwrap.wrap(base64.b64encode(data).decode(), 64))
    return f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n"


def _key_of_jks(store: TlsStore, data: bytes, password: str) -> bytes:
    try:
        import jks
    except ImportError as error:
        raise _missing(store, "pyjks") from error
    try:
        opened = jks.KeyStore.loads(data, password)
        entry = next(iter(opened.private_keys.values()))
        entry.decrypt(password)
    except StopIteration:
        raise ConfigError(f"{store.location} has no private key") from None
    except jks.util.KeystoreException as error:
        raise _wrong(store, error) from error
    text = _pem("PRIVATE KEY", entry.pkey_pkcs8)
    return (text + "".join(_pem("CERTIFICATE", der) for _, der in entry.cert_chain)).encode()


def _trusted_of_jks(store: TlsStore, data: bytes, password: str) -> str:
    try:
        import jks
    except ImportError as error:
        raise _missing(store, "pyjks") from error
    try:
        opened = jks.KeyStore.loads(data, password or None)
    except jks.util.KeystoreException as error:
        raise _wrong(store, error) from error
    return "".join(_pem("CERTIFICATE", entry.cert) for entry in opened.certs.values())


def _missing(store: TlsStore, library: str) -> ConfigError:
    return ConfigError(f"{store.location}: reading {store.type} stores needs a library: pip install {library}")


def _wrong(store: TlsStore, error: Exception) -> ConfigError:
    return ConfigError(f"{store.location} cannot be opened, is its password right? {error}")
