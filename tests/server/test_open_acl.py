"""The ACL of nearly every node, known by its bytes."""

from hypothesis import example, given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from pyzoo.jute.primitives import InputArchive, Record
from pyzoo.jute.records import ACL, CreateRequest, CreateTxn
from pyzoo.server.requests.open_acl import OPEN_ACL, read_create, write_create

ACLS = st.none() | st.lists(st.builds(ACL, st.integers(0, 31), st.sampled_from(("world", "ip")), st.just("anyone")))


def encoded(record: Record) -> bytes:
    out = BytesWriter()
    record.encode(out)
    return out.getvalue()


@given(ACLS, st.binary(max_size=4))
@example(list(OPEN_ACL), b"")
def test_a_create_is_read_as_it_is_written(acl: list[ACL] | None, rest: bytes) -> None:
    request = CreateRequest("/a", b"data", acl, 1)
    archive = InputArchive(encoded(request) + rest)
    assert request == read_create(archive)
    assert len(rest) == archive.end - archive.pos


@given(ACLS)
@example(OPEN_ACL)
def test_a_create_is_written_as_any_record(acl: list[ACL] | None) -> None:
    txn = CreateTxn("/a", b"data", acl, True, 7)
    out = BytesWriter()
    write_create(out, txn)
    assert encoded(txn) == out.getvalue()


def test_nodes_for_everybody_share_their_acl() -> None:
    archive = InputArchive(encoded(CreateRequest("/a", None, [ACL(31, "world", "anyone")], 0)))
    assert read_create(archive).acl is OPEN_ACL
