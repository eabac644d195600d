"""The bytes of the transaction log, against real files and against damage."""

import io
import json
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from pyzoo.errors import CorruptStorage, MalformedRecord
from pyzoo.jute import records
from pyzoo.jute.primitives import InputArchive, Record
from pyzoo.jute.records import CloseSessionTxn, CreateTxn, CreateTxnV0, ErrorTxn, TxnDigest, TxnHeader
from pyzoo.persistence.log_format import (
    END_OF_FILE,
    NO_HEADER,
    PADDING,
    TORN,
    LogReader,
    append_record,
    decode_txn,
    encode_file_header,
)
from tests.support.codec import encode_record, encode_txn
from tests.support.persistence_cases import creates, log_of

FIXTURES = Path(__file__).parent.parent / "fixtures"
REAL_LOGS = sorted(FIXTURES.glob("**/version-2/log.*"))
HEADER = TxnHeader(0x100002C3D630000, 7, 4, 1795401853927, 15)
DIGEST = TxnDigest(2, -5)


def reader_of(data: bytes) -> LogReader:
    return LogReader(io.BytesIO(data).read, "log.1")


def payloads_of(data: bytes) -> list[bytes]:
    return read_all(reader_of(data))


def read_all(reader: LogReader) -> list[bytes]:
    found = []
    while (payload := reader.next_payload()) is not None:
        found.append(payload)
    return found


def expected_logs() -> list[Any]:
    cases = []
    for name in ("standalone-3.9.5", "standalone-3.8.0"):
        for log, content in json.loads((FIXTURES / f"{name}.txns.json").read_text()).items():
            cases.append(pytest.param(FIXTURES / name / "version-2" / log, content, id=f"{name}-{log}"))
    for server, logs in json.loads((FIXTURES / "ensemble-3.9.5.txns.json").read_text()).items():
        for log, content in logs.items():
            path = FIXTURES / "ensemble-3.9.5" / server / "log" / "version-2" / log
            cases.append(pytest.param(path, content, id=f"{server}-{log}"))
    return cases


SUB_TYPES: dict[int, Callable[[InputArchive], Record]] = {
    1: records.CreateTxn.decode,
    15: records.CreateTxn.decode,
    19: records.CreateContainerTxn.decode,
    21: records.CreateTTLTxn.decode,
    2: records.DeleteTxn.decode,
    20: records.DeleteTxn.decode,
    5: records.SetDataTxn.decode,
    13: records.CheckVersionTxn.decode,
    -1: records.ErrorTxn.decode,
}


def as_json(txn: Any) -> dict[str, Any]:
    """The form of txns.json, whose names are not quite those of the records."""
    if isinstance(txn, records.MultiTxn):
        parts = [[part.type, as_json(SUB_TYPES[part.type](InputArchive(part.data or b"")))] for part in txn.txns or ()]
        return {"txns": parts}
    names = {
        "parent_cversion": "pcv",
        "ephemeral": "eph",
        "paths2_delete": "paths",
        "time_out": "timeout",
    }
    fields = [
        name
        for name in (
            *("path", "data", "acl", "ephemeral", "parent_cversion", "ttl", "version", "err"),
            *("time_out", "paths2_delete"),
        )
        if hasattr(txn, name)
    ]
    return {names.get(name, name): json_value(getattr(txn, name)) for name in fields}


def json_value(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"b64": b64encode(value).decode()}
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list) and value and isinstance(value[0], records.ACL):
        return [[acl.perms, acl.scheme, acl.id] for acl in value]
    return value


@pytest.mark.parametrize(("path", "expected"), expected_logs())
def test_every_record_of_a_real_log_decodes_to_what_was_written(path: Path, expected: Any) -> None:
    reader = reader_of(path.read_bytes())
    for entry in expected["txns"]:
        payload = reader.next_payload()
        assert payload is not None
        header, txn, digest = decode_txn(payload)
        fields = entry["header"]
        assert entry["offset"] == reader.offset
        assert entry["length"] == len(payload)
        assert TxnHeader(fields["sid"], fields["cxid"], fields["zxid"], fields["time"], fields["type"]) == header
        assert entry["digest"] == (None if digest is None else [digest.version, digest.tree_digest])
        assert entry["txn"] == as_json(txn)
    assert reader.next_payload() is None
    assert (expected["end_offset"], expected["version"], expected["dbid"]) == (
        reader.end_offset,
        reader.version,
        reader.dbid,
    )


@pytest.mark.parametrize("path", REAL_LOGS, ids=str)
def test_every_real_log_is_written_again_to_the_same_bytes(path: Path) -> None:
    data = path.read_bytes()
    reader = reader_of(data)
    written = encode_file_header()
    for payload in read_all(reader):
        header, txn, digest = decode_txn(payload)
        if header.type == 1 and isinstance(txn, CreateTxn) and txn.parent_cversion == -1:
            old: Record = CreateTxnV0(txn.path, txn.data, txn.acl, txn.ephemeral)
            written += encode_record(encode_txn(header, old, digest))
        else:
            written += encode_record(encode_txn(header, txn, digest))
    assert data[: reader.end_offset] == written


def test_a_record_is_checksum_length_payload_and_mark() -> None:
    assert bytes.fromhex("00000000062c0215 00000005 68656c6c6f 42") == (encode_record(b"hello"))


def test_records_of_a_batch_are_those_of_single_records() -> None:
    out = BytesWriter()
    append_record(out, b"one")
    append_record(out, b"two")
    assert encode_record(b"one") + encode_record(b"two") == out.getvalue()


@given(st.lists(st.binary(min_size=1, max_size=100)), st.integers(0, 50))
def test_what_was_written_is_read(payloads: list[bytes], padding: int) -> None:
    data = encode_file_header() + b"".join(map(encode_record, payloads))
    reader = reader_of(data + bytes(padding))
    assert payloads == read_all(reader)
    assert len(data) == reader.end_offset


@pytest.mark.parametrize("step", [1, 3, 4096])
def test_records_do_not_depend_on_how_the_bytes_arrive(step: int) -> None:
    stream = io.BytesIO(log_of(1, 5))
    reader = LogReader(lambda size: stream.read(step), "log.1")
    assert payloads_of(log_of(1, 5)) == read_all(reader)
    assert END_OF_FILE == reader.ending


@given(st.data())
def test_any_cut_leaves_a_prefix(data: st.DataObject) -> None:
    whole = log_of(1, 6)
    cut = data.draw(st.integers(0, len(whole)))
    padding = data.draw(st.sampled_from([0, 1, 20, 5000]))
    found = payloads_of(whole[:cut] + bytes(padding) if cut >= 16 else whole[:cut])
    ends = [16]
    for record in creates(1, 6):
        ends.append(ends[-1] + len(record))
    assert payloads_of(whole)[: sum(1 for end in ends[1:] if end <= cut)] == found


def test_a_flipped_bit_is_corruption_or_a_torn_end_but_never_other_data() -> None:
    """Version and dbid of the header are the only bytes that no reader looks at."""
    whole = log_of(1, 3)
    payloads = payloads_of(whole)
    for bit in range(len(whole) * 8):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << (bit % 8)
        reader = reader_of(bytes(damaged))
        found: list[bytes] | None = None
        with suppress(CorruptStorage):
            found = read_all(reader)
        if 4 <= bit // 8 < 16:
            assert payloads == found
        elif found is not None:
            assert reader.ending == TORN
            assert payloads[: len(found)] == found != payloads


def test_padding_ends_a_log() -> None:
    reader = reader_of(log_of(1, 2, padding=100))
    read_all(reader)
    assert (PADDING, len(log_of(1, 2))) == (reader.ending, reader.end_offset)


@pytest.mark.parametrize("padding", [1, 11, 12, 13])
def test_padding_may_be_shorter_than_a_record(padding: int) -> None:
    reader = reader_of(log_of(1, 2, padding))
    read_all(reader)
    assert reader.ending == PADDING


@pytest.mark.parametrize("at", range(len(creates(2, 2)[0])))
def test_the_next_whole_record_is_found_behind_a_torn_one(at: int) -> None:
    first, second = len(log_of(1, 1)), len(log_of(1, 2))
    reader = reader_of(log_of(1, 1) + creates(2, 2)[0][:at] + bytes(second - first - at) + creates(3, 3)[0])
    assert len(read_all(reader)) == 1
    if reader.ending == TORN:
        assert second == reader.find_record_after_torn()


def test_nothing_is_found_behind_a_torn_tail() -> None:
    reader = reader_of(log_of(1, 2)[:-5] + bytes(65536))
    read_all(reader)
    assert (TORN, -1) == (reader.ending, reader.find_record_after_torn())


def test_a_search_behind_a_torn_record_ends_where_it_would_sum_up_without_end() -> None:
    size, fakes = 160_000, 2000
    end = len(creates(2, 2)[0]) + size
    noise = bytearray(size)
    noise[-1] = 0x42
    for at in range(fakes):
        begin = at * 16
        noise[begin : begin + 16] = bytes(7) + b"\1" + (size - 1 - begin - 12).to_bytes(4, "big") + bytes(4)
    for count, found in ((fakes, -1), (2, len(log_of(1, 1)) + end)):
        some = noise[: count * 16] + bytes(size - count * 16 - 1) + noise[-1:]
        reader = reader_of(log_of(1, 1) + creates(2, 2)[0][:-1] + b"\0" + bytes(some) + creates(3, 3)[0])
        read_all(reader)
        assert (TORN, found) == (reader.ending, reader.find_record_after_torn())


def test_a_header_alone_is_an_empty_log() -> None:
    reader = reader_of(encode_file_header())
    assert [] == read_all(reader)
    assert END_OF_FILE == reader.ending


@pytest.mark.parametrize("length", [0, 1, 15])
def test_a_log_without_a_whole_header_says_so(length: int) -> None:
    reader = reader_of(encode_file_header()[:length])
    assert [] == read_all(reader)
    assert NO_HEADER == reader.ending


def test_a_file_of_zeros_never_got_its_header() -> None:
    reader = reader_of(bytes(3_000_000))
    assert [] == read_all(reader)
    assert NO_HEADER == reader.ending


def test_zeros_in_place_of_the_header_are_corruption_when_records_follow() -> None:
    with pytest.raises(CorruptStorage, match="magic number 0"):
        payloads_of(bytes(16) + log_of(1, 1)[16:])


def test_another_magic_number_is_corruption() -> None:
    with pytest.raises(CorruptStorage, match="not a transaction log"):
        payloads_of(b"ZKSN" + log_of(1, 1)[4:])


def test_a_record_without_its_mark_is_a_torn_end() -> None:
    whole = log_of(1, 3)
    reader = reader_of(whole[:-1] + b"\x00")
    assert payloads_of(whole)[:2] == read_all(reader)
    assert TORN == reader.ending


def test_a_bad_checksum_with_a_good_mark_is_corruption() -> None:
    whole = bytearray(log_of(1, 3))
    whole[-5] ^= 1
    with pytest.raises(CorruptStorage, match="CRC check failed") as caught:
        payloads_of(bytes(whole))
    assert len(log_of(1, 2)) == caught.value.offset


@pytest.mark.parametrize("length", ["ffffffff", "fffffff0", "00200001", "7fffffff"])
def test_an_unreasonable_length_is_corruption(length: str) -> None:
    with pytest.raises(CorruptStorage, match="unreasonable record length"):
        payloads_of(log_of(1, 1) + bytes(8) + bytes.fromhex(length) + bytes(20))


def test_an_error_has_no_digest() -> None:
    header = TxnHeader(1, 2, 3, 4, -1)
    assert (header, ErrorTxn(-110), None) == decode_txn(encode_txn(header, ErrorTxn(-110), None))


def test_a_create_from_before_3_4_counts_its_parent_up_by_one() -> None:
    header = TxnHeader(1, 2, 3, 4, 1)
    payload = encode_txn(header, CreateTxnV0("/a", b"x", [], True), None)
    assert (header, CreateTxn("/a", b"x", [], True, -1), None) == decode_txn(payload)


@pytest.mark.parametrize("digest", [None, TxnDigest(2, 0), TxnDigest(2, 77), TxnDigest(2, -(2**63))])
def test_a_close_session_without_a_body_keeps_its_digest(digest: TxnDigest | None) -> None:
    header = TxnHeader(1, 2, 3, 4, -11)
    assert (header, None, digest) == decode_txn(encode_txn(header, None, digest))


@pytest.mark.parametrize("paths", [[], ["/a"], ["/abc"], ["/a", "/b"]])
@pytest.mark.parametrize("digest", [None, DIGEST])
def test_a_close_session_with_a_body_keeps_it(paths: list[str | None], digest: TxnDigest | None) -> None:
    header = TxnHeader(1, 2, 3, 4, -11)
    payload = encode_txn(header, CloseSessionTxn(paths), digest)
    assert (header, CloseSessionTxn(paths), digest) == decode_txn(payload)


@pytest.mark.parametrize("type", [0, 13, 3, 99])
def test_a_type_that_no_log_holds_is_refused(type: int) -> None:
    with pytest.raises(MalformedRecord, match="unsupported transaction type"):
        decode_txn(encode_txn(TxnHeader(1, 2, 3, 4, type), None, None))


@given(st.binary(max_size=80))
def test_any_payload_decodes_or_is_malformed(payload: bytes) -> None:
    with suppress(MalformedRecord):
        decode_txn(payload)
