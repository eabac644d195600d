"""What the parts of a multi are answered, by whom: each member is asked the same, whoever leads.

The expected results are those of an ensemble of Apache's 3.9 alone: PYZOO_INTEROP_SUBJECT=real asks one.
"""

import struct
from collections.abc import Iterator

import pytest

from interop import requests as rq
from interop.client import Client, Reply
from interop.conftest import new_ensemble
from interop.ensemble import Ensemble, Settings
from interop.member import JAVA38, JAVA39, JAVA395, OBSERVER, PYZOO, Member

#: Voters in the order of sids, of which the last one leads, and an observer.
MIXES = [
    ((JAVA39, PYZOO, PYZOO), JAVA39),
    ((JAVA39, PYZOO, JAVA39), PYZOO),
    ((PYZOO, JAVA395, PYZOO), JAVA395),
    ((PYZOO, JAVA39, JAVA395), PYZOO),
]
#: What 3.8.0 says of create2 is tested apart.
LOCAL_MIXES = [*MIXES, ((JAVA38, PYZOO, PYZOO), PYZOO)]
TTLS = {"zookeeper.extendedTypesEnabled": "true"}
LOCAL = Settings({"localSessionsEnabled": "true"}, properties=TTLS)
AS_CREATE = Settings({"multi.create2AsCreate": "true"}, properties=TTLS)
TRAILER = struct.pack(">i?i", -1, True, -1)
CREATE, CREATE2, ERROR = 1, 15, -1


def results(body: bytes) -> list[tuple[int, str | int]]:
    """Type of each result, with its path or its error; a create2 has a Stat behind it."""
    found: list[tuple[int, str | int]] = []
    at = 0
    while not body.startswith(TRAILER, at):
        kind, _, error = struct.unpack_from(">i?i", body, at)
        at += 9
        if kind == ERROR:
            found.append((kind, error))
            at += 4
            continue
        (length,) = struct.unpack_from(">i", body, at)
        found.append((kind, body[at + 4 : at + 4 + length].decode()))
        at += 4 + length + (68 if kind == CREATE2 else 0)
    assert len(body) == at + len(TRAILER)
    return found


def creates(top: str) -> bytes:
    """A multi with every kind of create."""
    return rq.multi(
        [
            (rq.CREATE, rq.create(top)),
            (rq.CREATE2, rq.create(f"{top}/two")),
            (rq.CREATE_CONTAINER, rq.create(f"{top}/container", flags=4)),
            (rq.CREATE_CONTAINER, rq.create(f"{top}/container0")),
            (rq.CREATE2, rq.create(f"{top}/container2", flags=4)),
            (rq.CREATE_TTL, rq.create_ttl(f"{top}/ttl", 100_000)),
            (rq.CREATE_TTL, rq.create_ttl(f"{top}/no-ttl", -1, flags=0)),
            (rq.CREATE2, rq.create(f"{top}/s-", flags=2)),
            (rq.CREATE2, rq.create(f"{top}/ephemeral", flags=1)),
        ]
    )


def created(top: str, create2: int = CREATE2) -> list[tuple[int, str]]:
    return [
        (CREATE, top),
        (create2, f"{top}/two"),
        (CREATE2, f"{top}/container"),
        (CREATE2, f"{top}/container0"),
        (CREATE2, f"{top}/container2"),
        (CREATE2, f"{top}/ttl"),
        (CREATE, f"{top}/no-ttl"),
        (create2, f"{top}/s-0000000006"),
        (create2, f"{top}/ephemeral"),
    ]


@pytest.fixture(scope="module", params=MIXES, ids=lambda mix: "-".join([*mix[0], mix[1]]))
def ensemble(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    voters, observer = request.param
    with new_ensemble(tmp_path_factory, voters, [observer], Settings(properties=TTLS)) as started:
        started.start_led_by(3)
        yield started


@pytest.mark.parametrize("sid", [1, 2, 3, 4])
def test_every_create_is_answered_by_its_own_opcode(ensemble: Ensemble, sid: int) -> None:
    client = Client(ensemble.members[sid])
    top = f"/multi-{sid}"
    reply = client.call(rq.MULTI, creates(top))
    assert created(top) == results(reply.body)
    assert 0 == client.call(rq.DELETE, rq.path_version(f"{top}/ephemeral")).error
    client.call(rq.CLOSE_SESSION)


@pytest.mark.parametrize("opcode", [rq.CREATE2, rq.CREATE_CONTAINER, rq.CREATE_TTL])
@pytest.mark.parametrize("sid", [1, 2, 3, 4])
def test_every_create_alone_is_answered_with_its_stat(ensemble: Ensemble, sid: int, opcode: int) -> None:
    client = Client(ensemble.members[sid])
    path = f"/alone-{sid}-{opcode}"
    body = rq.create_ttl(path, 100_000) if opcode == rq.CREATE_TTL else rq.create(path, flags=opcode == 19 and 4)
    reply = client.call(opcode, body)
    assert (0, len(rq.text(path)) + 68) == (reply.error, len(reply.body))
    client.call(rq.CLOSE_SESSION)


def test_3_8_0_keeps_the_tree_of_a_leader_that_proposes_create2_as_create(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with new_ensemble(tmp_path_factory, (JAVA38, PYZOO, PYZOO), settings=AS_CREATE) as ensemble:
        ensemble.start_led_by(3)
        if PYZOO not in {member.kind for member in ensemble.members.values()}:
            pytest.skip("Apache's leader has no such setting")
        for member in ensemble.members.values():
            client = Client(member)
            top = f"/multi-{member.sid}"
            parts = [(rq.CREATE, rq.create(top)), (rq.CREATE2, rq.create(f"{top}/two"))]
            told = results(client.call(rq.MULTI, rq.multi(parts)).body)
            answer = CREATE2 if member.mode() == "leader" else CREATE
            assert [(CREATE, top), (answer, f"{top}/two")] == told
            client.call(rq.CLOSE_SESSION)
        ensemble.wait_until(lambda: 1 == len({one.zxid() for one in ensemble.members.values()}), "all are in step")
        ensemble.compare()


# --- local sessions that may not become global


@pytest.fixture(scope="module", params=LOCAL_MIXES, ids=lambda mix: "-".join([*mix[0], mix[1]]))
def local(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    voters, observer = request.param
    with new_ensemble(tmp_path_factory, voters, [observer], LOCAL) as started:
        started.start_led_by(3)
        yield started


def ask(ensemble: Ensemble, member: Member, opcode: int, body: bytes) -> Reply:
    """The answer to a local session of its own; its zxid is by how much that is ahead of the last one.

    A follower may have applied that, and told its client, before the leader has.
    """
    before = max(each.zxid() for each in ensemble.members.values())
    client = Client(member)
    reply = client.call(opcode, body)
    client.call(rq.CLOSE_SESSION)
    return Reply(reply.zxid - before, reply.error, reply.body)


@pytest.mark.parametrize("sid", [1, 2, 3, 4])
def test_an_ephemeral_in_a_local_session_is_refused_with_a_zxid(local: Ensemble, sid: int) -> None:
    member = local.members[sid]
    code = -120 if sid == 3 else -112
    assert ("observer" == member.mode()) == (OBSERVER == member.role)
    for opcode, flags in ((rq.CREATE, 1), (rq.CREATE2, 3)):
        reply = ask(local, member, opcode, rq.create(f"/e{sid}", flags=flags))
        assert (1, -120, b"") == (reply.zxid, reply.error, reply.body)
    for opcode in (rq.CREATE, rq.CREATE2):
        parts = [(rq.CREATE, rq.create("/p")), (opcode, rq.create("/e", flags=1)), (rq.CREATE, rq.create("/q"))]
        reply = ask(local, member, rq.MULTI, rq.multi(parts))
        assert (1, 0) == (reply.zxid, reply.error)
        assert [(ERROR, 0), (ERROR, code), (ERROR, -2)] == results(reply.body)
    container = (rq.CREATE_CONTAINER, rq.create("/c", flags=1))
    assert [(ERROR, -112)] == results(ask(local, member, rq.MULTI, rq.multi([container])).body)
    assert -112 == ask(local, member, *container).error


def test_a_local_session_that_was_refused_goes_on(local: Ensemble) -> None:
    for member in local.members.values():
        client = Client(member)
        client.call(rq.MULTI, rq.multi([(rq.CREATE, rq.create("/e", flags=1))]))
        path = f"/after-{member.sid}"
        assert 0 == client.call(rq.CREATE, rq.create(path)).error
        assert 0 == client.call(rq.DELETE, rq.path_version(path)).error
        assert 0 == client.call(rq.CLOSE_SESSION).error
