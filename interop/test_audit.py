"""The audit log: the same traffic leaves the same lines, alone and in every role of an ensemble."""

from collections.abc import Iterator

import pytest

from interop import requests as rq
from interop.audit_lines import audit_lines, audit_lines_until, without_sessions
from interop.client import Client
from interop.conftest import StartServer, new_ensemble
from interop.ensemble import Ensemble, Settings
from interop.member import JAVA39, PYZOO
from interop.pair import Pair, PairSession
from interop.server import Config, Server

EPHEMERAL, SEQUENTIAL, EPHEMERAL_SEQUENTIAL, TTL = 1, 2, 3, 5
AUDITED = {"audit.enable": "true"}
CONFIG = Config(lines=AUDITED, properties={"zookeeper.extendedTypesEnabled": "true"})

Requests = list[tuple[int, bytes]]


@pytest.fixture
def audited(pair: Pair, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """Compares the audit lines that both servers write from here to the end of the test."""
    for side in pair.sides:
        # A server serves before it says that it has started.
        audit_lines_until(side.server, "operation=serverStart")
    before = [len(audit_lines(side.server)) for side in pair.sides]
    yield pair
    mark = f"/end-of-{abs(hash(request.node.name))}"
    last = pair.connect()
    last.call(rq.CREATE, rq.create(mark))
    lines = [
        without_sessions(audit_lines_until(side.server, f"znode={mark}", after))
        for side, after in zip(pair.sides, before, strict=True)
    ]
    assert lines[0] == lines[1]
    assert len(lines[0]) > 1


@pytest.fixture
def session(audited: Pair) -> PairSession:
    return audited.connect()


def changes(top: str) -> Requests:
    """Everything that is written down, and what is not, below a node that is not there yet."""
    return [
        (rq.CREATE, rq.create(top, b"1")),
        (rq.CREATE, rq.create(top)),
        (rq.CREATE, rq.create(f"{top}/missing/child")),
        (rq.CREATE2, rq.create(f"{top}/s-", flags=SEQUENTIAL)),
        (rq.CREATE, rq.create(f"{top}/e", flags=EPHEMERAL)),
        (rq.CREATE, rq.create(f"{top}/es-", flags=EPHEMERAL_SEQUENTIAL)),
        (rq.CREATE_CONTAINER, rq.create(f"{top}/c", flags=4)),
        (rq.CREATE, rq.create(f"{top}/x", entries=rq.READ_ONLY)),
        (rq.SET_DATA, rq.set_data(top, b"2")),
        (rq.SET_DATA, rq.set_data(top, b"3", version=9)),
        (rq.SET_ACL, rq.set_acl(f"{top}/c", ((1, "world", "anyone"), (31, "ip", "127.0.0.1")))),
        (rq.SET_ACL, rq.set_acl(f"{top}/missing", rq.OPEN)),
        (rq.SET_ACL, rq.set_acl(f"{top}/c", ((31, "nosuch", "x"),))),
        (rq.SET_ACL, rq.set_acl(top, ((9, "world", "anyone"), (22, "auth", "")))),
        (rq.GET_DATA, rq.path_watch(top)),
        (rq.DELETE, rq.path_version(f"{top}/s-0000000000", version=7)),
        (rq.DELETE, rq.path_version(f"{top}/s-0000000000")),
        (rq.DELETE, rq.path_version(f"{top}/missing")),
        (rq.SYNC, rq.text(top)),
        (rq.RECONFIG, rq.text("server.9=h:1:2;3") + rq.text(None) + rq.text(None) + rq.long(-1)),
    ]


def multis(top: str) -> Requests:
    """Multis that work, and that fail as a whole."""
    return [
        (rq.CREATE, rq.create(top)),
        (
            rq.MULTI,
            rq.multi(
                [
                    (rq.CREATE, rq.create(f"{top}/a")),
                    (rq.CREATE2, rq.create(f"{top}/s-", flags=SEQUENTIAL)),
                    (rq.CREATE, rq.create(f"{top}/e", flags=EPHEMERAL)),
                    (rq.CHECK, rq.path_version(f"{top}/a", 0)),
                    (rq.SET_DATA, rq.set_data(f"{top}/a", b"x")),
                    (rq.DELETE, rq.path_version(f"{top}/a")),
                ]
            ),
        ),
        (rq.MULTI, rq.multi([(rq.CREATE, rq.create(f"{top}/b")), (rq.DELETE, rq.path_version(f"{top}/nope"))])),
        (rq.MULTI, rq.multi([(rq.CHECK, rq.path_version(top, 77))])),
    ]


def test_changes_that_work_and_that_fail(session: PairSession) -> None:
    for opcode, body in changes("/changes"):
        session.call(opcode, body)


def test_parts_of_a_multi_have_lines_of_their_own(session: PairSession) -> None:
    for opcode, body in multis("/multis"):
        session.call(opcode, body)


def test_ttl_nodes(session: PairSession) -> None:
    session.call(rq.CREATE_TTL, rq.create_ttl("/ttl", 60_000))
    session.call(rq.CREATE_TTL, rq.create_ttl("/ttl", 60_000))
    session.call(rq.CREATE_TTL, rq.create_ttl("/ttl/s-", 60_000, flags=6))
    session.call(rq.MULTI, rq.multi([(rq.CREATE_TTL, rq.create_ttl("/ttl/m", 60_000))]))


def test_users_are_the_names_of_all_identities(session: PairSession) -> None:
    session.call(rq.CREATE, rq.create("/users"))
    for credential in ("bob:secret", "alice:other", ":nobody", "bob:again", "c\tar\x1f\x7fl\nuser=root:x"):
        session.call(rq.AUTH, rq.auth("digest", credential))
        session.call(rq.SET_DATA, rq.set_data("/users", credential))


def test_control_characters_are_left_out(session: PairSession) -> None:
    for path in ("/a\nuser=root", "/a\tresult=success", "/\x01\x1f\x7f\x80", "/\u2028"):
        session.call(rq.CREATE, rq.create(path))
        session.call(rq.SET_DATA, rq.set_data(path, b""))
        session.call(rq.SET_ACL, rq.set_acl("/none", ((31, "nosuch", "a\nb"),)))


def test_ephemerals_of_a_closed_session_are_the_servers_doing(audited: Pair) -> None:
    session = audited.connect()
    session.call(rq.CREATE, rq.create("/closing"))
    for name in ("b", "a", "c"):
        session.call(rq.CREATE, rq.create(f"/closing/{name}", flags=EPHEMERAL))
    session.call(rq.CLOSE_SESSION)


def test_a_pipeline_is_written_in_its_order(session: PairSession) -> None:
    session.pipeline([(rq.CREATE, rq.create(f"/pipeline-{n % 7}")) for n in range(20)])


def test_start_and_stop(start_real: StartServer, start_subject: StartServer) -> None:
    lines = []
    for start in (start_real, start_subject):
        server: Server = start(CONFIG)
        # Apache's answers clients a moment before it is ready to note its end.
        audit_lines_until(server, "serverStart")
        server.stop()
        lines.append(audit_lines_until(server, "serverStop"))
    assert lines[0] == lines[1]
    assert 2 == len(lines[0])


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    """Followers of both kinds and a leader, all audited."""
    with new_ensemble(tmp_path_factory, (JAVA39, PYZOO, PYZOO), settings=Settings(lines=AUDITED)) as started:
        started.start_led_by(3)
        yield started


def test_every_member_writes_its_own_clients_and_all_write_the_end_of_sessions(ensemble: Ensemble) -> None:
    members = list(ensemble.members.values())
    before = [len(audit_lines(member)) for member in members]
    for member in members:
        client = Client(member)
        for opcode, body in [*changes(f"/by-{member.sid}"), *multis(f"/multi-by-{member.sid}")]:
            client.call(opcode, body)
        client.call(rq.CLOSE_SESSION)
    for member in members:
        Client(member).call(rq.CREATE, rq.create(f"/end-{member.sid}"))
    written = [
        audit_lines_until(member, f"znode=/end-{member.sid}", after)
        for member, after in zip(members, before, strict=True)
    ]
    own = [
        without_sessions(
            [line.replace(f"by-{member.sid}", "by") for line in lines if "ip=" in line and "/end-" not in line]
        )
        for member, lines in zip(members, written, strict=True)
    ]
    assert len(own[0]) > 20
    assert own[0] == own[1] == own[2]
    ended = [[line for line in lines if "ephemeralZNodeDeletion" in line] for lines in written]
    assert 9 == len(ended[0])
    assert ended[0] == ended[1] == ended[2]


def test_a_client_that_does_not_wait_for_its_answer_is_written_down(ensemble: Ensemble) -> None:
    for member in [member for member in ensemble.members.values() if member.kind == PYZOO]:
        client = Client(member)
        client.send(rq.CREATE, rq.create(f"/left-{member.sid}"))
        client.close()
        assert "result=success" in audit_lines_until(member, f"znode=/left-{member.sid}")[-1]
