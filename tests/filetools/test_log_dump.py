"""Logs as text and repaired, against what TxnLogToolkit made of the same files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pyzoo.errors import StorageError
from pyzoo.filetools.log_dump import Recovery, dump
from pyzoo.filetools.log_records import LogFile
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, CloseSessionTxn, CreateContainerTxn, CreateTTLTxn, SetACLTxn, TxnHeader
from pyzoo.persistence.log_format import encode_file_header
from tests.support.codec import encode_record, encode_txn
from tests.support.recordings import FILES, UTC, flipped, log_of, output_of, recorded_log, said

BAD = flipped((FILES / "log.46").read_bytes(), 23)
"""The first record of the recorded damage: one bit of its checksum."""


@pytest.mark.parametrize(
    "recording", ["395-txnlog-log.1", "395-txnlog-log.22", "395-txnlog-log.a7", "380-txnlog-log.22"]
)
def test_a_dump_is_that_of_the_real_tool(recording: str) -> None:
    assert said(dump(recorded_log(recording[11:]), UTC)) == (output_of(recording), None)


def test_a_log_that_ends_inside_a_record_was_read_to_its_end() -> None:
    torn = (FILES / "log.22").read_bytes()[:-20]
    assert said(dump(log_of(torn), UTC)) == (
        output_of("395-txnlog-torn") + "EOF reached after 22 txns.\n",
        None,
    )


def test_a_record_of_which_only_a_part_was_written_ends_the_dump() -> None:
    torn = (FILES / "log.22").read_bytes()[:-20] + bytes(20)
    text, error = said(dump(log_of(torn), UTC))
    assert text == output_of("395-txnlog-torn")
    assert str(error) == "The record at byte 2266 is no transaction: unsupported transaction type -16777216"


def test_a_record_without_its_end_mark_is_shown_and_ends_the_dump() -> None:
    data = bytearray((FILES / "log.46").read_bytes())
    data[-1] = 0
    text, error = said(dump(log_of(bytes(data)), UTC))
    assert (str(error), error and error.exit_code) == ("Last transaction was partial.", 1)
    assert " zxid 0x50 " in text


def test_what_is_no_log_is_refused() -> None:
    _, error = said(dump(recorded_log("snapshot.0"), UTC))
    assert (str(error), error and error.exit_code) == ("Invalid magic number for snapshot.0", 2)
    _, error = said(dump(log_of(b""), UTC))
    assert (str(error), error and error.exit_code) == (
        "log.1 is not a transaction log: it ends inside its header",
        1,
    )


def test_an_impossible_length_ends_the_dump() -> None:
    data = encode_file_header() + bytes(8) + b"\x7f\xff\xff\xff" + bytes(50)
    _, error = said(dump(log_of(data), UTC))
    assert str(error).startswith("Unreasonable length = 2147483647 of the record at byte 16")


def test_a_record_that_is_no_transaction_ends_the_dump() -> None:
    _, error = said(dump(log_of(encode_file_header() + encode_record(b"nothing")), UTC))
    assert str(error).startswith("The record at byte 16 is no transaction")


@pytest.mark.parametrize(
    ("type", "txn", "text"),
    [
        (
            op.CREATE_CONTAINER,
            CreateContainerTxn("/c", b"x", [ACL(31, "world", "anyone"), ACL(1, "ip", "1,2")], 3),
            "createContainer /c,x,[31,s{'world,'anyone}\n, 1,s{'ip,'1%2C2}\n],3\n",
        ),
        (op.CREATE_TTL, CreateTTLTxn("/t", None, [], 3, 5000), "createTTL /t,,[],3,5000\n"),
        (op.SET_ACL, SetACLTxn("/a}%", [ACL(1, "ip", "")], -1), "setACL '/a%7D%25,v{s{1,s{'ip,'}}},-1\n"),
        (op.CLOSE_SESSION, CloseSessionTxn(["/a", "/b\n"]), "closeSession v{'/a,'/b%0A}\n"),
        (op.CLOSE_SESSION, None, "closeSession \n"),
    ],
)
def test_every_type_has_its_text(type: int, txn: CreateTTLTxn, text: str) -> None:
    payload = encode_txn(TxnHeader(-1, -2, 7, 0, type), txn, None)
    dumped, _ = said(dump(log_of(encode_file_header() + encode_record(payload)), UTC))
    entry = f"1/1/70, 12:00:00 AM UTC session 0xffffffffffffffff cxid 0xfffffffe zxid 0x7 {text}"
    assert dumped.split("\n", 1)[1] == f"{entry}EOF reached after 1 txns.\n"


# --- recovery


def damaged(tmp_path: Path, data: bytes = BAD) -> tuple[LogFile, str]:
    path = tmp_path / "log.46bad"
    path.write_bytes(data)
    return log_of(data, "log.46bad"), str(path)


def answering(*answers: str) -> Callable[[str], str]:
    left = list(answers)

    def answer(question: str) -> str:
        assert question == "Would you like to fix it (Yes/No/Abort) ? "
        return left.pop(0)

    return answer


def test_the_recorded_damage_is_shown_twice() -> None:
    assert said(dump(log_of(BAD), UTC)) == (output_of("395-txnlog-crcbad"), None)


def test_recovery_writes_a_log_whose_checksums_are_right(tmp_path: Path) -> None:
    log, path = damaged(tmp_path)
    text, error = said(Recovery(log, path, UTC, None).run())
    assert (text, error) == (output_of("395-txnlog-recover-yes").replace("log.46bad", path), None)
    fixed = Path(path + ".fixed").read_bytes()
    assert len(fixed) == 16 + 65536 * 1024
    # The bit that was turned stays as it is; the checksum now agrees with it.
    again, _ = said(dump(log_of(fixed), UTC))
    assert "CRC ERROR" not in again
    assert again.endswith("EOF reached after 11 txns.\n")
    assert Path(path).read_bytes() == BAD


def test_no_keeps_a_record_as_it_is(tmp_path: Path) -> None:
    log, path = damaged(tmp_path)
    text, error = said(Recovery(log, path, UTC, answering("what", "no"), pre_alloc=0).run())
    assert error is None
    assert text.endswith(f"Recovery file {path}.fixed has been written with 0 fixed CRC error(s)\n")
    assert Path(path + ".fixed").read_bytes() == BAD


def test_verbose_recovery_prints_all_transactions(tmp_path: Path) -> None:
    log, path = damaged(tmp_path)
    text, _ = said(Recovery(log, path, UTC, answering("y"), verbose=True).run())
    recorded = output_of("395-txnlog-recover-interactive").replace("log.46bad", path)
    assert text == recorded.replace("Would you like to fix it (Yes/No/Abort) ? ", "")


def test_abort_leaves_nothing_behind(tmp_path: Path) -> None:
    log, path = damaged(tmp_path)
    text, error = said(Recovery(log, path, UTC, answering("Abort")).run())
    assert (text, str(error), error and error.exit_code) == (
        output_of("395-txnlog-recover-abort").removesuffix("Would you like to fix it (Yes/No/Abort) ? "),
        "Recovery aborted.",
        0,
    )
    assert [entry.name for entry in tmp_path.iterdir()] == ["log.46bad"]


def test_an_input_that_ends_leaves_nothing_behind_either(tmp_path: Path) -> None:
    def nobody(_question: str) -> str:
        raise EOFError

    log, path = damaged(tmp_path)
    _, error = said(Recovery(log, path, UTC, nobody).run())
    assert str(error) == "The input ended before every question was answered; nothing was written"
    assert [entry.name for entry in tmp_path.iterdir()] == ["log.46bad"]


def test_a_file_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    log, path = damaged(tmp_path)
    Path(path + ".fixed").write_text("precious")
    text, error = said(Recovery(log, path, UTC, None).run())
    assert (text, str(error)) == ("", f"Recovery file {path}.fixed already exists or not writable")
    assert Path(path + ".fixed").read_text() == "precious"


def test_a_file_that_comes_while_the_copy_is_written_is_not_overwritten_either(tmp_path: Path) -> None:
    log, path = damaged(tmp_path)
    texts = Recovery(log, path, UTC, None).run()
    next(texts)
    Path(path + ".fixed").write_text("precious")
    assert str(said(texts)[1]) == f"Recovery file {path}.fixed already exists or not writable"
    assert Path(path + ".fixed").read_text() == "precious"


def test_a_copy_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    log, _ = damaged(tmp_path)
    with pytest.raises(StorageError, match=r"cannot write .*/none/log.46.fixed: No such file or directory"):
        said(Recovery(log, f"{tmp_path}/none/log.46", UTC, None).run())


@pytest.mark.parametrize("end", ["no end mark", "impossible length", "no transaction"])
def test_recovery_keeps_what_comes_before_a_place_where_no_reading_goes_on(tmp_path: Path, end: str) -> None:
    whole = (FILES / "log.46").read_bytes()
    behind = {
        "no end mark": encode_record(b"x" * 60)[:-1] + b"\0",
        "impossible length": bytes(8) + b"\xff\xff\xff\xf0" + bytes(20),
        "no transaction": flipped(encode_record(b"x" * 60), 7),
    }
    log, path = damaged(tmp_path, flipped(whole, 40) + behind[end])
    _, error = said(Recovery(log, path, UTC, None, pre_alloc=0).run())
    assert error is not None
    assert error.exit_code == 1
    text, _ = said(dump(log_of(Path(path + ".fixed").read_bytes()), UTC))
    assert text.endswith("EOF reached after 11 txns.\n")


@pytest.mark.parametrize("lost", ["end mark", "length"])
def test_whole_records_behind_a_place_where_no_reading_goes_on_are_told(tmp_path: Path, lost: str) -> None:
    whole = (FILES / "log.46").read_bytes()
    data = bytearray(whole)
    first_end = whole.index(encode_record(b"")[-1:], 16 + 12 + 48)
    if lost == "end mark":
        data[first_end] = 0
    else:
        data[first_end + 9] = 0x7F
    log, path = damaged(tmp_path, bytes(data))
    _, error = said(Recovery(log, path, UTC, None, pre_alloc=0).run())
    assert str(error).endswith(f" Whole records follow: they are not in {path}.fixed")
