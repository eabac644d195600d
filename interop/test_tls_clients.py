"""Clients over TLS, beside 3.9.6: the Java client, its shell, kazoo, openssl, and the C client's shell in a tunnel.

Each with stores that fit and with some that do not. Debian's C client is built without TLS, so its own is not tried.
"""

import gc
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from kazoo.handlers.threading import KazooTimeoutError

from interop import requests as rq
from interop.certificates import PASSWORD
from interop.client import Client
from interop.conftest import PairWith, required
from interop.digest_md5 import Proof, token
from interop.ensemble import OTHER_LOOPBACK
from interop.java import JavaZooKeeper, c_shell, zookeeper_39, zookeeper_395
from interop.java_sessions import CONNECTED, REFUSED, JavaClient
from interop.pair import Pair
from interop.server import Config
from interop.shells import Printed, run, zkcli
from interop.test_client_sasl import JAAS, PROVIDER
from interop.tls_probe import Probe
from interop.tls_stores import EARLY, EXPIRED_ONE, GOOD, WRONG_CA, TlsStores, client_settings
from interop.tls_tunnel import Tunnel

RUN_SECONDS = 60
AUTH_FAILED = -115
KAZOO_SECONDS = 20.0
KAZOO_GIVES_UP_SECONDS = 1.5
BAD = [WRONG_CA, EXPIRED_ONE, EARLY]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> TlsStores:
    made = TlsStores.create(tmp_path_factory.mktemp("stores"))
    made.identities[GOOD].write_pkcs12(made.home / "good.p12")
    made.identities[GOOD].write_jks(made.home / "good.jks")
    made.authority.write_pkcs12(made.home / "ca.p12")
    made.authority.write_jks(made.home / "ca.jks")
    (made.home / "password").write_text(PASSWORD)
    return made


@pytest.fixture
def pair(pair_with: PairWith, stores: TlsStores) -> Pair:
    return pair_with(Config(stores.lines(), secure=True))


# --- the Java client


def passwords(word: str) -> dict[str, str]:
    return {f"zookeeper.ssl.{store}.password": word for store in ("keyStore", "trustStore")}


def assert_java_gets(
    state: str, pair: Pair, client: JavaClient, settings: Mapping[str, str], host: str = "127.0.0.1"
) -> None:
    sessions = [client.open(f"{host}:{side.server.secure_address[1]}", settings) for side in pair.sides]
    assert [state, state] == [session.first for session in sessions], client.log()
    if state == CONNECTED:
        for session in sessions:
            assert session.create("/ephemeral", mode="EPHEMERAL") == "/ephemeral"
            assert session.session() == session.owner("/ephemeral")
    client.close_sessions()


@pytest.mark.parametrize(
    ("key_store", "trust_store", "password"),
    [
        ("good.pem", "ca.pem", ""),
        ("good.p12", "ca.p12", PASSWORD),
        ("good.jks", "ca.jks", PASSWORD),
    ],
)
def test_the_java_client_gets_in_with_stores_of_every_kind(
    pair: Pair, stores: TlsStores, java_client: JavaClient, key_store: str, trust_store: str, password: str
) -> None:
    settings = client_settings(stores, key_store, trust_store)
    assert_java_gets(CONNECTED, pair, java_client, {**settings, **passwords(password)})


def test_the_java_client_gets_in_with_a_password_from_a_file(
    pair: Pair, stores: TlsStores, java_client: JavaClient
) -> None:
    paths = {
        f"zookeeper.ssl.{store}.passwordPath": str(stores.home / "password") for store in ("keyStore", "trustStore")
    }
    assert_java_gets(CONNECTED, pair, java_client, {**client_settings(stores, "good.p12", "ca.p12"), **paths})


@pytest.mark.parametrize("identity", [*BAD, ""])
def test_the_java_client_is_refused_with_a_bad_certificate_and_with_none(
    pair: Pair, stores: TlsStores, java_client: JavaClient, identity: str
) -> None:
    settings = client_settings(stores, f"{identity}.pem" if identity else "")
    assert_java_gets(REFUSED, pair, java_client, settings)


def test_the_java_client_refuses_a_server_of_another_authority(
    pair: Pair, stores: TlsStores, java_client: JavaClient
) -> None:
    assert_java_gets(REFUSED, pair, java_client, client_settings(stores, trust_store="stranger.pem"))


@pytest.mark.parametrize("fips_mode", ["true", "false"])
def test_the_java_client_refuses_a_server_of_another_name_unless_it_does_not_look(
    pair: Pair, stores: TlsStores, java_client: JavaClient, fips_mode: str
) -> None:
    settings = {**client_settings(stores), "zookeeper.fips-mode": fips_mode}
    assert_java_gets(REFUSED, pair, java_client, settings, OTHER_LOOPBACK)
    settings["zookeeper.ssl.hostnameVerification"] = "false"
    assert_java_gets(CONNECTED, pair, java_client, settings, OTHER_LOOPBACK)


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_the_java_client_speaks_one_version(
    pair: Pair, stores: TlsStores, java_client: JavaClient, version: str
) -> None:
    settings = {**client_settings(stores), "zookeeper.ssl.enabledProtocols": version}
    assert_java_gets(CONNECTED, pair, java_client, settings)


def test_a_java_client_without_tls_is_refused_at_the_tls_port_and_the_other_way_round(
    pair: Pair, stores: TlsStores, java_client: JavaClient
) -> None:
    assert_java_gets(REFUSED, pair, java_client, {})
    plain = [java_client.open(side.server.host_port, client_settings(stores)) for side in pair.sides]
    assert [REFUSED] * 2 == [session.first for session in plain]


# --- its shell


def shell_settings(stores: TlsStores, identity: str) -> Path:
    settings = client_settings(stores, f"{identity}.pem")
    path = stores.home / f"{identity}.cfg"
    path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    return path


def printed_by_shell(pair: Pair, stores: TlsStores, home: Path, shell: object, identity: str) -> list[Printed]:
    assert isinstance(shell, JavaZooKeeper)
    words = ["-client-configuration", str(shell_settings(stores, identity)), "ls", "/"]
    hosts = ["{}:{}".format(*side.server.secure_address) for side in pair.sides]
    command = zkcli(shell, home)
    with ThreadPoolExecutor() as both:
        return [each.without_connection() for each in both.map(lambda host: run(command, host, words), hosts)]


def test_the_shell_of_3_9_5_gets_in_with_a_good_certificate(pair: Pair, stores: TlsStores, tmp_path: Path) -> None:
    # That of 3.9.6 does so in test_client_tls.
    printed = printed_by_shell(pair, stores, tmp_path, required(zookeeper_395), GOOD)
    assert printed[0] == printed[1]
    assert (0, "[zookeeper]") == (printed[0].code, printed[0].out[-1])


@pytest.mark.parametrize("version", [zookeeper_39, zookeeper_395])
def test_the_shell_does_not_get_in_with_a_bad_certificate(
    pair: Pair, stores: TlsStores, tmp_path: Path, version: Callable[[], object]
) -> None:
    printed = printed_by_shell(pair, stores, tmp_path, required(version), WRONG_CA)
    assert printed[0] == printed[1]
    assert printed[0].code != 0


# --- kazoo


@pytest.fixture
def kazoo(stores: TlsStores) -> Iterator[Callable[..., KazooClient]]:
    clients = []

    def client(address: tuple[str, int], identity: str, authority: str = "ca", **more: object) -> KazooClient:
        files = {"certfile": str(stores.pem(identity)), "keyfile": str(stores.pem(identity))} if identity else {}
        hosts = f"{address[0]}:{address[1]}"
        clients.append(KazooClient(hosts, use_ssl=True, ca=str(stores.pem(authority)), **files, **more))
        return clients[-1]

    yield client
    for each in clients:
        each.stop()
        each.close()


def test_kazoo_gets_in_with_a_good_certificate(pair: Pair, kazoo: Callable[..., KazooClient]) -> None:
    for side in pair.sides:
        client = kazoo(side.server.secure_address, GOOD, check_hostname=True)
        client.start(KAZOO_SECONDS)
        assert "/kazoo" == client.create("/kazoo", b"data", ephemeral=True)
        assert b"data" == client.get("/kazoo")[0]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_kazoo_does_not_get_in_where_something_does_not_fit(pair: Pair, kazoo: Callable[..., KazooClient]) -> None:
    misfits = [*((identity, "ca") for identity in (*BAD, "")), (GOOD, "stranger")]

    def gives_up(client: KazooClient) -> bool:
        try:
            client.start(KAZOO_GIVES_UP_SECONDS)
        except KazooTimeoutError:
            return True
        return False

    # All at once, for each tries again and again until its time is over.
    with ThreadPoolExecutor() as at_once:
        for side in pair.sides:
            clients = [kazoo(side.server.secure_address, *misfit) for misfit in misfits]
            elsewhere = OTHER_LOOPBACK, side.server.secure_address[1]
            clients.append(kazoo(elsewhere, GOOD, check_hostname=True))
            gave_up = dict(zip([*misfits, elsewhere], at_once.map(gives_up, clients), strict=True))
            assert all(gave_up.values()), (side.server.kind, gave_up)
    # kazoo leaves the sockets of handshakes that fail to the garbage, which says so.
    gc.collect()


# --- OpenSSL, and the C client


def s_client(address: tuple[str, int], *words: str) -> subprocess.CompletedProcess[str]:
    """Asks for `srvr`, and waits for the end of the connection."""
    command = ["openssl", "s_client", "-connect", "{}:{}".format(*address), "-ign_eof", *words]
    return subprocess.run(command, input="srvr", capture_output=True, text=True, timeout=RUN_SECONDS)


def test_openssl_takes_the_server_for_what_it_is(pair: Pair, stores: TlsStores) -> None:
    stores_of_it = ("-CAfile", str(stores.pem("ca")), "-cert", str(stores.pem(GOOD)))
    checks = ("-verify_return_error", "-verify_ip", "127.0.0.1")
    for side in pair.sides:
        ended = s_client(side.server.secure_address, *stores_of_it, *checks)
        assert "Verify return code: 0 (ok)" in ended.stdout, ended.stderr
        assert "Mode: standalone" in ended.stdout, ended.stderr


def test_without_a_common_cipher_suite_of_tls_1_3_the_handshake_fails(pair: Pair, stores: TlsStores) -> None:
    words = ("-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256", "-cert", str(stores.pem(GOOD)))
    ended = [s_client(side.server.secure_address, *words) for side in pair.sides]
    assert [True, True] == ["alert handshake failure" in each.stderr for each in ended], ended[1].stderr


@pytest.fixture
def tunnel() -> Iterator[Callable[[tuple[str, int], ssl.SSLContext], Tunnel]]:
    tunnels = []

    def dig(target: tuple[str, int], context: ssl.SSLContext) -> Tunnel:
        tunnels.append(Tunnel(target, context))
        return tunnels[-1]

    yield dig
    for each in tunnels:
        each.close()


def test_the_c_clients_shell_works_through_a_tunnel(
    pair: Pair, stores: TlsStores, tunnel: Callable[[tuple[str, int], ssl.SSLContext], Tunnel]
) -> None:
    shell = str(required(c_shell))
    context = Probe(stores.pem(GOOD)).context()
    for side in pair.sides:
        near = tunnel(side.server.secure_address, context)
        for line, wanted in [("create /c", "rc = 0"), ("ls /", "c"), ("delete /c", "")]:
            command = [shell, "-h", near.host_port, "-c", line]
            ended = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS)
            assert wanted in ended.stdout + ended.stderr, (line, side.server.kind)
            assert 0 == ended.returncode, ended.stderr


# --- SASL inside TLS


@pytest.fixture
def pair_with_users(pair_with: PairWith, stores: TlsStores) -> Pair:
    (stores.home / "jaas.conf").write_text(JAAS, encoding="utf-8")
    properties = {"java.security.auth.login.config": str(stores.home / "jaas.conf"), "zookeeper.fips-mode": "false"}
    lines = {**stores.lines(), **PROVIDER, "client.portUnification": "true"}
    return pair_with(Config(lines, properties, secure=True))


def logged_in(pair: Pair, stores: TlsStores, proof: Proof) -> list[tuple[int, bytes | None]]:
    """The error of the last answer to a login within TLS, and who the client is then; None when it is cut off."""
    found = []
    for side in pair.sides:
        client = Client(side.server, tls=Probe(stores.pem(GOOD)).context())
        challenge = client.call(rq.SASL, rq.text(b"")).body[4:]
        error = client.call(rq.SASL, rq.text(token(proof.to(challenge).fields()))).error
        client.send(rq.WHO_AM_I)
        answer = client.receive()
        found.append((error, None if answer is None else answer.body))
    return found


def test_a_client_logs_in_within_tls(pair_with_users: Pair, stores: TlsStores) -> None:
    of_real, of_pyzoo = logged_in(pair_with_users, stores, Proof())
    assert of_real == of_pyzoo
    error, ids = of_pyzoo
    assert 0 == error
    assert ids is not None
    assert all(scheme in ids for scheme in (b"sasl", b"x509"))
    assert [(AUTH_FAILED, None)] * 2 == logged_in(pair_with_users, stores, Proof(password="a guess"))


# --- a server whose own certificate is no good


def test_clients_refuse_a_server_whose_certificate_has_expired(
    pair_with: PairWith, stores: TlsStores, java_client: JavaClient
) -> None:
    pair = pair_with(Config(stores.lines(key_store=EXPIRED_ONE), secure=True))
    assert_java_gets(REFUSED, pair, java_client, client_settings(stores))
    for side in pair.sides:
        ended = s_client(side.server.secure_address, "-CAfile", str(stores.pem("ca")), "-verify_return_error")
        assert "Mode: standalone" not in ended.stdout
        assert "verify error" in ended.stderr
