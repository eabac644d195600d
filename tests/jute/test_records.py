"""The generated codec against its definition in Construct."""

import string
from functools import cache
from typing import Any

import construct as c
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.errors import MalformedRecord
from pyzoo.jute import generate, records
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.schema.records import RECORDS
from pyzoo.jute.schema.types import Bool, Buffer, Int, Long, OptionalTailType, UString, VectorType
from tests.support.codec import as_plain, encoded, from_container

ALL = sorted(RECORDS)
# Characters beyond the BMP go out as CESU-8, which reads back as U+FFFD: they have a test of their own.
TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=20)
LIKELY = (b"\x00\x01\x02\xff/a" * 43)[:256]
"""Makes random bytes those that records have many of."""
PRIMITIVES: dict[int, st.SearchStrategy[Any]] = {
    id(Int): st.integers(-(2**31), 2**31 - 1),
    id(Long): st.integers(-(2**63), 2**63 - 1),
    id(Bool): st.booleans(),
    id(UString): st.none() | TEXT,
    id(Buffer): st.none() | st.binary(max_size=40),
}


def values_of(kind: c.Construct) -> st.SearchStrategy[Any]:
    """Values of one field, as both codecs take them."""
    if id(kind) in PRIMITIVES:
        return PRIMITIVES[id(kind)]
    if isinstance(kind, VectorType):
        return st.none() | st.lists(values_of(kind.subcon), max_size=3)
    if isinstance(kind, OptionalTailType):
        return st.none() | values_of(kind.subcon)
    return records_of(str(kind.name))


@cache
def records_of(name: str) -> st.SearchStrategy[Any]:
    """Instances of one generated record."""
    fields = [values_of(sub.subcon) for sub in RECORDS[name].subcons]
    return st.tuples(*fields).map(lambda values: getattr(records, name)(*values))


@pytest.mark.parametrize("name", ALL)
@given(data=st.data())
def test_a_record_is_written_as_by_construct_reads_back_and_misses_each_byte_of_its_end(
    name: str, data: st.DataObject
) -> None:
    record = data.draw(records_of(name))
    whole = encoded(record)
    assert RECORDS[name].build(as_plain(record)) == whole
    archive = InputArchive(whole)
    assert record == getattr(records, name).decode(archive)
    assert archive.pos == archive.end
    # A part that old clients do not send may be missing.
    needed = len(whole) - (getattr(record, "read_only", None) is not None)
    with pytest.raises(MalformedRecord):
        getattr(records, name).decode(InputArchive(whole[: data.draw(st.integers(0, needed - 1))]))


@pytest.mark.parametrize("name", ALL)
@given(junk=st.binary(max_size=120) | st.binary(max_size=80).map(lambda junk: junk.translate(LIKELY)))
def test_random_bytes_are_read_alike_or_refused_by_both(name: str, junk: bytes) -> None:
    try:
        expected = from_container(RECORDS[name].parse(junk))
    except c.ConstructError:
        with pytest.raises(MalformedRecord):
            getattr(records, name).decode(InputArchive(junk))
    else:
        assert expected == as_plain(getattr(records, name).decode(InputArchive(junk)))


def test_the_checked_in_codec_is_what_the_generator_writes() -> None:
    assert generate.render() == generate.TARGET.read_text()


def test_a_record_stops_at_the_end_that_it_was_given() -> None:
    data = encoded(records.DeleteRequest("/abc", 7))
    with pytest.raises(MalformedRecord):
        records.DeleteRequest.decode(InputArchive(data, 0, len(data) - 1))


def test_a_lying_vector_count_costs_no_memory() -> None:
    with pytest.raises(MalformedRecord):
        records.GetChildrenResponse.decode(InputArchive(b"\x7f\xff\xff\xff"))


def test_a_character_beyond_the_bmp_goes_out_as_two_surrogates() -> None:
    expected = bytes.fromhex("00000008 2f61 eda0bd edb880")
    assert expected == encoded(records.SyncRequest("/a\N{GRINNING FACE}"))


def test_ill_formed_text_reads_as_replacement_characters() -> None:
    data = bytes.fromhex("00000004 2f61fffe")
    assert records.SyncRequest.decode(InputArchive(data)).path == "/a\ufffd\ufffd"


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        ("eda0bdedb880", "\ufffd\ufffd"),
        ("eda0bd", "\ufffd"),
        ("eda0c3a99fa02f", "\ufffdé\ufffd\ufffd/"),
        ("eda9c3f0", "\ufffd\ufffd\ufffd"),
        ("80c3c0eda9", "\ufffd\ufffd\ufffd\ufffd"),
        ("2feda99f9feded", "/\ufffd\ufffd\ufffd\ufffd"),
        ("eda0ff82", "\ufffd\ufffd\ufffd"),
        ("eda9e2ac", "\ufffd\ufffd"),
        ("eda98282ffa02f", "\ufffd\ufffd\ufffd\ufffd/"),
    ],
)
def test_an_encoded_surrogate_is_replaced_as_in_java(wire: str, expected: str) -> None:
    data = bytes.fromhex(wire)
    record = records.SyncRequest.decode(InputArchive(len(data).to_bytes(4, "big") + data))
    assert expected == record.path


def test_field_names_are_python_names() -> None:
    allowed = set(string.ascii_lowercase + string.digits + "_")
    for name, struct in RECORDS.items():
        for sub in struct.subcons:
            assert set(sub.name) <= allowed, (name, sub.name)
