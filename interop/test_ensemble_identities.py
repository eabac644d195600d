"""ACLs with certificates and other identities hold at every member, whatever its role and whoever leads."""

import ssl
from collections.abc import Iterator

import pytest

from interop import requests as rq
from interop.client import Client
from interop.conftest import new_ensemble
from interop.digest_md5 import Proof, token
from interop.ensemble import Ensemble, Settings
from interop.member import JAVA39, PYZOO, Member
from interop.ports import free_port
from interop.server import Server
from interop.test_client_sasl import MODULE
from interop.tls_probe import Probe
from interop.tls_stores import GOOD, TlsStores

#: Participants in the order of sids, the last of which leads, and an observer.
MIXES = [(JAVA39, PYZOO, PYZOO, PYZOO), (PYZOO, PYZOO, JAVA39, PYZOO)]
LINES = {
    "client.portUnification": "true",
    "localSessionsEnabled": "true",
    "localSessionsUpgradingEnabled": "true",
    "authProvider.1": "org.apache.zookeeper.server.auth.KeyAuthenticationProvider",
    # Apache's server adds it by itself for a secureClientPort only.
    "authProvider.x509": "org.apache.zookeeper.server.auth.X509AuthenticationProvider",
    "X509AuthenticationProvider.superUser": "CN=root",
    "authProvider.2": "org.apache.zookeeper.server.auth.SASLAuthenticationProvider",
}
PROPERTIES = {
    "readonlymode.enabled": "true",
    "zookeeper.serverCnxnFactory": "org.apache.zookeeper.server.NettyServerCnxnFactory",
    "zookeeper.fips-mode": "false",
    "zookeeper.superUser": "boss",
}
NO_AUTH = -102
OWNER = [(31, "x509", "CN=client")]
BOB, MALLORY, BOSS = Proof(), Proof("mallory", "mallory"), Proof("boss", "boss")
BOBS = [(31, "sasl", "bob")]
OTHER, ROOT = "other", "root"


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> TlsStores:
    stores = TlsStores.create(tmp_path_factory.mktemp("stores"))
    for name in (OTHER, ROOT):
        stores.authority.issue(name).write_pem(stores.pem(name))
    return stores


@pytest.fixture(scope="module", params=MIXES, ids="-".join)
def ensemble(
    request: pytest.FixtureRequest, stores: TlsStores, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ensemble]:
    *participants, observer = request.param
    users = "".join(f'user_{proof.user}="{proof.password}" ' for proof in (BOB, MALLORY, BOSS))
    (stores.home / "jaas.conf").write_text(f"Server {{ {MODULE} required {users}; }};")
    settings = Settings(
        {**stores.lines(clientAuth="want"), **LINES},
        lines_of={sid: {"secureClientPort": str(free_port())} for sid in range(1, len(request.param) + 1)},
        properties={**PROPERTIES, "java.security.auth.login.config": str(stores.home / "jaas.conf")},
    )
    with new_ensemble(tmp_path_factory, participants, observers=[observer], settings=settings) as started:
        started.start_led_by(3)
        yield started


def context(stores: TlsStores, name: str) -> ssl.SSLContext:
    return Probe(stores.pem(name)).context()


def logged_in(member: Member, proof: Proof) -> Client:
    """Somebody with a SASL id, who may be content with a member without a quorum."""
    client = Client(member, read_only=True)
    challenge = client.call(rq.SASL, rq.text(b"")).body[4:]
    assert 0 == client.call(rq.SASL, rq.text(token(proof.to(challenge).fields()))).error
    return client


def errors(client: Client, path: str, owner: list[tuple[int, str, str]]) -> list[int]:
    """What becomes of requests that want each of the permissions; the node is left for its owner."""
    return [
        client.call(rq.GET_DATA, rq.path_watch(path)).error,
        client.call(rq.SET_DATA, rq.set_data(path, b"x")).error,
        client.call(rq.CREATE, rq.create(f"{path}/c")).error,
        client.call(rq.DELETE, rq.path_version(f"{path}/c")).error,
        client.call(rq.SET_ACL, rq.set_acl(path, owner)).error,
    ]


def test_a_node_is_for_its_creator_alone_at_every_member(ensemble: Ensemble, stores: TlsStores) -> None:
    for made_at in ensemble.members.values():
        path = f"/mine-{made_at.sid}"
        owner = Client(made_at, tls=context(stores, GOOD))
        assert 0 == owner.call(rq.CREATE, rq.create(path, b"x", rq.CREATOR)).error
        assert b"CN=client" in owner.call(rq.GET_ACL, rq.text(path)).body
        for member in ensemble.members.values():
            plain = Client(member)
            other, again, root = (Client(member, tls=context(stores, name)) for name in (OTHER, GOOD, ROOT))
            plain.call(rq.SYNC, rq.text("/"))
            for client, error in ((plain, NO_AUTH), (other, NO_AUTH), (again, 0), (root, 0)):
                assert [error] * 5 == errors(client, path, OWNER), (made_at, member, error)
                client.call(rq.CLOSE_SESSION)
        owner.call(rq.CLOSE_SESSION)


def test_a_node_is_for_who_has_logged_in_at_every_member(ensemble: Ensemble) -> None:
    for made_at in ensemble.members.values():
        path = f"/bobs-{made_at.sid}"
        owner = logged_in(made_at, BOB)
        # What the members forward has the id of who asks.
        assert 0 == owner.call(rq.CREATE, rq.create(path, b"x", BOBS)).error
        assert 0 == owner.call(rq.CREATE, rq.create(f"{path}-created", b"x", rq.CREATOR)).error
        assert b"bob" in owner.call(rq.GET_ACL, rq.text(f"{path}-created")).body
        for member in ensemble.members.values():
            plain = Client(member)
            plain.call(rq.SYNC, rq.text("/"))
            others = [(plain, NO_AUTH)]
            others += [(logged_in(member, proof), error) for proof, error in ((MALLORY, NO_AUTH), (BOB, 0), (BOSS, 0))]
            for client, error in others:
                assert [error] * 5 == errors(client, path, BOBS), (made_at, member, error)
                client.call(rq.CLOSE_SESSION)
        owner.call(rq.CLOSE_SESSION)


def test_ids_of_several_schemes_stand_for_auth(ensemble: Ensemble, stores: TlsStores) -> None:
    for member in ensemble.members.values():
        client = Client(member, tls=context(stores, GOOD))
        assert 0 == client.call(rq.AUTH, rq.auth("digest", "u:p")).error
        assert 0 == client.call(rq.AUTH, rq.auth("key", "7")).error
        # An ephemeral makes the local session one of the ensemble: it keeps who it is.
        path = f"/several-{member.sid}"
        assert 0 == client.call(rq.CREATE, rq.create(path, b"", rq.CREATOR, flags=1)).error
        acl = client.call(rq.GET_ACL, rq.text(path)).body
        assert all(scheme in acl for scheme in (b"x509", b"digest", b"key")), member
        assert b"\x00\x00\x00\x02ip" not in acl
        assert 0 == client.call(rq.SET_DATA, rq.set_data(path, b"x")).error
        client.call(rq.CLOSE_SESSION)


def without_quorum(ensemble: Ensemble, sid: int) -> Member:
    ensemble.kill(*(other for other in ensemble.members if other != sid))
    member = ensemble.members[sid]
    ensemble.wait_until(lambda: "ro" == member.word("isro"), f"{member} serves read-only")
    return member


def test_a_member_without_a_quorum_shows_a_node_to_whom_it_is_for(ensemble: Ensemble, stores: TlsStores) -> None:
    owner = Client(ensemble.members[2], tls=context(stores, GOOD))
    assert 0 == owner.call(rq.CREATE, rq.create("/read-only", b"x", rq.CREATOR)).error
    assert 0 == owner.call(rq.CREATE, rq.create("/bobs", b"x", BOBS)).error
    member = without_quorum(ensemble, 2)
    for proof, error in ((BOB, 0), (BOSS, 0), (MALLORY, NO_AUTH)):
        client = logged_in(member, proof)
        assert error == client.call(rq.GET_DATA, rq.path_watch("/bobs")).error, proof.user
        client.call(rq.CLOSE_SESSION)
    secure = Server("its TLS port", member.secure_address)
    client = Client(secure, tls=context(stores, GOOD), read_only=True)
    assert 0 == client.call(rq.GET_DATA, rq.path_watch("/read-only")).error
    client.call(rq.CLOSE_SESSION)
    for name, error in ((GOOD, 0), (ROOT, 0), (OTHER, NO_AUTH), (None, NO_AUTH)):
        client = Client(member, tls=None if name is None else context(stores, name), read_only=True)
        assert error == client.call(rq.GET_DATA, rq.path_watch("/read-only")).error, name
        client.call(rq.CLOSE_SESSION)
