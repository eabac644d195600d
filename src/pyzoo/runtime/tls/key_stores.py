"""Key stores and trust stores of Java servers, as the PEM text that OpenSSL reads.

What is in a file is found by `pem_stores` and `java_stores`; the latter need libraries that nothing else needs, so a
server without them only says so when it meets such a store.
"""

from pathlib import Path
from typing import Final

from pyzoo.config.tls_settings import TlsStore
from pyzoo.errors import ConfigError
from pyzoo.runtime.tls.java_stores import java_identities, java_trusted
from pyzoo.runtime.tls.pem_stores import Identity, certificates_pem, pem_certificates, pem_identity
from pyzoo.runtime.tls.store_errors import StoreError

MOST_BYTES: Final = 16 << 20


def password_of(store: TlsStore) -> str:
    """What the password file holds but for a line feed at its end, or the password itself (SecretUtils)."""
    if not store.password_path:
        return store.password
    secret = _read(store.password_path, f"{store.key}.passwordPath").decode("utf-8", "replace")
    return secret.removesuffix("\n")


def load_keys(store: TlsStore) -> list[Identity]:
    """The key of each algorithm with its chain, in the order of the store; raises ConfigError."""
    data, password = _read(store.location, f"{store.key}.location"), password_of(store)
    try:
        match store.type:
            case "PEM":
                return [pem_identity(data, password)]
            case "JKS" | "PKCS12":
                return java_identities(data, password)
    except StoreError as error:
        raise _refused(store, error) from error
    raise _unknown(store)


def load_trusted(store: TlsStore) -> str:
    """The certificates of a trust store, PEM; raises ConfigError."""
    data, password = _read(store.location, f"{store.key}.location"), password_of(store)
    try:
        match store.type:
            case "PEM":
                found = pem_certificates(data)
            case "JKS" | "PKCS12":
                found = java_trusted(data, password)
            case _:
                raise _unknown(store)
        if not found:
            raise StoreError("it has no certificates that are trusted; keytool -importcert, or PEM text, makes such")
    except StoreError as error:
        raise _refused(store, error) from error
    return certificates_pem(found)


def _read(path: str, key: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ConfigError(f"{key}={path} cannot be read: {reason}", key=key) from error
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{key}={path} is larger than any store: is it the right file?", key=key)
    return data


def _refused(store: TlsStore, error: StoreError) -> ConfigError:
    key = f"{store.key}.location"
    return ConfigError(f"{key}={store.location}: {error.of(store.key)}", key=key)


def _unknown(store: TlsStore) -> ConfigError:
    key = f"{store.key}.type"
    if store.type == "BCFKS":
        message = (
            "stores of Bouncy Castle cannot be read here; convert it with "
            "keytool -importkeystore -deststoretype PKCS12, or to PEM"
        )
    else:
        message = f"set {key} to PEM, PKCS12 or JKS"
    return ConfigError(f"{store.key}.location={store.location}: {message}", key=key)
