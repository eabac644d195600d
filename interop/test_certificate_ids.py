"""The schemes x509, key and ensemble beside 3.9.6: ids of odd subjects, ACLs with them, the super user."""

import random
import ssl

import pytest
from cryptography.x509 import Name, NameAttribute, ObjectIdentifier, RelativeDistinguishedName
from cryptography.x509.oid import NameOID

from interop import requests as rq
from interop.conftest import PairWith
from interop.pair import Pair, PairSession
from interop.server import Config
from interop.tls_probe import Probe
from interop.tls_stores import GOOD, TlsStores

AUTH_PACKAGE = "org.apache.zookeeper.server.auth."
SUPER = "CN=root,O=Some\\, Company"
PROPERTIES = {
    "zookeeper.X509AuthenticationProvider.superUser": SUPER,
    "zookeeper.authProvider.1": AUTH_PACKAGE + "KeyAuthenticationProvider",
    "zookeeper.authProvider.2": AUTH_PACKAGE + "EnsembleAuthenticationProvider",
    "zookeeper.ensembleAuthName": "one, two",
}
OWN_OID = ObjectIdentifier("1.3.6.1.4.1.99999.1")


def name(*attributes: tuple[ObjectIdentifier, str]) -> Name:
    return Name([NameAttribute(oid, value) for oid, value in attributes])


ROOT = name((NameOID.ORGANIZATION_NAME, "Some, Company"), (NameOID.COMMON_NAME, "root"))
SUBJECTS = [
    name((NameOID.COUNTRY_NAME, "CH"), (NameOID.STATE_OR_PROVINCE_NAME, "Zug"), (NameOID.COMMON_NAME, "zoo1")),
    name((NameOID.COMMON_NAME, ' a,b=c+d<e>f#g;h"i\\j ')),
    name((NameOID.COMMON_NAME, "#a"), (NameOID.ORGANIZATION_NAME, "Zürich 日本 \U0001f600")),
    name((NameOID.EMAIL_ADDRESS, "a@b.c"), (NameOID.SERIAL_NUMBER, "17"), (OWN_OID, "x"), (NameOID.TITLE, "Dr")),
    name((NameOID.DOMAIN_COMPONENT, "org"), (NameOID.USER_ID, "u"), (NameOID.STREET_ADDRESS, "s")),
    Name(
        [
            RelativeDistinguishedName([NameAttribute(NameOID.COMMON_NAME, "a"), NameAttribute(NameOID.USER_ID, "b")]),
            RelativeDistinguishedName([NameAttribute(NameOID.LOCALITY_NAME, "l")]),
        ]
    ),
]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> TlsStores:
    stores = TlsStores.create(tmp_path_factory.mktemp("stores"))
    for number, subject in enumerate([ROOT, *SUBJECTS]):
        stores.authority.issue(subject).write_pem(stores.pem(str(number)))
    return stores


@pytest.fixture
def pair(pair_with: PairWith, stores: TlsStores) -> Pair:
    return pair_with(Config(stores.lines(clientAuth="want"), properties=PROPERTIES, secure=True))


def context(stores: TlsStores, identity: str) -> ssl.SSLContext:
    return Probe(stores.pem(identity) if identity else None).context()


def auth(session: PairSession, scheme: str, credential: rq.Text) -> None:
    session.call(rq.AUTH, rq.auth(scheme, credential))


def test_ids_of_subjects(pair: Pair, stores: TlsStores) -> None:
    root = pair.connect(tls=context(stores, "0"))
    root.call(rq.WHO_AM_I)
    for number in range(1, len(SUBJECTS) + 1):
        session, other = (pair.connect(tls=context(stores, each)) for each in (str(number), GOOD))
        session.call(rq.WHO_AM_I)
        path = f"/subject{number}"
        session.call(rq.CREATE, rq.create(path, b"mine", entries=rq.CREATOR))
        session.call(rq.GET_ACL, rq.text(path))
        for who in (session, other, root):
            who.call(rq.GET_DATA, rq.path_watch(path))
            who.call(rq.SET_DATA, rq.set_data(path, b"x"))
        auth(session, "x509", "anything")
        auth(session, "digest", "u:p")
        session.call(rq.WHO_AM_I)
        root.call(rq.DELETE, rq.path_version(path))


def test_without_a_certificate_there_is_no_id_of_it(pair: Pair, stores: TlsStores) -> None:
    session = pair.connect(tls=context(stores, ""))
    session.call(rq.WHO_AM_I)
    auth(session, "x509", "CN=client")
    session.expect_end("x509 without a certificate")
    session = pair.connect()
    auth(session, "x509", None)
    session.expect_end("x509 without TLS")


def test_what_acls_of_x509_may_name(pair: Pair, stores: TlsStores) -> None:
    draw = random.Random(1)
    pieces = ["CN", "cn", "X", "OID.1.2", "3.1", "=", "=", "=", ",", ";", "+", '"', "\\", " ", "#", "<", "a", "41", "é"]
    session = pair.connect(tls=context(stores, GOOD))
    texts = [
        "",
        "a",
        "CN=client",
        SUPER,
        "CN=#0c0161",
        "CN=#0c02",
        *("".join(draw.choices(pieces, k=5)) for _ in range(150)),
    ]
    for text in texts:
        session.call(rq.CREATE, rq.create("/named", entries=[(31, "x509", text), (31, "world", "anyone")]))
        session.call(rq.GET_ACL, rq.text("/named"))
        session.call(rq.DELETE, rq.path_version("/named"))


def test_keys(pair: Pair) -> None:
    for key in (None, "", "5", "0", "-7", "x", "99999999999"):
        owner = pair.connect()
        if key is not None:
            owner.call(rq.CREATE, rq.create("/key", key.encode()))
        for credential in ("", "5", "10", "7", "-14", "+5", "x", "99999999999", None):
            session = pair.connect()
            auth(session, "key", credential)
            if not session.closed:
                session.call(rq.WHO_AM_I)
                session.call(rq.CREATE, rq.create("/locked", entries=rq.CREATOR))
                session.call(rq.GET_ACL, rq.text("/locked"))
                session.call(rq.DELETE, rq.path_version("/locked"))
        if key is not None:
            owner.call(rq.DELETE, rq.path_version("/key"))
    for text in ("", "1", "any"):
        owner.call(rq.CREATE, rq.create(f"/key-{text}", entries=[(31, "key", text)]))


def test_names_of_ensembles(pair: Pair) -> None:
    for credential in ("one", "two", " two", "", None, "three"):
        session = pair.connect()
        session.send(rq.AUTH, rq.auth("ensemble", credential))
        if credential == "three":
            session.expect_end("a wrong ensemble")
        else:
            session.receive([rq.AUTH], f"ensemble {credential}")
            session.call(rq.WHO_AM_I)
