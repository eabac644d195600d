"""What the console changes: requests of a client session within the server, in every role."""

import logging
from collections.abc import Iterator

import pytest
import trio
from kazoo.exceptions import NoAuthError
from kazoo.security import make_acl

from pyzoo import errors
from pyzoo.console.host import ChangeFailed
from pyzoo.console.visitor import Role, Visitor
from pyzoo.datatree.acl import ALL
from pyzoo.errors import KeeperError
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, CreateRequest, CreateResponse, DeleteRequest, Id, SetDataRequest
from pyzoo.runtime.admin_server import ServerHost
from pyzoo.runtime.console_host import ServerConsoleHost
from pyzoo.server.auth.digest import DigestAuthenticationProvider
from pyzoo.testing import EmbeddedEnsemble, EmbeddedServer
from tests.console.conftest import Start
from tests.support.console_host import HostOf, writer
from tests.support.kazoo_session import kazoo_session
from tests.support.server_process import wait_until

OPEN = [ACL(ALL, "world", "anyone")]
ALICE = Id("digest", DigestAuthenticationProvider("SHA1", None).digest_of("alice:secret"))
TICK_TIME_MS = 200


def create(host: HostOf, visitor: Visitor, path: str, acl: list[ACL] = OPEN, flags: int = 0) -> str | None:
    body = host.run(lambda it: it.submit(visitor, op.CREATE, CreateRequest(path, b"data", acl, flags)))
    return CreateResponse.decode(body).path


def set_data(host: HostOf, visitor: Visitor, path: str, version: int = -1) -> None:
    host.run(lambda it: it.submit(visitor, op.SET_DATA, SetDataRequest(path, b"new", version)))


@pytest.fixture(scope="module")
def ensemble() -> Iterator[EmbeddedEnsemble]:
    with EmbeddedEnsemble(observers=1, tick_time_ms=TICK_TIME_MS) as started:
        yield started


async def test_many_that_go_on_slice_by_slice_cost_no_more_than_one(console: EmbeddedServer) -> None:
    slices = passes = 0

    async def walk(host: ServerConsoleHost) -> None:
        nonlocal slices
        while True:
            slices += 1
            await host.pause()

    host = console._awake().call(lambda running: ServerConsoleHost(ServerHost(running.tasks), running.tasks))
    async with trio.open_nursery() as nursery:
        for _ in range(8):
            nursery.start_soon(walk, host)
        for _ in range(100):
            await trio.lowlevel.checkpoint()
            passes += 1
        nursery.cancel_scope.cancel()
    assert slices <= passes + 8


def test_a_change_is_that_of_a_client(console: EmbeddedServer) -> None:
    host = HostOf(console)
    assert "/made" == create(host, writer("a"), "/made")
    set_data(host, writer("a"), "/made", 0)
    with kazoo_session(console.connect_string) as client:
        data, stat = client.get("/made")
        assert (b"new", 1) == (data, stat.version)


@pytest.mark.parametrize(
    ("version", "path", "code"), [(7, "/lost", errors.BADVERSION), (-1, "/lost/nothing", errors.NONODE)]
)
def test_a_refusal_is_that_of_a_client(console: EmbeddedServer, version: int, path: str, code: int) -> None:
    host, visitor = HostOf(console), writer("b")
    if not console.exists("/lost"):
        create(host, visitor, "/lost")
    with pytest.raises(KeeperError) as raised:
        set_data(host, visitor, path, version)
    assert code == raised.value.code


def test_the_visitor_has_its_own_ids_and_no_others(console: EmbeddedServer) -> None:
    host = HostOf(console)
    create(host, writer("alice", [ALICE]), "/own", [ACL(ALL, "auth", "")])
    set_data(host, writer("alice", [ALICE]), "/own")
    with pytest.raises(KeeperError) as raised:
        set_data(host, writer("bob"), "/own")
    assert errors.NOAUTH == raised.value.code


def test_who_is_no_writer_changes_nothing_whatever_a_page_does(console: EmbeddedServer) -> None:
    reader = Visitor([Id("ip", "192.0.2.7")], Role.READER, "192.0.2.7", key="reader")
    with pytest.raises(KeeperError) as raised:
        create(HostOf(console), reader, "/read-only")
    assert errors.NOAUTH == raised.value.code


def test_its_address_is_what_an_acl_sees(console: EmbeddedServer) -> None:
    host = HostOf(console)
    create(host, writer("a"), "/near", [ACL(ALL, "ip", "192.0.2.0/24")])
    set_data(host, writer("a"), "/near")
    with kazoo_session(console.connect_string) as client, pytest.raises(NoAuthError):
        client.set("/near", b"")


def test_changes_of_one_visitor_share_a_session_that_ends_with_the_login(start: Start) -> None:
    server = start()
    host = HostOf(server)
    for number in range(3):
        create(host, writer("a"), f"/own{number}", OPEN, 1)
    assert 1 == len(server.connected_sessions())

    async def leave(it: object) -> None:
        host._host.leave(writer("a"))

    host.run(leave)
    wait_until(lambda: not server.sessions())
    assert not server.exists("/own0")
    create(host, writer("a"), "/again")


def test_the_audit_log_has_who_changed_what(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    server = start(audit_enable="true")
    with caplog.at_level(logging.INFO, "pyzoo.audit"):
        create(HostOf(server), writer("alice", [ALICE]), "/audited")
    fields = next(text for text in caplog.messages if "znode=/audited" in text).split("\t")
    assert ["user=192.0.2.7,alice", "ip=192.0.2.7", "operation=create"] == fields[1:4]


def test_a_session_can_be_ended_whoever_it_is_of(console: EmbeddedServer) -> None:
    host = HostOf(console)
    with kazoo_session(console.connect_string) as client:
        client.create("/ephemeral", ephemeral=True)
        session_id = client.client_id[0]
        host.run(lambda it: it.end_session(writer("a"), session_id))
        assert not console.exists("/ephemeral")
    with pytest.raises(KeeperError) as raised:
        host.run(lambda it: it.end_session(writer("a"), 12345))
    assert errors.SESSIONEXPIRED == raised.value.code


def test_who_may_not_do_everything_on_the_root_ends_no_session(start: Start) -> None:
    server = start()
    with kazoo_session(server.connect_string) as client:
        client.set_acls("/", [make_acl("world", "anyone", read=True)])
        with pytest.raises(KeeperError) as raised:
            HostOf(server).run(lambda it: it.end_session(writer("a"), client.client_id[0]))
        assert errors.NOAUTH == raised.value.code


@pytest.mark.parametrize("role", ["leader", "follower", "observer"])
def test_every_role_takes_changes_and_ends_sessions(ensemble: EmbeddedEnsemble, role: str) -> None:
    member = next(member for member in ensemble.members if member.mode() == role)
    host = HostOf(member)
    create(host, writer("alice", [ALICE]), f"/by-{role}", [ACL(ALL, "auth", "")])
    with pytest.raises(KeeperError) as raised:
        set_data(host, writer("bob"), f"/by-{role}")
    assert errors.NOAUTH == raised.value.code
    host.run(lambda it: it.submit(writer("alice", [ALICE]), op.DELETE, DeleteRequest(f"/by-{role}", 0)))
    with kazoo_session(ensemble.connect_string) as client:
        client.create(f"/ephemeral-{role}", ephemeral=True)
        host.run(lambda it: it.end_session(writer("a"), client.client_id[0]))
        assert not member.exists(f"/ephemeral-{role}")


def test_without_a_quorum_nothing_is_changed(ensemble: EmbeddedEnsemble) -> None:
    """The last test of the ensemble: it has no quorum afterwards."""
    follower = next(member for member in ensemble.members if member.mode() == "follower")
    host = HostOf(follower)
    for member in ensemble.members:
        if member is not follower and not member.observer:
            ensemble.kill(member.sid)
    wait_until(lambda: follower.mode() is None)
    with pytest.raises(ChangeFailed, match="quorum"):
        create(host, writer("a"), "/never")
