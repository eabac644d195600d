"""Logs cut at a zxid."""

from pathlib import Path

import pytest

from pyzoo.filetools.log_chop import chop
from pyzoo.filetools.log_dump import dump
from pyzoo.persistence.log_format import encode_file_header
from tests.support.codec import encode_record
from tests.support.persistence_cases import create_payload
from tests.support.recordings import FILES, UTC, flipped, log_of, output_of, recorded_log, said


def test_the_copy_ends_with_the_zxid(tmp_path: Path) -> None:
    target = tmp_path / "chopped"
    assert said(chop(recorded_log("log.46"), "log.46", 0x4A, str(target))) == (output_of("395-txnlog-chop"), None)
    chopped = target.read_bytes()
    assert (FILES / "log.46").read_bytes().startswith(chopped)
    assert "".join(dump(log_of(chopped), UTC)).endswith("EOF reached after 5 txns.\n")


def test_a_log_that_ends_before_the_zxid_is_not_copied(tmp_path: Path) -> None:
    target = tmp_path / "chopped"
    text, error = said(chop(recorded_log("log.46"), "log.46", 0x999, str(target)))
    assert text + f"Got exception: {error}\n" == output_of("395-txnlog-chop-none")
    assert (error and error.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert error
    assert "it has no transaction 0x999; 0x50 is its last one" == error.reason


def test_the_last_zxid_of_a_log_has_nothing_behind_it_to_chop(tmp_path: Path) -> None:
    text, error = said(chop(recorded_log("log.46"), "log.46", 0x50, str(tmp_path / "chopped")))
    assert (text.splitlines()[-1], str(error)) == ("EOF reached after 11 txns.", "Failed to chop log.46")
    assert error
    assert "it ends with 0x50 already, so there is nothing to chop" == error.reason


@pytest.mark.parametrize("zxid", [3, 0x100000007])
def test_a_zxid_that_is_not_in_the_log_is_refused(tmp_path: Path, zxid: int) -> None:
    records = [create_payload(at, f"/{at}") for at in (4, 5, 0x100000001, 0x100000006, 0x100000008)]
    log = log_of(encode_file_header() + b"".join(map(encode_record, records)))
    text, error = said(chop(log, "log.4", zxid, str(tmp_path / "chopped")))
    assert (text.splitlines()[-1], str(error)) == (f"This log does not contain zxid {zxid:x}", "Failed to chop log.4")
    assert list(tmp_path.iterdir()) == []


def test_gaps_are_told(tmp_path: Path) -> None:
    records = [create_payload(at, f"/{at}") for at in (4, 6, 0x100000002, 0x200000001, 0x200000002)]
    log = log_of(encode_file_header() + b"".join(map(encode_record, records)))
    text, error = said(chop(log, "log.4", 0x200000001, str(tmp_path / "chopped")))
    assert error is None
    assert text.splitlines()[1:] == [
        "There is intra-epoch gap between 4 and 6",
        "There is inter-epoch gap between 6 and 100000002",
        "Chopping at 200000001 new log has 4 records",
    ]


def test_a_damaged_record_before_the_zxid_is_not_copied(tmp_path: Path) -> None:
    log = log_of(flipped((FILES / "log.46").read_bytes(), 40))
    _, error = said(chop(log, "log.46", 0x4A, str(tmp_path / "chopped")))
    assert str(error).startswith("CRC doesn't match ")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "chopped"
    target.write_text("precious")
    _, error = said(chop(recorded_log("log.46"), "log.46", 0x4A, str(target)))
    assert str(error) == f"{target} already exists"
    assert target.read_text() == "precious"
