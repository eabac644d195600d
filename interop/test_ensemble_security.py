"""TLS and SASL between members: both implementations on either end, in every combination of the two switches."""

import pytest

from interop import requests as rq
from interop.client import Client
from interop.conftest import new_ensemble
from interop.ensemble import Settings
from interop.member import JAVA39, JAVA395, PYZOO
from interop.stores import make_stores

#: In the order of sids; the last one leads.
MIXES = [(JAVA39, PYZOO, PYZOO), (PYZOO, JAVA395, JAVA39), (JAVA39, JAVA39, PYZOO)]
SWITCHES = [
    {"sslQuorum": "true", "fips-mode": "false"},
    {"sslQuorum": "true", "portUnification": "true"},
    {"portUnification": "true"},
]
SASL = {f"quorum.auth.{name}": "true" for name in ("enableSasl", "learnerRequireSasl", "serverRequireSasl")}
MODULE = "org.apache.zookeeper.server.auth.DigestLoginModule"
JAAS = f"""QuorumServer {{ {MODULE} required user_z\u00fc="a p\u00e4ssword"; }};
QuorumLearner {{ {MODULE} required username="z\u00fc" password="a p\u00e4ssword"; }};
"""


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """PEM stores of one authority, with a certificate for loopback."""
    key_store, trust_store = make_stores(tmp_path_factory.mktemp("stores"))
    return {
        "ssl.quorum.keyStore.location": str(key_store),
        "ssl.quorum.trustStore.location": str(trust_store),
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
    login.write_text(JAAS, encoding="utf-8")
    properties = {"java.security.auth.login.config": str(login), "zookeeper.fips-mode": "false"}
    with new_ensemble(tmp_path_factory, mix, settings=Settings(SASL, properties=properties)) as ensemble:
        ensemble.start_led_by(3)
        client = Client(ensemble.members[1])
        assert 0 == client.call(rq.CREATE, rq.create("/after-sasl")).error
        ensemble.compare()
