"""Sessions over TLS with members of both kinds: they move from one to the other, and writes go to whoever leads."""

import pytest

from interop.conftest import new_ensemble
from interop.ensemble import LOOPBACK, Settings
from interop.java_sessions import CONNECTED, JavaClient
from interop.member import JAVA39, PYZOO
from interop.ports import free_port
from interop.tls_stores import TlsStores, client_settings

#: In the order of sids. The last one leads, and then one of the others.
MIX = (PYZOO, JAVA39, PYZOO)
NETTY = {"zookeeper.serverCnxnFactory": "org.apache.zookeeper.server.NettyServerCnxnFactory"}


def test_a_session_over_tls_outlives_the_member_that_it_is_with(
    tmp_path_factory: pytest.TempPathFactory, java_client: JavaClient
) -> None:
    stores = TlsStores.create(tmp_path_factory.mktemp("stores"))
    ports = {sid: free_port() for sid in range(1, len(MIX) + 1)}
    secure = {sid: {"secureClientPort": str(port)} for sid, port in ports.items()}
    settings = Settings(stores.lines(), secure, properties=NETTY)
    with new_ensemble(tmp_path_factory, MIX, settings=settings) as ensemble:
        ensemble.start_led_by(3)
        sessions = {sid: java_client.open(f"{LOOPBACK}:{port}", client_settings(stores)) for sid, port in ports.items()}
        assert {CONNECTED} == {session.first for session in sessions.values()}, java_client.log()
        for sid, session in sessions.items():
            assert f"/of-{sid}" == session.create(f"/of-{sid}", mode="EPHEMERAL")
            assert {"x509:CN=client", f"ip:{LOOPBACK}"} == set(session.who())
        for session in sessions.values():
            session.sync()
            owners = [session.owner(f"/of-{other}") for other in sessions]
            assert [other.session() for other in sessions.values()] == owners

        anywhere = ",".join(f"{LOOPBACK}:{port}" for port in ports.values())
        roaming = java_client.open(anywhere, client_settings(stores))
        number = roaming.session()
        assert "/roaming" == roaming.create("/roaming", mode="EPHEMERAL")
        for sid in (3, 1):
            ensemble.members[sid].stop()
            assert number == roaming.owner("/roaming")
            assert roaming.set("/roaming", "written").isdigit()
            ensemble.start(sid)
        assert number == roaming.session()
