"""enableEagerACLCheck: members of both kinds refuse what their own tree does not allow, without a transaction."""

from collections.abc import Iterator

import pytest

from interop import requests as rq
from interop.client import Client
from interop.conftest import new_ensemble
from interop.ensemble import Ensemble, Settings
from interop.member import JAVA39, PYZOO

NO_AUTH, INVALID_ACL, NO_NODE, NODE_EXISTS, BAD_ARGUMENTS = -102, -114, -101, -110, -8
CLOSED = ((1, "world", "anyone"),)


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ensemble]:
    settings = Settings(lines={"enableEagerACLCheck": "true"})
    with new_ensemble(tmp_path_factory, (JAVA39, PYZOO, PYZOO), settings=settings) as started:
        started.start_led_by(3)
        yield started


def requests(top: str) -> list[tuple[int, bytes, int]]:
    """What is asked, and the error it gets."""
    return [
        (rq.CREATE, rq.create(f"{top}/child"), NO_AUTH),
        (rq.CREATE2, rq.create(f"{top}/child"), NO_AUTH),
        (rq.DELETE, rq.path_version(f"{top}/child"), NO_AUTH),
        (rq.SET_DATA, rq.set_data(top, b"x"), NO_AUTH),
        (rq.SET_ACL, rq.set_acl(top, rq.OPEN), NO_AUTH),
        (rq.SET_ACL, rq.set_acl(top, ((31, "nosuch", "x"),)), INVALID_ACL),
        (rq.CREATE, rq.create("/eager-x", entries=()), INVALID_ACL),
        (rq.CREATE, rq.create("/eager-missing/child"), NO_NODE),
        (rq.DELETE, rq.path_version("/zookeeper"), BAD_ARGUMENTS),
        (rq.CREATE, rq.create(top), NODE_EXISTS),
        (rq.GET_DATA, rq.path_watch(top), 0),
    ]


def test_what_is_refused_early_takes_no_zxid(ensemble: Ensemble) -> None:
    answers = []
    for member in ensemble.members.values():
        client = Client(member)
        top = f"/eager-{member.sid}"
        assert 0 == client.call(rq.CREATE, rq.create(top, entries=CLOSED)).error
        taken = []
        for opcode, body, error in requests(top):
            before = client.call(rq.SYNC, rq.text("/")).zxid
            reply = client.call(opcode, body)
            after = client.call(rq.SYNC, rq.text("/")).zxid
            assert error == reply.error
            taken.append((reply.error, after - before, reply.zxid == 0))
        answers.append(taken)
    early = [(error, zxids) for error, zxids, is_zero in answers[0] if is_zero]
    assert [(NO_AUTH, 0)] * 5 + [(INVALID_ACL, 0)] * 2 == early
    assert answers[0] == answers[1] == answers[2]
