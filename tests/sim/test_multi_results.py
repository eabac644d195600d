"""What the parts of a multi are answered at each role: by their own opcodes, and by what a session may do."""

import pytest

from pyzoo import errors as err
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive, Record
from pyzoo.jute.records import ACL, ConnectRequest, CreateRequest, MultiHeader, ReplyHeader, RequestHeader, Stat
from pyzoo.server.modes import FOLLOWER, LEADER, OBSERVER
from pyzoo.server.slices import NEVER, SLICE_UNITS
from pyzoo.sim.machine import CLIENT_PORT
from pyzoo.sim.member import SimMember
from pyzoo.sim.network import Socket
from pyzoo.sim.operation import encoded, framed
from pyzoo.sim.options import Options
from tests.support.scenes import Scene

OPEN = [ACL(31, "world", "anyone")]
ROLES = [LEADER, FOLLOWER, OBSERVER]


class RawClient:
    """One connection with a session; the request that it makes has the number 1."""

    def __init__(self, scene: Scene, member: SimMember) -> None:
        self.scene = scene
        self.received = b""
        self.socket: Socket | None = None
        scene.ensemble.network.dial("client", (member.host, CLIENT_PORT), 3000, self, None)
        scene.run_until(lambda: self.socket)
        self.send(ConnectRequest(0, 0, 4000, 0, b"\0" * 16, False))
        self.next_frame()

    def dial_succeeded(self, socket: Socket, key: object) -> None:
        self.socket = socket
        socket.attach(self)

    def dial_failed(self, key: object) -> None:
        raise AssertionError("nobody answers")

    def socket_received(self, socket: Socket, data: bytes) -> None:
        self.received += data

    def socket_ended(self, socket: Socket) -> None:
        pass

    def send(self, *records: Record | bytes) -> None:
        assert self.socket is not None
        self.socket.send(framed(b"".join(one if isinstance(one, bytes) else encoded(one) for one in records)))

    def next_frame(self) -> InputArchive:
        self.scene.run_until(lambda: len(self.received) >= 4 + int.from_bytes(self.received[:4], "big") > 4)
        end = 4 + int.from_bytes(self.received[:4], "big")
        frame, self.received = self.received[4:end], self.received[end:]
        return InputArchive(frame)

    def call(self, type: int, *records: Record | bytes) -> tuple[ReplyHeader, InputArchive]:
        self.send(RequestHeader(1, type), *records)
        archive = self.next_frame()
        return ReplyHeader.decode(archive), archive


def multi(*parts: tuple[int, CreateRequest]) -> bytes:
    body = b"".join(encoded(MultiHeader(type, False, -1)) + encoded(request) for type, request in parts)
    return body + encoded(MultiHeader(-1, True, -1))


def create(path: str, flags: int = 0) -> CreateRequest:
    return CreateRequest(path, b"", OPEN, flags)


def results(archive: InputArchive) -> list[tuple[int, int]]:
    """The type and the error of each result; what they have besides is read and left out."""
    found = []
    while not (header := MultiHeader.decode(archive)).done:
        found.append((header.type, header.err))
        if header.type == op.ERROR:
            archive.read_int()
        else:
            archive.read_ustring()
        if header.type == op.CREATE2:
            Stat.decode(archive)
    return found


def scene_with(role: str, options: Options) -> tuple[Scene, RawClient]:
    scene = Scene(1, options)
    scene.begin()
    member = next(one for one in scene.ensemble.members.values() if mode_of(scene, one) == role)
    return scene, RawClient(scene, member)


def mode_of(scene: Scene, member: SimMember) -> str:
    server = scene.peer(member).server
    assert server is not None
    return server.mode


@pytest.mark.parametrize("slice_units", [1, SLICE_UNITS])
@pytest.mark.parametrize("role", ROLES)
def test_every_create_of_a_multi_is_answered_by_its_own_opcode(role: str, slice_units: int) -> None:
    scene, client = scene_with(role, Options(observers=1, clients=0, slice_units=slice_units))
    header, archive = client.call(
        op.MULTI,
        multi(
            (op.CREATE, create("/a")),
            (op.CREATE2, create("/a/two")),
            (op.CREATE_CONTAINER, create("/a/container")),
            (op.CREATE2, create("/a/container2", flags=4)),
            (op.CREATE2, create("/a/s-", flags=2)),
        ),
    )
    assert err.OK == header.err
    assert [(op.CREATE, 0), *[(op.CREATE2, 0)] * 4] == results(archive)
    assert scene is not None


@pytest.mark.parametrize("slice_units", [1, SLICE_UNITS])
@pytest.mark.parametrize(("role", "code"), [(LEADER, -120), (FOLLOWER, -112), (OBSERVER, -112)])
def test_a_local_session_that_may_not_become_global_is_told_so_part_by_part(
    role: str, code: int, slice_units: int
) -> None:
    options = Options(observers=1, clients=0, local_sessions=True, slice_units=slice_units)
    scene, client = scene_with(role, options)
    before = zxid_of(scene)
    parts = multi((op.CREATE, create("/a")), (op.CREATE, create("/b", flags=1)), (op.CREATE, create("/c")))
    header, archive = client.call(op.MULTI, parts)
    assert (before + 1, err.OK) == (header.zxid, header.err)
    assert [(op.ERROR, 0), (op.ERROR, code), (op.ERROR, err.RUNTIMEINCONSISTENCY)] == results(archive)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("type", [op.CREATE, op.CREATE2])
def test_an_ephemeral_alone_is_refused_with_a_zxid(role: str, type: int) -> None:
    scene, client = scene_with(role, Options(observers=1, clients=0, local_sessions=True))
    before = zxid_of(scene)
    header, _ = client.call(type, create("/b", flags=1))
    assert (before + 1, err.EPHEMERALONLOCALSESSION) == (header.zxid, header.err)


@pytest.mark.parametrize("slice_units", [1, SLICE_UNITS])
@pytest.mark.parametrize(("role", "upgrades"), [(LEADER, True), (FOLLOWER, False), (OBSERVER, True)])
def test_a_container_with_an_ephemeral_flag_makes_no_session_global(
    role: str, upgrades: bool, slice_units: int
) -> None:
    options = Options(
        observers=1, clients=0, local_sessions=True, upgrades_local_sessions=upgrades, slice_units=slice_units
    )
    scene, client = scene_with(role, options)
    before = zxid_of(scene)
    header, archive = client.call(op.MULTI, multi((op.CREATE_CONTAINER, create("/c", flags=1))))
    assert (before + 1, err.OK) == (header.zxid, header.err)
    assert [(op.ERROR, err.SESSIONEXPIRED)] == results(archive)


def zxid_of(scene: Scene) -> int:
    leader = scene.ensemble.leader()
    assert leader is not None
    return scene.peer(leader).database.tree.last_processed_zxid


LARGE = multi(*[(op.CREATE, create(f"/part-{at:05}")) for at in range(2_000)])
"""A tenth of a megabyte, which may not be looked through in one turn."""


@pytest.mark.parametrize("role", [FOLLOWER, OBSERVER])
def test_a_learner_looks_through_a_large_multi_over_several_turns(role: str) -> None:
    scene, client = scene_with(role, Options(observers=1, clients=0))
    member = next(one for one in scene.ensemble.members.values() if mode_of(scene, one) == role)
    server = scene.peer(member).server
    assert server is not None
    client.send(RequestHeader(1, op.MULTI), LARGE)
    scene.run_until(lambda: server.slices.next_ms != NEVER)
    turns = 0

    def is_over() -> bool:
        nonlocal turns
        turns += 1
        return server.slices.next_ms == NEVER

    scene.run_until(is_over)
    assert turns > 3
    assert err.OK == ReplyHeader.decode(client.next_frame()).err


@pytest.mark.parametrize("role", [FOLLOWER, OBSERVER])
def test_what_comes_behind_a_multi_that_is_looked_through_stays_behind_it(role: str) -> None:
    _, client = scene_with(role, Options(observers=1, clients=0))
    client.send(RequestHeader(1, op.MULTI), LARGE)
    client.send(RequestHeader(2, op.CREATE), create("/behind"))
    first, second = [ReplyHeader.decode(client.next_frame()) for _ in range(2)]
    assert (1, err.OK, 2, err.OK) == (first.xid, first.err, second.xid, second.err)
    assert first.zxid + 1 == second.zxid


@pytest.mark.parametrize("role", ROLES)
def test_a_local_session_becomes_a_global_one_for_a_part_of_a_large_multi(role: str) -> None:
    options = Options(observers=1, clients=0, local_sessions=True, upgrades_local_sessions=True)
    scene, client = scene_with(role, options)
    before = zxid_of(scene)
    mine = multi((op.CREATE, create("/mine", flags=1)))
    header, _ = client.call(op.MULTI, LARGE[: -len(encoded(MultiHeader(-1, True, -1)))] + mine)
    assert (before + 2, err.OK) == (header.zxid, header.err)


@pytest.mark.parametrize("role", [FOLLOWER, OBSERVER])
def test_a_large_multi_that_no_leader_could_answer_is_refused_without_a_zxid(role: str) -> None:
    scene, client = scene_with(role, Options(observers=1, clients=0))
    before = zxid_of(scene)
    header, _ = client.call(op.MULTI, LARGE[:-5])
    assert (before, err.MARSHALLINGERROR) == (header.zxid, header.err)


@pytest.mark.parametrize("role", [FOLLOWER, OBSERVER])
def test_who_goes_away_takes_along_the_multi_that_is_looked_through(role: str) -> None:
    scene, client = scene_with(role, Options(observers=1, clients=0))
    member = next(one for one in scene.ensemble.members.values() if mode_of(scene, one) == role)
    server = scene.peer(member).server
    assert server is not None
    client.send(RequestHeader(1, op.MULTI), LARGE)
    scene.run_until(lambda: server.slices.next_ms != NEVER)
    assert client.socket is not None
    client.socket.close()
    scene.run_until(lambda: server.slices.next_ms == NEVER)
    assert 0 == server.throttler.in_process
