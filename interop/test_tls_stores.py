"""Stores, names and settings of TLS: what ZooKeeper's own classes make of them, and the JDK, and what pyzoo does.

No server is started: one JVM and one process of pyzoo answer all questions (TlsProbe.java, tls_answers.py).
"""

import ipaddress
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from interop.certificates import PASSWORD, Authority, Identity
from interop.conftest import required, subject_is_real
from interop.java import JAVAC_OPTIONS, JVM_OPTIONS, JavaZooKeeper, java, javac
from interop.server import LOGBACK_XML

SOURCE = Path(__file__).parent / "java_client" / "TlsProbe.java"
HOSTNAME_CHECKER = ("--add-exports", "java.base/sun.security.util=ALL-UNNAMED")
PLAIN, ENCRYPTED = NoEncryption(), BestAvailableEncryption(PASSWORD.encode())
ERROR = "error"


class Answerer:
    """A process that answers questions."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words: str) -> str:
        """What follows `ok`, or `error` with the reason."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\t".join(words) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            kind, _, rest = line.rstrip("\n").partition("\t")
            if kind in ("ok", ERROR):
                return rest if kind == "ok" else f"{ERROR}: {rest}"
        raise AssertionError("the process has ended")

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@frozen
class Both:
    """Java, and pyzoo or, to prove the tests, Java again."""

    java: Answerer
    subject: Answerer

    def answers(self, *words: str) -> tuple[str, str]:
        return self.java.ask(*words), self.subject.ask(*words)


@pytest.fixture(scope="module")
def both(zookeeper: JavaZooKeeper, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    classes, jars = tmp_path_factory.mktemp("classes"), zookeeper.class_path
    words = [*JAVAC_OPTIONS, *HOSTNAME_CHECKER, "-nowarn", "-cp", jars, "-d", str(classes), str(SOURCE)]
    subprocess.run([str(required(javac)), *words], check=True, capture_output=True)
    (classes / "logback.xml").write_text(LOGBACK_XML)
    probe = (java(), *JVM_OPTIONS, *HOSTNAME_CHECKER, "-cp", f"{classes}:{jars}", "TlsProbe")
    answers = probe if subject_is_real() else (sys.executable, str(Path(__file__).parent / "tls_answers.py"))
    found = Both(Answerer(*probe), Answerer(*answers))
    yield found
    found.java.close()
    found.subject.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stores of all kinds, good and bad, by their names."""
    home = tmp_path_factory.mktemp("stores")
    authority = Authority()
    identity = authority.issue()
    _write_pem_stores(home, identity, authority)
    _write_java_stores(home, identity, authority)
    return home


def _write_pem_stores(home: Path, identity: Identity, authority: Authority) -> None:
    def pem(form: PrivateFormat, encryption: KeySerializationEncryption = PLAIN) -> bytes:
        return identity.key.private_bytes(Encoding.PEM, form, encryption)

    key, ca = pem(PrivateFormat.PKCS8), authority.certificate.public_bytes(Encoding.PEM)
    own = identity.certificate.public_bytes(Encoding.PEM)
    ed = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PLAIN)
    old_rsa = rsa.generate_private_key(65537, 2048)
    pkcs1 = old_rsa.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, PLAIN)
    for name, data in {
        "plain": key + own + ca,
        "between": own + key + ca,
        "last": own + ca + key,
        "text": b"Bag Attributes\n  friendlyName: x\n" + key + b"subject=/CN=x\n\n" + own,
        "crlf": (key + own + ca).replace(b"\n", b"\r\n"),
        "relabelled": key.replace(b"PRIVATE", b"EC PRIVATE") + own.replace(b"CERT", b"X509 CERT"),
        "indented": (key + own).replace(b"\nM", b"\n M"),
        "empty": b"",
        "noise": bytes(range(256)),
        "no-key": own + ca,
        "no-certificate": key,
        "broken-certificate": key + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "pkcs1": pkcs1 + own,
        "sec1": pem(PrivateFormat.TraditionalOpenSSL) + own,
        "old-encryption": pem(PrivateFormat.TraditionalOpenSSL, ENCRYPTED) + own,
        "ed25519": ed + own,
        "pbes1": in_old_encryption(key) + own,
        "pbes2": pem(PrivateFormat.PKCS8, ENCRYPTED) + own,
        "ca-first": key + ca + own,
        "two-trusted": ca + Authority().certificate.public_bytes(Encoding.PEM),
    }.items():
        (home / f"{name}.pem").write_bytes(data)
    (home / "nothing-told").write_bytes(key + own)


def _write_java_stores(home: Path, identity: Identity, authority: Authority) -> None:
    identity.write_pkcs12(home / "key.p12")
    identity.write_jks(home / "key.jks")
    (home / "really-jks.p12").write_bytes((home / "key.jks").read_bytes())
    (home / "really-p12.jks").write_bytes((home / "key.p12").read_bytes())
    authority.write_pkcs12(home / "trust.p12")
    authority.write_pem(home / "ca.pem")
    authority.write_jks(home / "trust.jks")
    (home / "noise.p12").write_bytes(b"x" * 100)
    (home / "noise.jks").write_bytes(b"x" * 100)
    from_jks = (
        "-srckeystore",
        "key.jks",
        "-srcstorepass",
        PASSWORD,
        "-srcstoretype",
        "JKS",
        "-deststoretype",
        "PKCS12",
    )
    keytool(home, "-importkeystore", *from_jks, "-destkeystore", "both.p12", "-deststoretype", "PKCS12")
    keytool(home, "-importcert", "-noprompt", "-alias", "ca", "-file", "ca.pem", "-keystore", "both.p12")
    legacy = ("-J-Dkeystore.pkcs12.legacy", "-deststoretype", "PKCS12")
    keytool(home, "-importkeystore", *from_jks, "-destkeystore", "legacy.p12", *legacy)


def in_old_encryption(key: bytes) -> bytes:
    """PKCS#8 as openssl made it until 1.0.2."""
    words = ("-topk8", "-v1", "PBE-SHA1-3DES", "-passout", f"pass:{PASSWORD}")
    return subprocess.run(["openssl", "pkcs8", *words], input=key, check=True, capture_output=True).stdout


def keytool(home: Path, *words: str) -> None:
    """The passwords of all stores are one."""
    pair = ("-deststorepass", PASSWORD) if "-importkeystore" in words else ("-storepass", PASSWORD)
    quick = ("-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC")
    done = subprocess.run(["keytool", *words, *pair, *quick], cwd=home, capture_output=True, text=True)
    assert done.returncode == 0, (words, done.stdout, done.stderr)


def kind_of(answer: str) -> str:
    """The answer, of an error only that it is one."""
    return ERROR if answer.startswith(ERROR) else answer


# --- stores

PEM_KEYS = (
    *(
        "plain",
        "between",
        "last",
        "text",
        "crlf",
        "relabelled",
        "indented",
        "empty",
        "noise",
        "no-key",
        "no-certificate",
    ),
    *("broken-certificate", "pkcs1", "sec1", "old-encryption", "ed25519", "pbes1", "pbes2", "missing"),
)
PEM_TRUSTED = (
    "ca",
    "two-trusted",
    "plain",
    "text",
    "empty",
    "noise",
    "no-certificate",
    "broken-certificate",
    "missing",
)
KEYS = ("key.p12", "key.jks", "really-jks.p12", "really-p12.jks", "both.p12", "legacy.p12", "noise.p12", "noise.jks")
TRUSTED = ("trust.p12", "trust.jks", "key.p12", "key.jks", "both.p12", "legacy.p12", "noise.p12", "noise.jks")


def of_java(names: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Each with the right password, a wrong one, and none."""
    kinds = {"p12": "PKCS12", "jks": "JKS"}
    return [(name, password, kinds[name[-3:]]) for password in (PASSWORD, "another", "") for name in names]


@pytest.mark.parametrize(
    ("name", "password", "kind"),
    [
        *((f"{name}.pem", "", "PEM") for name in PEM_KEYS),
        *((f"{name}.pem", PASSWORD, "PEM") for name in ("plain", "old-encryption", "pbes1")),
        *of_java(KEYS),
        ("nothing-told", "", "PEM"),
        ("plain.pem", "", "JKS"),
        ("plain.pem", "", "BCFKS"),
    ],
)
def test_a_key_store_is_taken_or_refused_as_by_java(
    both: Both, home: Path, name: str, password: str, kind: str
) -> None:
    expected, found = both.answers("key", str(home / name), password, kind)
    assert kind_of(expected) == kind_of(found), (expected, found)


@pytest.mark.parametrize("name", ["pbes2", "ca-first"])
def test_two_key_stores_are_not(both: Both, home: Path, name: str) -> None:
    """The usual encryption is read whatever the version of Java; a chain that begins with another one is not."""
    password = PASSWORD if name == "pbes2" else ""
    expected, found = both.answers("key", str(home / f"{name}.pem"), password, "PEM")
    java_takes = name == "ca-first"
    assert java_takes != expected.startswith(ERROR), expected
    if not subject_is_real():
        assert java_takes == found.startswith(ERROR), found


@pytest.mark.parametrize(
    ("name", "password", "kind"), [*((f"{name}.pem", "", "PEM") for name in PEM_TRUSTED), *of_java(TRUSTED)]
)
def test_a_trust_store_is_taken_or_refused_as_by_java(
    both: Both, home: Path, name: str, password: str, kind: str
) -> None:
    expected, found = both.answers("trust", str(home / name), password, kind)
    assert sorted(kind_of(expected).split(" | ")) == sorted(kind_of(found).split(" | ")), (expected, found)


# --- protocols and cipher suites


def java_names() -> dict[str, str]:
    """OpenSSL's names of suites, with Java's."""
    lines = subprocess.run(["openssl", "ciphers", "-stdname", "ALL"], check=True, capture_output=True, text=True).stdout
    return {words[2]: words[0] for words in map(str.split, lines.splitlines())}


def suites_of(answer: str) -> list[str]:
    """By Java's names and in their order, without TLS 1.3, whose suites are a matter of their own, and without DHE."""
    names = java_names()
    found = [names.get(name, name) for name in answer.split(" ")[1].split(",")]
    return [name for name in found if "_WITH_" in name and "DHE_" not in name.replace("ECDHE_", "")]


@pytest.mark.parametrize("port", ["client", "quorum"])
@pytest.mark.parametrize("fips_mode", ["true", "false"])
def test_the_usual_suites_are_those_of_java(both: Both, home: Path, port: str, fips_mode: str) -> None:
    prefix = {"client": "ssl.", "quorum": "ssl.quorum."}[port]
    expected, found = both.answers(port, f"{prefix}keyStore.location={home}/plain.pem", f"fips-mode={fips_mode}")
    assert suites_of(expected) == suites_of(found)
    if (port, fips_mode) != ("quorum", "true"):
        assert expected.split(" ")[0] == found.split(" ")[0] == "TLSv1.3,TLSv1.2"


SETTINGS = [
    "enabledProtocols=TLSv1.2",
    "enabledProtocols=TLSv1.3",
    "enabledProtocols=TLSv1.3,TLSv1.2",
    "enabledProtocols=",
    "enabledProtocols=TLSv1.4",
    "enabledProtocols=tlsv1.2",
    "ciphersuites=FOO",
    "ciphersuites=FOO,TLS_AES_128_GCM_SHA256",
    "ciphersuites=",
    "ciphersuites=ECDHE-RSA-AES128-GCM-SHA256",
    "ciphersuites=tls_aes_128_gcm_sha256",
    "clientAuth=want",
    "clientAuth=NONE",
    "clientAuth=",
    "clientAuth=foo",
    "clientAuth=none ",
    "context.supplier.class=foo.Bar",
    "context.supplier.class=",
    "keyStore.type=FOO",
    "keyStore.type=pem",
]


@pytest.mark.parametrize("setting", [*SETTINGS, "sslProvider=foo"])
def test_a_setting_of_the_client_port_is_taken_or_refused_as_by_java(both: Both, home: Path, setting: str) -> None:
    expected, found = both.answers("client", f"ssl.keyStore.location={home}/plain.pem", f"ssl.{setting}")
    assert kind_of(expected).split(" ")[0] == kind_of(found).split(" ")[0], (expected, found)


@pytest.mark.parametrize("setting", [*SETTINGS, "protocol=TLSv1.3", "protocol=TLSv1.2", "protocol=TLS", "protocol=foo"])
def test_a_setting_of_members_is_taken_or_refused_as_by_java(both: Both, home: Path, setting: str) -> None:
    words = (f"ssl.quorum.keyStore.location={home}/plain.pem", f"ssl.quorum.{setting}", "fips-mode=false")
    expected, found = both.answers("quorum", *words)
    assert kind_of(expected).split(" ")[0] == kind_of(found).split(" ")[0], (expected, found)


# --- names

HOSTS = (
    *("127.0.0.1", "10.0.0.1", "fe80::1", "fe80:0:0:0:0:0:0:1", "zoo1.example.org", "ZOO1.example.org"),
    *("a.zoo1.example.org", "example.org", "zoo.example.org", "zoo12.example.org", "z1.example.org"),
    *("zoo_1.example.org", "zoo1.example.org.", "a.b.org", "localhost"),
)


def certificate_for(home: Path, alternatives: str, *common_names: str) -> Path:
    """A file with it; `alternatives` as in a configuration of openssl."""
    kinds: dict[str, Callable[[str], x509.GeneralName]] = {
        "IP": lambda value: x509.IPAddress(ipaddress.ip_address(value)),
        "DNS": x509.DNSName,
        "email": x509.RFC822Name,
        "URI": x509.UniformResourceIdentifier,
    }
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each) for each in common_names])
    identity = Authority().issue()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(identity.certificate.not_valid_before_utc)
        .not_valid_after(identity.certificate.not_valid_after_utc)
    )
    if alternatives:
        words = (one.partition(":") for one in alternatives.split(","))
        names = [kinds[kind](value) for kind, _, value in words]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    path = home / "shown.crt"
    path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return path


@pytest.mark.parametrize(
    ("alternatives", "common_names"),
    [
        ("IP:127.0.0.1", ["localhost"]),
        ("IP:fe80::1", ["x"]),
        ("DNS:Zoo1.example.org", ["localhost"]),
        ("DNS:other,IP:127.0.0.1", ["zoo1.example.org"]),
        ("DNS:127.0.0.1", ["127.0.0.1"]),
        ("IP:10.0.0.9", ["zoo1.example.org"]),
        ("email:a@b.c", ["zoo1.example.org"]),
        ("URI:spiffe://x/y", ["127.0.0.1"]),
        ("", ["zoo1.example.org"]),
        ("", ["localhost", "zoo1.example.org"]),
        ("", ["127.0.0.1"]),
        ("", ["*.example.org"]),
        ("", []),
        *((f"DNS:{name}", ["x"]) for name in (
            "*.example.org", "zoo*.example.org", "z*1.example.org", "*.*.example.org", "*.org", "a.*.org", "*",
            "zoo1.example.org.", "zoo_1.example.org",
        )),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(value),
)  # fmt: skip
def test_a_certificate_is_for_the_same_hosts(
    both: Both, home: Path, alternatives: str, common_names: list[str]
) -> None:
    path = str(certificate_for(home, alternatives, *common_names))
    for rules in ("zk", "jdk"):
        answers = [both.answers(rules, host, path) for host in HOSTS]
        expected, found = ([h for h, pair in zip(HOSTS, answers, strict=True) if pair[n] == "true"] for n in (0, 1))
        assert expected == found, rules
