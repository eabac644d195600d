"""`pyzoo log` and `pyzoo snapshot`, and the scripts of Apache's file tools: exit codes, messages, pipes."""

import json
import os
import pty
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from pyzoo.jute import opcodes as op
from pyzoo.jute.records import SetDataTxn, TxnHeader
from pyzoo.persistence.log_format import encode_file_header
from tests.support.codec import encode_record, encode_txn
from tests.support.server_process import PATIENCE_SECONDS, clean_environment, command

Pyzoo = Callable[..., "subprocess.CompletedProcess[str]"]
Run = Callable[..., "subprocess.CompletedProcess[bytes]"]

FIXTURES = Path(__file__).parent.parent / "fixtures"
FILES = FIXTURES / "standalone-3.9.5" / "version-2"
OUTPUT = FIXTURES / "tool-output"
COMPARED = ("-l", "snapshot.21.gz", "-r", "snapshot.45", "-b", "2", "-n", "1")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A copy of a recorded directory."""
    return Path(shutil.copytree(FILES, tmp_path / "files", copy_function=shutil.copyfile))


@pytest.fixture
def run(files: Path, tmp_path: Path, pyzoo: Pyzoo) -> Run:
    """Call an installed launcher in the directory of the recorded files."""
    assert pyzoo("launchers", "--install", tmp_path / "bin").returncode == 0

    def call(script: str, *words: str, typed: str = "", **variables: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [tmp_path / "bin" / script, *words],
            input=typed.encode(),
            capture_output=True,
            cwd=files,
            env=clean_environment(tmp_path, TZ="UTC", **variables),
            timeout=PATIENCE_SECONDS,
        )

    return call


def recorded(name: str) -> bytes:
    return (OUTPUT / f"395-{name}.txt").read_bytes()


def big_log(path: Path) -> Path:
    """A log that is longer than any pipe, and than what is read without progress."""
    records = (
        encode_record(encode_txn(TxnHeader(1, zxid, zxid, 0, op.SET_DATA), SetDataTxn("/a", b"x" * 1000, zxid), None))
        for zxid in range(1, 20_001)
    )
    path.write_bytes(encode_file_header() + b"".join(records))
    return path


# --- as Apache's scripts


@pytest.mark.parametrize(
    ("script", "words", "name", "code", "error"),
    [
        ("zkTxnLogToolkit.sh", ["log.22"], "txnlog-log.22", 0, ""),
        ("zkTxnLogToolkit.sh", ["--dump", "log.22"], "txnlog-d-log.22", 0, ""),
        ("zkTxnLogToolkit.sh", ["-h"], "txnlog-help", 0, ""),
        ("zkTxnLogToolkit.sh", [], "txnlog-noargs", 1, ""),
        ("zkTxnLogToolkit.sh", ["-q"], "txnlog-badopt", 1, "Unrecognized option: -q\n\n"),
        ("zkTxnLogToolkit.sh", ["none"], "txnlog-nofile", 1, "File doesn't exist or not readable: none\n"),
        ("zkTxnLogToolkit.sh", ["snapshot.0"], "txnlog-badmagic", 2, "Invalid magic number for snapshot.0\n"),
        ("zkTxnLogToolkit.sh", ["-c", "-z", "0x4a", "log.46"], "txnlog-chop", 0, ""),
        ("zkTxnLogToolkit.sh", ["-cz", "0x999", "log.46"], "txnlog-chop-none", 0, ""),
        ("zkSnapShotToolkit.sh", ["snapshot.92"], "snapfmt-snapshot.92", 0, ""),
        ("zkSnapShotToolkit.sh", ["-d", "snapshot.21.gz"], "snapfmt-d-snapshot.21.gz", 0, ""),
        ("zkSnapshotRecursiveSummaryToolkit.sh", ["snapshot.21.gz", "/", "1"], "snapsum-1", 0, ""),
    ],
)
def test_a_script_does_what_the_real_one_does(
    run: Run, script: str, words: list[str], name: str, code: int, error: str
) -> None:
    ended = run(script, *words)
    assert (ended.returncode, ended.stderr.decode()) == (code, error)
    assert ended.stdout == recorded(name)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ([], "USAGE: SnapshotFormatter [-d|-json] snapshot_file\n"),
        (["-d"], "USAGE: SnapshotFormatter [-d|-json] snapshot_file\n"),
        (["snapshot.0", "-d"], "USAGE: SnapshotFormatter [-d|-json] snapshot_file\n"),
        (["-d", "-json", "snapshot.0"], "Cannot specify both data dump (-d) and json mode (-json) in same call\n"),
        (["none"], "File '{files}/none' does not exist.\n"),
        (["."], "'{files}/.' is a directory. it must be a file.\n"),
    ],
)
def test_a_snapshot_that_cannot_be_shown_ends_with_code_2(run: Run, files: Path, words: list[str], error: str) -> None:
    ended = run("zkSnapShotToolkit.sh", *words)
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.decode().startswith(error.format(files=files))


def test_a_comparison_says_how_long_the_reading_took(run: Run) -> None:
    ended = run("zkSnapshotComparer.sh", *COMPARED)
    lines = ended.stdout.splitlines(keepends=True)
    assert ended.returncode == 0
    assert lines[0] == b"Successfully parsed options!\n"
    assert lines[1].startswith(b"Deserialized snapshot in snapshot.21.gz in 0.")
    assert lines[5:] == recorded("snapcmp").splitlines(keepends=True)[5:]


def test_an_interactive_comparison_reads_its_steps_from_the_input(run: Run) -> None:
    ended = run("zkSnapshotComparer.sh", *COMPARED, "-i", typed="\n/app\n3\n7\nzz\n/nope\n\n\n")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.splitlines()[5:] == recorded("snapcmp-interactive").splitlines()[5:]


def test_a_comparison_without_its_options_gets_the_usage(run: Run) -> None:
    ended = run("zkSnapshotComparer.sh")
    assert (ended.returncode, ended.stdout) == (2, recorded("snapcmp-noargs"))
    assert ended.stderr == b"Missing required options: l, r, b, n\n"


def test_a_summary_without_its_arguments_gets_the_usage(run: Run) -> None:
    ended = run("zkSnapshotRecursiveSummaryToolkit.sh", "snapshot.0")
    assert (ended.returncode, ended.stdout, ended.stderr[:7]) == (2, b"", b"USAGE: ")


def test_recovery_asks_until_it_gets_an_answer(run: Run, files: Path) -> None:
    data = bytearray((files / "log.46").read_bytes())
    data[23] ^= 1
    (files / "log.46bad").write_bytes(data)
    ended = run("zkTxnLogToolkit.sh", "-r", "-v", "log.46bad", typed="x\nyes\n")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, recorded("txnlog-recover-interactive"), b"")
    again = run("zkTxnLogToolkit.sh", "--recover", "log.46bad")
    assert (again.returncode, again.stdout) == (1, b"")
    assert again.stderr == b"Recovery file log.46bad.fixed already exists or not writable\n"


def test_the_longest_record_is_that_of_jute_maxbuffer(run: Run, files: Path) -> None:
    txn = SetDataTxn("/a", b"x" * 3_000_000, 1)
    record = encode_record(encode_txn(TxnHeader(1, 1, 1, 0, op.SET_DATA), txn, None))
    (files / "log.b").write_bytes(encode_file_header() + record)
    refused = run("zkTxnLogToolkit.sh", "log.b")
    assert (refused.returncode, refused.stderr[:30]) == (1, b"Unreasonable length = 3000046 ")
    assert run("zkTxnLogToolkit.sh", "log.b", JVMFLAGS="-Djute.maxbuffer=4000000").returncode == 0


def test_cleanup_takes_its_directories_from_zoo_cfg(run: Run, files: Path, tmp_path: Path) -> None:
    data, logs = tmp_path / "data", tmp_path / "logs"
    for directory, prefix in ((data, "snapshot"), (logs, "log")):
        (directory / "version-2").mkdir(parents=True)
        for path in files.glob(f"{prefix}.*"):
            path.rename(directory / "version-2" / path.name)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "zoo.cfg").write_text(f"dataDir={data}\ndataLogDir={logs}\n")
    os.utime(logs / "version-2" / "log.1", (0, 0))
    ended = run("zkCleanup.sh", "-n", "3")
    assert (ended.returncode, ended.stderr) == (0, b"")
    lines = ended.stdout.decode().splitlines()
    assert lines[0] == f"Removing file: Jan 1, 1970, 12:00:00 AM\t{logs}/version-2/log.1"
    assert {line.rpartition("/")[2] for line in lines[-7:]} == {
        f"snapshot.{end}" for end in ("0", "21.gz", "38.snappy", "45", "4f", "5f", "6d")
    }
    assert run("zkCleanup.sh", "-n", "3").stdout == b""


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["-n", "2"], b"count should be greater than or equal to 3\n"),
        (["-n", "x"], b"'x' can not be parsed to integer.\n"),
        ([], b""),
    ],
)
def test_cleanup_wants_a_count(run: Run, tmp_path: Path, words: list[str], error: bytes) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "zoo.cfg").write_text(f"dataDir={tmp_path}\n")
    ended = run("zkCleanup.sh", *words)
    assert (ended.returncode, ended.stderr) == (1, error)
    assert ended.stdout.startswith(b"Usage:\nPurgeTxnLog dataLogDir [snapDir] -n count\n")


# --- as pyzoo's own commands


def test_chop_fails_with_a_code(pyzoo: Pyzoo, files: Path) -> None:
    ended = pyzoo("log", "chop", "-z", "0x999", files / "log.46")
    assert (ended.returncode, ended.stderr) == (
        2,
        "Failed to chop log.46: it has no transaction 0x999; 0x50 is its last one\n",
    )
    assert pyzoo("log", "chop", "-z", "0x4a", files / "log.46", "-o", files / "short").returncode == 0
    assert (files / "log.46").read_bytes().startswith((files / "short").read_bytes())


def test_a_directory_is_no_log(pyzoo: Pyzoo, tmp_path: Path) -> None:
    ended = pyzoo("log", "dump", tmp_path)
    assert (ended.returncode, ended.stderr) == (1, f"{tmp_path} is a directory, not a transaction log\n")


def test_recovery_without_answers_writes_nothing(pyzoo: Pyzoo, tmp_path: Path) -> None:
    data = bytearray((FILES / "log.46").read_bytes())
    data[23] ^= 1
    (tmp_path / "log.46").write_bytes(data)
    ended = subprocess.run(
        command("log", "recover", str(tmp_path / "log.46")), stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (
        1,
        "The input ended before every question was answered; nothing was written\n",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["log.46"]


def test_a_wrong_seal_is_a_warning(pyzoo: Pyzoo, files: Path) -> None:
    data = bytearray((files / "snapshot.92").read_bytes())
    data[data.index(b"root data")] ^= 1
    (files / "snapshot.92").write_bytes(data)
    ended = pyzoo("snapshot", "dump", files / "snapshot.92", TZ="UTC")
    assert (ended.returncode, ended.stdout.encode()) == (0, recorded("snapfmt-snapshot.92"))
    assert ended.stderr.startswith("pyzoo: warning: snapshot.92: at byte ")


def test_logs_that_are_elsewhere_are_asked_for(pyzoo: Pyzoo, tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "standalone-3.9.5", tmp_path / "data")
    (tmp_path / "logs" / "version-2").mkdir(parents=True)
    for log in (tmp_path / "data" / "version-2").glob("log.*"):
        log.rename(tmp_path / "logs" / "version-2" / log.name)
    ended = pyzoo("snapshot", "verify", tmp_path / "data")
    assert 1 == ended.returncode
    assert f"warning: there is no log in {tmp_path}/data/version-2: if the logs are elsewhere" in ended.stdout
    assert "With the snapshots alone a server would start at zxid 0xa5 " in ended.stdout
    whole = pyzoo("snapshot", "verify", tmp_path / "data", "--data-log-dir", tmp_path / "logs")
    assert (0, True) == (whole.returncode, "\nA server would start at zxid 0xb6 " in whole.stdout)
    assert 0 == pyzoo("snapshot", "verify", tmp_path / "data", "--data-log-dir", tmp_path / "data").returncode


def test_verify_tells_good_from_bad(pyzoo: Pyzoo, files: Path, tmp_path: Path) -> None:
    good = pyzoo("snapshot", "verify", files / "snapshot.a5")
    assert (good.returncode, good.stdout) == (
        0,
        "snapshot.a5: good: zxid 0xa5, 88 nodes, 3 sessions, the digest is right\n",
    )
    log = pyzoo("log", "verify", files / "log.a7")
    assert (log.returncode, log.stdout) == (0, "log.a7: good: 16 transactions, 0xa7 to 0xb6\n")
    (files / "snapshot.a5").write_bytes(b"")
    bad = pyzoo("snapshot", "verify", files / "snapshot.a5")
    assert (bad.returncode, bad.stdout) == (
        1,
        "snapshot.a5: BAD: snapshot.a5: at byte 0: the snapshot ends too early\n",
    )
    files.rename(tmp_path / "version-2")
    directory = pyzoo("snapshot", "verify", tmp_path)
    assert directory.returncode == 1
    assert directory.stdout.endswith("sessions: snapshot.92 and 36 transactions after it\n")


# --- pipes, terminals, signals


@contextmanager
def ending_quietly(*words: object, code: int) -> Iterator[tuple["subprocess.Popen[bytes]", IO[bytes]]]:
    """The process of a command and its standard output, which has to end with this code and nothing to say."""
    with subprocess.Popen(command(*map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        yield process, process.stdout
        assert (process.wait(PATIENCE_SECONDS), process.stderr.read()) == (code, b"")


def test_a_reader_that_goes_away_ends_a_dump_quietly(tmp_path: Path) -> None:
    log = big_log(tmp_path / "log.1")
    with ending_quietly("log", "dump", log, code=0) as (_, out):
        assert out.readline().startswith(b"ZooKeeper Transactional Log File")
        out.close()


def test_a_reader_that_goes_away_does_not_keep_a_copy_from_being_written(tmp_path: Path) -> None:
    log = big_log(tmp_path / "log.1")
    with ending_quietly("log", "recover", "-v", "-y", log, code=0) as (_, out):
        out.close()
    assert (tmp_path / "log.1.fixed").read_bytes().startswith(log.read_bytes())


def test_an_interrupt_ends_quietly_and_leaves_no_part_of_a_copy(tmp_path: Path) -> None:
    log = big_log(tmp_path / "log.1")
    with ending_quietly("log", "recover", "-v", "-y", log, code=130) as (process, out):
        # It has begun, and waits for a reader now.
        assert out.read(100)
        process.send_signal(signal.SIGINT)
        out.read()
    assert [path.name for path in tmp_path.iterdir()] == ["log.1"]


def test_progress_is_for_somebody_who_watches(tmp_path: Path) -> None:
    log = big_log(tmp_path / "log.1")
    ours, terminal = pty.openpty()
    with subprocess.Popen(command("log", "dump", str(log)), stdout=subprocess.DEVNULL, stderr=terminal) as process:
        os.close(terminal)
        seen = b""
        try:
            while piece := os.read(ours, 65536):
                seen += piece
        except OSError:
            pass  # how Linux says that the other end is closed
        os.close(ours)
        assert process.wait(PATIENCE_SECONDS) == 0
    assert b"log.1  [" in seen
    assert b"100%" in seen


def test_help_needs_no_server(pyzoo: Pyzoo) -> None:
    for words in (["log"], ["log", "chop"], ["snapshot", "verify"], ["stop"], ["launchers"]):
        assert pyzoo(*words, "--help").stdout.startswith("Usage: ")


def test_blame_tells_who_changed_a_node(pyzoo: Pyzoo) -> None:
    told = pyzoo("log", "blame", FIXTURES / "standalone-3.9.5", "/app/cfg", "-n", "2")
    assert 0 == told.returncode
    lines = told.stdout.splitlines()
    assert "0x2e session 0x100002c4a0b0000 cxid 12 setACL version 2 world:anyone:cdrwa" == lines[0].split(" ", 4)[4]
    assert lines[1].endswith("setACL version 1 world:anyone:cdrwa digest:r:wQcINf6ig32WiAwpenvDVvggtGw=:r")
    assert "there are older ones" in lines[2]


def test_blame_as_json_has_all_pages_in_one_object(pyzoo: Pyzoo) -> None:
    told = pyzoo("log", "blame", FILES, "/", "--subtree", "--json")
    answer = json.loads(told.stdout)
    assert 200 > len(answer["changes"]) > 100
    assert (None, True, []) == (answer["cursor"], answer["reaches_back"], answer["notes"])
    assert not [name for change in answer["changes"] for name in change if name.startswith("_")]


def test_blame_says_how_far_the_logs_reach_back(pyzoo: Pyzoo) -> None:
    told = pyzoo("log", "blame", FIXTURES / "torn-tail-3.9.5", "/last")
    assert "no change of /last is in the logs\nthe logs begin with 0x94: what was before" in told.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere", "/a"), "nowhere/ is no data directory"),
        ((FIXTURES / "ensemble-3.9.5/s3/data", "/a"), "say it with --data-log-dir"),
        ((FILES, "a"), "'a' is no path"),
        ((FILES, "/a", "--session", "x"), "'x' is not the id of a session"),
        ((FILES, "/a", "--since", "yesterday"), "'yesterday' is no time"),
    ],
)
def test_blame_says_what_is_wrong(pyzoo: Pyzoo, words: tuple[str, ...], message: str) -> None:
    told = pyzoo("log", "blame", *words)
    assert 0 != told.returncode
    assert message in told.stderr
