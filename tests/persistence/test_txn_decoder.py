"""TxnDecoder, which fills the same records again and again, beside `decode_txn`, which makes new ones."""

from hypothesis import example, given
from hypothesis import strategies as st

from pyzoo.errors import MalformedRecord
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import (
    ACL,
    CloseSessionTxn,
    CreateContainerTxn,
    CreateSessionTxn,
    CreateTTLTxn,
    CreateTxn,
    CreateTxnV0,
    DeleteTxn,
    ErrorTxn,
    MultiTxn,
    SetACLTxn,
    SetDataTxn,
    Txn,
    TxnDigest,
    TxnHeader,
)
from pyzoo.persistence.log_format import decode_txn
from pyzoo.persistence.txn_decoder import TxnDecoder
from tests.support.codec import encode_txn

INTS = st.integers(-(2**31), 2**31 - 1)
LONGS = st.integers(-(2**63), 2**63 - 1)
PATHS = st.none() | st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0xFFFF), max_size=12)
DATA = st.none() | st.binary(max_size=20)
ACLS = st.none() | st.lists(st.sampled_from([ACL(31, "world", "anyone"), ACL(1, "digest", "a:b")]), max_size=3)
BODIES: st.SearchStrategy[tuple[int, Record | None]] = st.one_of(
    st.tuples(st.sampled_from([1, 15]), st.builds(CreateTxn, PATHS, DATA, ACLS, st.booleans(), INTS)),
    st.tuples(st.just(1), st.builds(CreateTxnV0, PATHS, DATA, ACLS, st.booleans())),
    st.tuples(st.sampled_from([5, 16]), st.builds(SetDataTxn, PATHS, DATA, INTS)),
    st.tuples(st.sampled_from([2, 20]), st.builds(DeleteTxn, PATHS)),
    st.tuples(st.just(19), st.builds(CreateContainerTxn, PATHS, DATA, ACLS, INTS)),
    st.tuples(st.just(21), st.builds(CreateTTLTxn, PATHS, DATA, ACLS, INTS, LONGS)),
    st.tuples(st.just(7), st.builds(SetACLTxn, PATHS, ACLS, INTS)),
    st.tuples(st.just(-10), st.builds(CreateSessionTxn, INTS)),
    st.tuples(st.just(-11), st.none() | st.builds(CloseSessionTxn, st.lists(PATHS, max_size=2))),
    st.tuples(st.just(-1), st.builds(ErrorTxn, INTS)),
    st.tuples(st.just(14), st.builds(MultiTxn, st.lists(st.builds(Txn, INTS, DATA), max_size=2))),
    st.tuples(INTS, st.none()),
)


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """Payloads of every kind, some of them cut short or damaged."""
    kind, body = draw(BODIES)
    header = TxnHeader(draw(LONGS), draw(INTS), draw(LONGS), draw(LONGS), kind)
    payload = encode_txn(header, body, draw(st.none() | st.builds(TxnDigest, INTS, LONGS)))
    payload = payload[: draw(st.just(len(payload)) | st.integers(0, len(payload)))]
    if payload and draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(payload) - 1))
        payload = payload[:at] + draw(st.binary(min_size=1, max_size=1)) + payload[at + 1 :]
    return payload


def taken_apart(payload: bytes) -> tuple[TxnHeader, Record | None, TxnDigest | None] | str:
    try:
        return decode_txn(payload)
    except MalformedRecord as error:
        return str(error)


def taken_apart_by(decoder: TxnDecoder, payload: bytes) -> tuple[TxnHeader, Record | None, TxnDigest | None] | str:
    try:
        decoder.decode(payload)
    except MalformedRecord as error:
        return str(error)
    return decoder.header, decoder.txn, decoder.digest


@given(st.lists(payloads(), max_size=8))
@example([encode_txn(TxnHeader(1, 2, 3, 4, 1), CreateTxn("/a", b"", [], False, 1), None)] * 2)
def test_it_finds_what_decode_txn_finds_whatever_came_before(many: list[bytes]) -> None:
    decoder = TxnDecoder()
    for payload in many:
        assert taken_apart_by(decoder, payload) == taken_apart(payload)


def test_equal_acls_that_follow_each_other_are_one_list() -> None:
    decoder = TxnDecoder()
    found = []
    for path, perms in (("/a", 31), ("/b", 31), ("/c", 1)):
        txn = CreateTxn(path, b"", [ACL(perms, "world", "anyone")], False, 1)
        decoder.decode(encode_txn(TxnHeader(1, 2, 3, 4, 1), txn, None))
        assert isinstance(decoder.txn, CreateTxn)
        found.append(decoder.txn.acl)
    assert found[0] is found[1]
    assert found[2] == [ACL(1, "world", "anyone")]
