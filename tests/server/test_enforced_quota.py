"""Quotas on requests: what is booked, what is refused, and how the numbers may be passed."""

import pytest

from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import CreateRequest, DeleteRequest, MultiHeader, SetDataRequest
from pyzoo.sim.operation import encoded
from tests.support.dialogue import OPEN, Client, LoneServer

QUOTA = "/zookeeper/quota"


def connected(enforced: bool = True) -> Client:
    """A client, with a quota-free /q that holds four bytes."""
    client = LoneServer(enforce_quota=enforced).connect()
    client.create("/q", b"1234")
    return client


@pytest.fixture
def client() -> Client:
    """Of a server that enforces quotas."""
    return connected()


def limit(client: Client, text: str, path: str = "/q") -> None:
    """Put a quota on a node."""
    parent = QUOTA
    for part in path.split("/")[1:]:
        parent += "/" + part
        if not client.exists(parent):
            client.create(parent)
    client.create(parent + "/zookeeper_limits", text.encode())
    client.create(parent + "/zookeeper_stats", b"count=-1,bytes=-1")


def booked(client: Client, path: str = "/q") -> bytes | None:
    return client.data(QUOTA + path + "/zookeeper_stats")


def create(client: Client, path: str, data: bytes = b"") -> int:
    return client.error(op.CREATE, CreateRequest(path, data, OPEN, 0))


def change(client: Client, path: str, data: bytes, version: int = -1) -> int:
    return client.error(op.SET_DATA, SetDataRequest(path, data, version))


@pytest.mark.parametrize("enforced", [False, True])
def test_numbers_are_kept_whether_or_not_they_are_enforced(enforced: bool) -> None:
    client = connected(enforced)
    limit(client, "count=100,bytes=100")
    assert b"count=1,bytes=4" == booked(client)
    create(client, "/q/x", b"56")
    change(client, "/q/x", b"5678")
    assert b"count=2,bytes=8" == booked(client)
    client.call(op.DELETE, DeleteRequest("/q/x", -1))
    assert b"count=1,bytes=4" == booked(client)


def test_booking_changes_nothing_but_the_data(client: Client) -> None:
    limit(client, "count=100,bytes=100")
    before = client.stat(QUOTA + "/q/zookeeper_stats")
    create(client, "/q/x")
    after = client.stat(QUOTA + "/q/zookeeper_stats")
    assert (before.mzxid, before.version, before.mtime) == (after.mzxid, after.version, after.mtime)


def test_the_deepest_quota_is_booked_alone(client: Client) -> None:
    create(client, "/q/k")
    limit(client, "count=100,bytes=100")
    limit(client, "count=100,bytes=100", "/q/k")
    create(client, "/q/k/x", b"1")
    assert (b"count=2,bytes=4", b"count=2,bytes=1") == (booked(client), booked(client, "/q/k"))


@pytest.mark.parametrize("text", ["count=1,bytes=4", "count=-1,bytes=-1"])
def test_soft_limits_refuse_nothing(client: Client, text: str) -> None:
    limit(client, text)
    assert 0 == create(client, "/q/x", b"123456")


def test_hard_limits_refuse(client: Client) -> None:
    limit(client, "count=-1,bytes=-1=;byteHardLimit=6;countHardLimit=3")
    assert [0, 0, -125] == [create(client, f"/q/{name}") for name in "abc"]
    assert [0, -125, -125] == [change(client, "/q/a", data) for data in (b"12", b"123", b"1234567")]


def test_zero_is_a_limit(client: Client) -> None:
    limit(client, "count=-1,bytes=-1=;countHardLimit=0")
    assert -125 == create(client, "/q/x")


def test_without_enforcement_hard_limits_are_only_text() -> None:
    client = connected(False)
    limit(client, "count=-1,bytes=-1=;countHardLimit=0")
    assert 0 == create(client, "/q/x")


def test_shrinking_above_the_limit_is_refused_and_the_same_size_is_not(client: Client) -> None:
    change(client, "/q", b"1234567890")
    limit(client, "count=-1,bytes=-1=;byteHardLimit=5")
    assert [-125, 0, 0] == [change(client, "/q", data) for data in (b"123456789", b"0987654321", b"12345")]


def test_the_quota_comes_before_the_version_and_after_the_existence(client: Client) -> None:
    limit(client, "count=-1,bytes=-1=;byteHardLimit=4;countHardLimit=1")
    assert -125 == change(client, "/q", b"12345", version=99)
    assert -103 == change(client, "/q", b"1234", version=99)
    assert -101 == change(client, "/q/none", b"12345")
    assert -110 == create(client, "/q")


def test_unknown_keys_of_the_limits_do_no_harm(client: Client) -> None:
    limit(client, "count=-1,bytes=-1=;countHardLimit=2;foo=9")
    assert [0, -125] == [create(client, f"/q/{name}") for name in "ab"]


@pytest.mark.parametrize("text", ["garbage", "count=x,bytes=1"])
def test_limits_that_cannot_be_read_spoil_every_change_below(client: Client, text: str) -> None:
    limit(client, text)
    assert (-5, -5) == (create(client, "/q/x"), change(client, "/q", b"other size"))
    client.create("/elsewhere")
    client.call(op.DELETE, DeleteRequest(QUOTA + "/q/zookeeper_limits", -1))
    assert 0 == create(client, "/q/x")


@pytest.mark.parametrize("name", ["zookeeper_limits", "zookeeper_stats"])
def test_half_a_quota_is_none(client: Client, name: str) -> None:
    limit(client, "count=-1,bytes=-1=;countHardLimit=0")
    client.call(op.DELETE, DeleteRequest(f"{QUOTA}/q/{name}", -1))
    assert 0 == create(client, "/q/x")


def test_prefixes_are_components(client: Client) -> None:
    client.create("/qq")
    limit(client, "count=-1,bytes=-1=;countHardLimit=0")
    assert 0 == create(client, "/qq/x")


def multi(client: Client, *paths: str) -> list[int]:
    """The error codes of creates in one multi."""
    body = [encoded(MultiHeader(op.CREATE, False, -1), CreateRequest(path, b"", OPEN, 0)) for path in paths]
    err, archive = client.call(op.MULTI, *body, MultiHeader(-1, True, -1))
    assert 0 == err
    return list(codes(archive))


def codes(archive: InputArchive) -> list[int]:
    found = []
    while not (header := MultiHeader.decode(archive)).done:
        found.append(header.err)
        if header.type == -1:
            archive.read_int()
        else:
            archive.read_ustring()
    return found


def test_a_multi_counts_from_what_is_committed(client: Client) -> None:
    limit(client, "count=-1,bytes=-1=;countHardLimit=2")
    assert [0, 0, 0] == multi(client, "/q/a", "/q/b", "/q/c")
    assert [0, -125, -2] == multi(client, "/elsewhere", "/q/d", "/q/e")
    assert not client.exists("/elsewhere")


def test_pipelined_writes_may_pass_a_limit_as_well(client: Client) -> None:
    limit(client, "count=-1,bytes=-1=;countHardLimit=2")
    client.world.disk_is_slow = True
    for name in "abc":
        client.ask(op.CREATE, CreateRequest(f"/q/{name}", b"", OPEN, 0))
    client.world.sync()
    assert [0, 0, 0] == [header.err for header, _ in client.replies()]
