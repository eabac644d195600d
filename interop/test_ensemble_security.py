"""TLS and SASL between members: both implementations on either end, in every combination of the two switches."""

import subprocess
from pathlib import Path

import pytest

from interop import requests as rq
from interop.client import Client
from interop.conftest import new_ensemble
from interop.ensemble import Settings
from interop.member import JAVA39, PYZOO

#: In the order of sids; the last one leads.
MIXES = [(JAVA39, PYZOO, PYZOO), (PYZOO, JAVA39, JAVA39), (JAVA39, JAVA39, PYZOO)]
SWITCHES = [
    {"sslQuorum": "true"},
    {"sslQuorum": "true", "portUnification": "true"},
    {"portUnification": "true"},
]
SASL = {f"quorum.auth.{name}": "true" for name in ("enableSasl", "learnerRequireSasl", "serverRequireSasl")}
MODULE = "org.apache.zookeeper.server.auth.DigestLoginModule"
JAAS = f"""QuorumServer {{ {MODULE} required user_zk="a password"; }};
QuorumLearner {{ {MODULE} required username="zk" password="a password"; }};
"""


def openssl(*words: str, cwd: Path) -> None:
    subprocess.run(["openssl", *words], cwd=cwd, check=True, capture_output=True)


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """PEM stores of one authority, with a certificate for loopback."""
    home = tmp_path_factory.mktemp("stores")
    new_key = ("-newkey", "rsa:2048", "-nodes")
    openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority", cwd=home)
    openssl("req", *new_key, "-keyout", "node.key", "-out", "node.csr", "-subj", "/CN=localhost", cwd=home)
    (home / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost")
    authority = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
    openssl("x509", "-req", "-in", "node.csr", *authority, "-out", "node.crt", "-extfile", "names", cwd=home)
    openssl("pkcs8", "-topk8", "-nocrypt", "-in", "node.key", "-out", "node.p8", cwd=home)
    (home / "node.pem").write_text((home / "node.p8").read_text() + (home / "node.crt").read_text())
    return {
        "ssl.quorum.keyStore.location": str(home / "node.pem"),
        "ssl.quorum.trustStore.location": str(home / "ca.pem"),
    }


@pytest.mark.parametrize(
    ("mix", "switches"), list(zip(MIXES, SWITCHES, strict=True)), ids=lambda value: "-".join(value)
)
def test_members_talk_tls_to_each_other(
    mix: tuple[str, ...], switches: dict[str, str], stores: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with new_ensemble(tmp_path_factory, mix, settings=Settings({**switches, **stores})) as ensemble:
        ensemble.start_led_by(3)
        client = Client(ensemble.members[1])
        assert 0 == client.call(rq.CREATE, rq.create("/over-tls")).error
        ensemble.compare()


@pytest.mark.parametrize("mix", MIXES, ids="-".join)
def test_members_prove_a_password_to_each_other(mix: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> None:
    login = tmp_path_factory.mktemp("login") / "jaas.conf"
    login.write_text(JAAS)
    properties = {"java.security.auth.login.config": str(login), "zookeeper.fips-mode": "false"}
    with new_ensemble(tmp_path_factory, mix, settings=Settings(SASL, properties=properties)) as ensemble:
        ensemble.start_led_by(3)
        client = Client(ensemble.members[1])
        assert 0 == client.call(rq.CREATE, rq.create("/after-sasl")).error
        ensemble.compare()
