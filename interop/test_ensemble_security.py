"""TLS and SASL between members: both implementations on either end, in every combination of the two switches."""

import pytest

from interop import requests as rq
from interop.certificates import Authority
from interop.client import Client
from interop.conftest import new_ensemble
from interop.ensemble import LOOPBACK, OTHER_LOOPBACK, Settings
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
#: What who is dialled logs of somebody who does not know the password.
REFUSALS = {JAVA39: "Failed to authenticate using SASL", PYZOO: "has not proved that"}


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


@pytest.mark.parametrize(("kinds", "impostor"), [((JAVA39, PYZOO), JAVA39), ((PYZOO, JAVA39), PYZOO)])
def test_a_member_with_another_password_does_not_get_in(
    kinds: tuple[str, ...], impostor: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("login")
    (home / "jaas.conf").write_text(JAAS)
    (home / "other.conf").write_text(JAAS.replace('ssword";', 'ssword too";'))
    properties = {"java.security.auth.login.config": str(home / "jaas.conf"), "zookeeper.fips-mode": "false"}
    settings = Settings(SASL, properties=properties)
    with new_ensemble(tmp_path_factory, kinds, [impostor], settings) as ensemble:
        ensemble.start(1, 2)
        stranger = ensemble.members[3]
        stranger.properties = {**properties, "java.security.auth.login.config": str(home / "other.conf")}
        stranger.start()
        voters = [ensemble.members[sid] for sid in (1, 2)]

        def refuse_it_again_and_again() -> bool:
            return all(voter.output().count(REFUSALS[voter.kind]) > 1 for voter in voters)

        ensemble.wait_until(refuse_it_again_and_again, "the voters refuse it")
        assert not stranger.mode()
        assert "0" == ensemble.members[2].mntr()["zk_synced_observers"]


def test_members_of_several_addresses_use_both_kinds_of_proof(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("proofs")
    (home / "jaas.conf").write_text(JAAS)
    authority = Authority()
    authority.issue(hosts=(LOOPBACK, OTHER_LOOPBACK)).write_pem(home / "node.pem")
    authority.write_pem(home / "ca.pem")
    lines = {
        "ssl.quorum.keyStore.location": str(home / "node.pem"),
        "ssl.quorum.trustStore.location": str(home / "ca.pem"),
        "sslQuorum": "true",
    }
    properties = {
        "java.security.auth.login.config": str(home / "jaas.conf"),
        "zookeeper.fips-mode": "false",
        "zookeeper.multiAddress.enabled": "true",
    }
    settings = Settings({**SASL, **lines}, properties=properties, two_addresses=True)
    with new_ensemble(tmp_path_factory, (JAVA39, PYZOO, PYZOO), settings=settings) as ensemble:
        ensemble.start_led_by(3)
        client = Client(ensemble.members[1])
        assert 0 == client.call(rq.CREATE, rq.create("/by-two-ways")).error
        ensemble.compare()
