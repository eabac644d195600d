"""From plain connections between members to TLS and back, one member at a time, while clients go on.

Three rounds there and three back, as Apache's guide has them; each restarts every member once, the leader last.
"""

import socket
import ssl
import struct
from collections.abc import Callable, Mapping

import pytest
from attrs import frozen

from interop.conftest import new_ensemble
from interop.ensemble import LOOPBACK, Ensemble, Settings
from interop.java_sessions import JavaClient, JavaSession
from interop.member import JAVA39, PYZOO, Member
from interop.stores import make_stores
from interop.writer import Writer

#: In the order of sids. The last one leads first.
MIXES = [(PYZOO, JAVA39, PYZOO), (PYZOO, PYZOO, PYZOO)]
PLAIN: Mapping[str, str] = {}
TAKES_BOTH = {"portUnification": "true"}
DIALS_TLS = {"sslQuorum": "true", "portUnification": "true"}
ONLY_TLS = {"sslQuorum": "true"}
THERE_AND_BACK = (TAKES_BOTH, DIALS_TLS, ONLY_TLS, DIALS_TLS, TAKES_BOTH, PLAIN)
#: The version that a hello of the election begins with.
HELLO_BEGINS = struct.pack(">q", -65536)
CLOSES_SECONDS, KEEPS_SECONDS = 10.0, 0.2
WriteTo = Callable[[Ensemble, str], Writer]


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """PEM stores of one authority, with a certificate for loopback."""
    key_store, trust_store = make_stores(tmp_path_factory.mktemp("stores"))
    return {"ssl.quorum.keyStore.location": str(key_store), "ssl.quorum.trustStore.location": str(trust_store)}


@frozen
class Watcher:
    """A session with an ephemeral, a watch that every round uses up, and one that nothing uses until the end."""

    session: JavaSession
    number: int

    @classmethod
    def begin(cls, session: JavaSession) -> "Watcher":
        for path in ("/every-round", "/at-the-end"):
            session.create(path)
            session.watch(path)
        session.create("/ephemeral", mode="EPHEMERAL")
        return cls(session, session.session())

    def assert_is_told_of(self, path: str, writing: JavaSession) -> None:
        assert writing.set(path, "changed").isdigit()
        assert f"NodeDataChanged {path}" == self.session.event()

    def assert_session_survived(self) -> None:
        assert self.number == self.session.session()
        assert self.number == self.session.owner("/ephemeral")


@pytest.mark.parametrize("mix", MIXES, ids="-".join)
def test_rolling_to_tls_and_back_loses_no_write_and_no_session(
    mix: tuple[str, ...],
    stores: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    write_to: WriteTo,
    java_client: JavaClient,
) -> None:
    with new_ensemble(tmp_path_factory, mix) as ensemble:
        ensemble.start_led_by(3)
        writer, other = write_to(ensemble, "/rolling"), java_client.open(ensemble.hosts)
        watcher = Watcher.begin(java_client.open(ensemble.hosts))
        for lines in THERE_AND_BACK:
            if lines is ONLY_TLS:
                let_lead(ensemble, mix[1])
            ensemble.settings = Settings({**lines, **(stores if lines else {})})
            roll(ensemble, writer)
            for member in ensemble.members.values():
                assert (lines is not PLAIN) == takes_tls(member, stores)
                assert (lines is not ONLY_TLS) == takes_plain(member)
            watcher.assert_is_told_of("/every-round", other)
            watcher.session.watch("/every-round")
            watcher.assert_session_survived()
        watcher.assert_is_told_of("/at-the-end", other)
        assert 0 == watcher.session.events_left()
        writer.wait_for_more()
        writer.stop()
        writer.assert_session_survived()
        ensemble.assert_nothing_lost(writer)


def roll(ensemble: Ensemble, writer: Writer) -> None:
    """Restart one member after the other with the settings of now."""
    leader = ensemble.wait_until_serving()
    for member in sorted(ensemble.members.values(), key=lambda each: each is leader):
        writer.wait_for_more()
        member.stop()
        ensemble.write_config(member, ensemble.members.values())
        ensemble.start(member.sid)


def let_lead(ensemble: Ensemble, kind: str) -> None:
    """Restart leaders until one of a kind leads."""
    for _ in range(5):
        leader = ensemble.wait_until_serving()
        if leader.kind == kind:
            return
        leader.stop()
        ensemble.wait_until_serving()
        ensemble.start(leader.sid)
    raise AssertionError(f"no {kind} gets elected\n{ensemble.report()}")


def takes_tls(member: Member, stores: Mapping[str, str]) -> bool:
    """Whether a handshake comes to an end at the election port."""
    context = ssl.create_default_context(cafile=stores["ssl.quorum.trustStore.location"])
    context.load_cert_chain(stores["ssl.quorum.keyStore.location"])
    with socket.create_connection((LOOPBACK, member.election_port), timeout=CLOSES_SECONDS) as connection:
        try:
            context.wrap_socket(connection, server_hostname=LOOPBACK).close()
        except OSError:
            return False
        return True


def takes_plain(member: Member) -> bool:
    """Whether the election port waits for more after the first bytes of a plain hello."""
    with socket.create_connection((LOOPBACK, member.election_port), timeout=KEEPS_SECONDS) as connection:
        connection.sendall(HELLO_BEGINS)
        try:
            connection.recv(100)
        except TimeoutError:
            return True
        except OSError:
            pass
        return False
