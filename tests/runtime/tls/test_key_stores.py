"""Key stores and trust stores: what is found in them, and what those are told whose stores cannot be used."""

import base64
from pathlib import Path

import jks
import pytest
from attrs import evolve
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from pyzoo.config.tls_settings import QUORUM_TLS_DEFAULTS, TlsStore
from pyzoo.errors import ConfigError
from pyzoo.runtime.tls.contexts import make_context
from pyzoo.runtime.tls.key_stores import load_keys, load_trusted, password_of
from tests.support.identities import Identity

PASSWORD = "a secret"
ENCRYPTION = BestAvailableEncryption(PASSWORD.encode())
PLAIN = NoEncryption()
NODE, CA = Identity(), Identity()
KEY, CERTIFICATE = NODE.pem().partition(b"-----BEGIN CERT")[0], NODE.certificate.public_bytes(Encoding.PEM)
AUTHORITY = CA.certificate.public_bytes(Encoding.PEM)


def key_pem(key: PrivateKeyTypes, form: PrivateFormat, encryption: KeySerializationEncryption = PLAIN) -> bytes:
    return key.private_bytes(Encoding.PEM, form, encryption)


def key_store(home: Path, data: bytes, kind: str = "PEM", password: str = "") -> TlsStore:
    (home / "store").write_bytes(data)
    return TlsStore(str(home / "store"), kind, password, key="ssl.keyStore")


def use(store: TlsStore) -> None:
    """As a server does at its start."""
    make_context(evolve(QUORUM_TLS_DEFAULTS, key_store=store), True)


def refusal_of(store: TlsStore) -> str:
    """Why it is refused, without the place."""
    with pytest.raises(ConfigError) as caught:
        use(store)
    place = f"{store.key}.location={store.location}"
    assert caught.value.message.startswith(place)
    assert "ssl.keyStore" in str(caught.value.key)
    assert PASSWORD not in str(caught.value)
    return caught.value.message.removeprefix(place).lstrip(": ")


# --- PEM


@pytest.mark.parametrize(
    "data",
    [
        KEY + CERTIFICATE + AUTHORITY,
        CERTIFICATE + KEY + AUTHORITY,
        CERTIFICATE + AUTHORITY + KEY,
        b"Bag Attributes\n  localKeyID: 1\n" + KEY + b"subject=/CN=a\n\n" + CERTIFICATE + AUTHORITY,
        (KEY + CERTIFICATE + AUTHORITY).replace(b"\n", b"\r\n"),
        KEY + CERTIFICATE + AUTHORITY + key_pem(CA.key, PrivateFormat.PKCS8),
    ],
    ids=["key first", "key between", "key last", "text between", "carriage returns", "another key"],
)
def test_a_pem_store_has_its_first_key_and_all_certificates_in_any_order(tmp_path: Path, data: bytes) -> None:
    store = key_store(tmp_path, data)
    use(store)
    assert [KEY + CERTIFICATE + AUTHORITY] == [identity.pem for identity in load_keys(store)]


def test_an_encrypted_key_is_opened_with_the_password(tmp_path: Path) -> None:
    data = key_pem(NODE.key, PrivateFormat.PKCS8, ENCRYPTION) + CERTIFICATE
    use(key_store(tmp_path, data, password=PASSWORD))


OLD_RSA = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    ("data", "password", "reason"),
    [
        (b"", "", "it has no private key"),
        (CERTIFICATE, "", "it has no private key: put it into the same file"),
        (KEY, "", "it has a key and no certificate"),
        (key_pem(OLD_RSA, PrivateFormat.TraditionalOpenSSL) + CERTIFICATE, "", "its key is not PKCS#8"),
        (key_pem(NODE.key, PrivateFormat.TraditionalOpenSSL) + CERTIFICATE, "", "its key is not PKCS#8"),
        (key_pem(OLD_RSA, PrivateFormat.TraditionalOpenSSL, ENCRYPTION) + CERTIFICATE, PASSWORD,
         "its key is encrypted in the way of old releases of OpenSSL: openssl pkcs8"),
        (key_pem(NODE.key, PrivateFormat.PKCS8, ENCRYPTION) + CERTIFICATE, "",
         "its key is encrypted: set ssl.keyStore.password or ssl.keyStore.passwordPath"),
        (key_pem(NODE.key, PrivateFormat.PKCS8, ENCRYPTION) + CERTIFICATE, "another", "is ssl.keyStore.password right"),
        (KEY + CERTIFICATE, PASSWORD, "its key is not encrypted, so ssl.keyStore.password must not be set"),
        (key_pem(ed25519.Ed25519PrivateKey.generate(), PrivateFormat.PKCS8) + CERTIFICATE, "",
         "its key is neither of RSA nor of an elliptic curve"),
        (KEY + AUTHORITY + CERTIFICATE, "", "the key does not belong to the first certificate"),
        (key_pem(OLD_RSA, PrivateFormat.PKCS8) + CERTIFICATE, "", "the key does not belong to the first certificate"),
        (KEY + CERTIFICATE[:200] + b"\n-----END CERTIFICATE-----\n", "", "damaged"),
        (b"-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----\n" + CERTIFICATE, "", "it is damaged"),
        (b"-----BEGIN PRIVATE KEY-----\nMAAA\n-----END PRIVATE KEY-----\n" + CERTIFICATE, "", "its key is not PKCS#8"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value,
)  # fmt: skip
def test_a_pem_store_that_cannot_be_used_says_why(tmp_path: Path, data: bytes, password: str, reason: str) -> None:
    assert reason in refusal_of(key_store(tmp_path, data, password=password))


@pytest.mark.parametrize(
    "text",
    [b"-", b"-----BEGIN ", b"-----BEGIN PRIVATE KEY-----\n", b"-----BEGIN PRIVATE KEY-----\n\n\n\nA", b"-BEGIN KEY "],
)
def test_text_that_only_looks_like_pem_does_not_take_long(tmp_path: Path, text: bytes) -> None:
    assert "it has no private key" in refusal_of(key_store(tmp_path, text * (500_000 // len(text))))


# --- stores of Java


def jks_of(*entries: jks.AbstractKeystoreEntry) -> bytes:
    data: bytes = jks.KeyStore.new("jks", list(entries)).saves(PASSWORD)
    return data


def jks_key(identity: Identity, alias: str = "node") -> jks.PrivateKeyEntry:
    key, certificate = identity.der()
    return jks.PrivateKeyEntry.new(alias, [certificate], key)


def jks_trusted(identity: Identity, alias: str = "ca") -> jks.TrustedCertEntry:
    return jks.TrustedCertEntry.new(alias, identity.der()[1])


def p12_of(encryption: KeySerializationEncryption = ENCRYPTION) -> bytes:
    """A key with its certificate, and one more certificate that nobody has marked as trusted."""
    return pkcs12.serialize_key_and_certificates(b"node", NODE.key, NODE.certificate, [CA.certificate], encryption)


def truststore_of(*identities: Identity) -> bytes:
    """As keytool writes it."""
    trusted = [pkcs12.PKCS12Certificate(each.certificate, b"%d" % n) for n, each in enumerate(identities)]
    return pkcs12.serialize_java_truststore(trusted, ENCRYPTION)


OLD_ENCRYPTION = (
    PrivateFormat.PKCS12.encryption_builder()
    .kdf_rounds(1000)
    .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
    .build(PASSWORD.encode())
)


@pytest.mark.parametrize("kind", ["JKS", "PKCS12"])
@pytest.mark.parametrize(
    "data",
    [jks_of(jks_key(NODE)), jks_of(jks_trusted(CA), jks_key(NODE)), p12_of(), p12_of(OLD_ENCRYPTION)],
    ids=["JKS", "JKS with others", "PKCS12", "old PKCS12"],
)
def test_stores_of_java_are_told_apart_by_what_is_in_them(tmp_path: Path, data: bytes, kind: str) -> None:
    store = key_store(tmp_path, data, kind, PASSWORD)
    use(store)
    (identity,) = load_keys(store)
    assert identity.pem.startswith(KEY + CERTIFICATE)


@pytest.mark.parametrize(
    ("data", "kind", "password", "reason"),
    [
        (jks_of(jks_key(NODE)), "JKS", "another", "it is damaged, or ssl.keyStore.password is wrong"),
        (jks_of(jks_key(NODE)), "JKS", "", "it is damaged, or ssl.keyStore.password is wrong"),
        (jks_of(jks_trusted(CA)), "JKS", PASSWORD, "it has no private key"),
        (p12_of(), "PKCS12", "another", "it is neither PKCS12 nor JKS, or ssl.keyStore.password is wrong"),
        (truststore_of(CA), "PKCS12", PASSWORD, "it has no private key"),
        (KEY + CERTIFICATE, "PKCS12", "", "it is neither PKCS12 nor JKS"),
        (jks_of(jks_key(NODE))[:-30], "JKS", PASSWORD, "it is no keystore of Java, or damaged"),
        (b"BCFKS", "BCFKS", "", "stores of Bouncy Castle cannot be read here; convert it with keytool"),
        (b"", "", "", "set ssl.keyStore.type to PEM, PKCS12 or JKS"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value,
)
def test_a_store_of_java_that_cannot_be_used_says_why(
    tmp_path: Path, data: bytes, kind: str, password: str, reason: str
) -> None:
    assert reason in refusal_of(key_store(tmp_path, data, kind, password))


def test_a_key_with_a_password_of_its_own_is_refused_with_the_way_out(tmp_path: Path) -> None:
    entry = jks_key(NODE)
    entry.encrypt("another")
    assert "make them equal with keytool -keypasswd" in refusal_of(key_store(tmp_path, jks_of(entry), "JKS", PASSWORD))


def test_a_key_of_each_algorithm_is_offered(tmp_path: Path) -> None:
    other = Identity(key=OLD_RSA)
    store = key_store(tmp_path, jks_of(jks_key(NODE), jks_key(CA, "second"), jks_key(other, "rsa")), "JKS", PASSWORD)
    use(store)
    assert ["EC", "RSA"] == [identity.algorithm for identity in load_keys(store)]


# --- trust stores


def trusted(home: Path, data: bytes, kind: str) -> str:
    return load_trusted(evolve(key_store(home, data, kind, PASSWORD), key="ssl.trustStore"))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (AUTHORITY, "PEM"),
        (b"some text\n" + AUTHORITY, "PEM"),
        (jks_of(jks_key(NODE), jks_trusted(CA)), "JKS"),
        (truststore_of(CA), "PKCS12"),
    ],
    ids=["PEM", "PEM with text", "JKS", "PKCS12"],
)
def test_what_is_trusted_is_what_is_marked_so(tmp_path: Path, data: bytes, kind: str) -> None:
    assert AUTHORITY.decode() == trusted(tmp_path, data, kind)


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"", "PEM"), (KEY, "PEM"), (jks_of(jks_key(NODE)), "JKS"), (p12_of(), "PKCS12")],
    ids=["nothing", "a key", "a chain in JKS", "a chain in PKCS12"],
)
def test_a_store_in_which_nothing_is_trusted_is_refused(tmp_path: Path, data: bytes, kind: str) -> None:
    with pytest.raises(ConfigError, match=r"ssl\.trustStore\.location=.* has no certificates that are trusted"):
        trusted(tmp_path, data, kind)


# --- files and passwords


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"", ""),
        (b"hush", "hush"),
        (b"hush\n", "hush"),
        (b"hush\n\n", "hush\n"),
        (b"hush\r\n", "hush\r"),
        (b"two\nlines", "two\nlines"),
        ("geheimniß".encode(), "geheimniß"),
    ],
    ids=repr,
)
def test_a_password_is_all_of_its_file_but_a_line_feed_at_the_end(
    tmp_path: Path, content: bytes, password: str
) -> None:
    (tmp_path / "password").write_bytes(content)
    assert password == password_of(TlsStore(password="not this", password_path=str(tmp_path / "password")))


def test_a_password_file_that_cannot_be_read_is_named_with_its_key(tmp_path: Path) -> None:
    store = TlsStore("/x", "PEM", password_path=str(tmp_path / "missing"), key="ssl.quorum.trustStore")
    with pytest.raises(ConfigError) as caught:
        password_of(store)
    assert f"ssl.quorum.trustStore.passwordPath={tmp_path}/missing cannot be read: No such file or directory" == str(
        caught.value
    )


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_store_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    assert "cannot be read" in refusal_of(TlsStore(str(tmp_path / name), "PEM", key="ssl.keyStore"))


def test_a_file_that_is_far_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "store").open("wb") as file:
        file.truncate(1 << 40)
    assert "is larger than any store" in refusal_of(TlsStore(str(tmp_path / "store"), "PEM", key="ssl.keyStore"))


def test_nothing_shows_a_key_or_a_password(tmp_path: Path) -> None:
    store = key_store(tmp_path, p12_of(), "PKCS12", PASSWORD)
    shown = repr(store) + repr(load_keys(store))
    assert PASSWORD not in shown
    assert base64.b64encode(NODE.der()[0]).decode()[:40] not in shown
