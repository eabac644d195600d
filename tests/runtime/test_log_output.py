"""Log lines: how they look, where they go, and that nothing that happens to them holds anybody up."""

import json
import logging
import os
import queue
import re
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from time import sleep

import pytest

from pyzoo.config.log_settings import JSON, LogFile, LogSettings
from pyzoo.errors import ConfigError
from pyzoo.runtime.log_lines import JsonFormatter, TextFormatter
from pyzoo.runtime.log_names import NAMES, loggers_named, shown_name
from pyzoo.runtime.log_output import (
    REST_SECONDS,
    RESTS,
    BoundedQueueHandler,
    ConsoleHandler,
    LogOutput,
    Records,
    RollingFileHandler,
)
from pyzoo.server.requests.audit_lines import AUDIT_LOGGER
from tests.support.server_process import wait_until

SOURCE = Path(__file__).parents[2] / "src"
PEER = logging.getLogger("pyzoo.server.member.peer")
MEMBER = {"myid": 3, "role": "leading", "epoch": 7}


def record(level: int = logging.INFO, message: str = "hello", name: str = PEER.name) -> logging.LogRecord:
    made = logging.LogRecord(name, level, "", 0, message, None, None)
    made.member = MEMBER
    return made


@pytest.fixture
def installed() -> Iterator[list[LogOutput]]:
    """Outputs to be installed by the test; logging is put back at its end."""
    before = logging.getLogger().level, logging.raiseExceptions
    of_records = logging._srcfile, logging.logProcesses, logging.logMultiprocessing
    outputs: list[LogOutput] = []
    yield outputs
    for output in outputs:
        output.close()
    logging.getLogger().setLevel(before[0])
    logging.raiseExceptions = before[1]
    logging._srcfile, logging.logProcesses, logging.logMultiprocessing = of_records
    for name in NAMES:
        logging.getLogger(name).setLevel(logging.NOTSET)


def install(installed: list[LogOutput], settings: LogSettings, audit: bool = False) -> LogOutput:
    output = LogOutput(settings, audit)
    installed.append(output)
    output.install()
    return output


def to_file(path: Path, **more: object) -> LogSettings:
    return LogSettings(console=False, file=LogFile(str(path)), **more)  # type: ignore[arg-type]


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def _has(path: Path, text: str) -> bool:
    return text in path.read_text()


# --- how lines look


def test_a_text_line_has_apaches_layout() -> None:
    line = TextFormatter().format(record(logging.WARNING))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[myid:3\] - WARN  \[QuorumPeer\] - hello", line)


def test_a_json_line_holds_what_is_known_of_the_member() -> None:
    made = record()
    made.session, made.client = "0x1", "1.2.3.4:5"
    line = json.loads(JsonFormatter().format(made))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert {
        "level": "INFO",
        "logger": "QuorumPeer",
        "module": "pyzoo.server.member.peer",
        "message": "hello",
        **MEMBER,
        "session": "0x1",
        "client": "1.2.3.4:5",
    } == line


def test_an_audit_event_has_its_fields_in_json() -> None:
    line = json.loads(JsonFormatter().format(record(message="user=a\tznode=/x=y", name=AUDIT_LOGGER)))
    assert {"user": "a", "znode": "/x=y"} == line["audit"]


def test_an_exception_stands_below_its_line_and_inside_its_json(tmp_path: Path, installed: list[LogOutput]) -> None:
    for kind in ("text", JSON):
        output = install(installed, to_file(tmp_path / kind, format=kind))
        try:
            raise ValueError("broken")
        except ValueError:
            PEER.exception("it failed")
        output.close()
    assert "ValueError: broken" == lines(tmp_path / "text")[-1]
    assert json.loads(lines(tmp_path / JSON)[0])["error"].endswith("ValueError: broken")


def test_loggers_have_the_names_of_apaches_classes() -> None:
    assert ("LearnerHandler", "FileTxnSnapLog", "trio.abc") == tuple(
        map(shown_name, ("pyzoo.quorum.learner_handler", "pyzoo.runtime.storage", "trio.abc"))
    )
    assert ["pyzoo.runtime.storage", "pyzoo.server.member.storage"] == loggers_named("FileTxnSnapLog")
    assert ["pyzoo.server"] == loggers_named("pyzoo.server")


def test_the_table_of_names_has_only_modules_that_log() -> None:
    logging_modules = {
        str(path.relative_to(SOURCE).with_suffix("")).replace("/", ".")
        for path in SOURCE.rglob("*.py")
        if "getLogger(__name__)" in path.read_text()
    }
    assert set(NAMES) <= {*logging_modules, AUDIT_LOGGER}


# --- where they go


def test_the_log_goes_to_its_file_and_the_audit_log_to_another(tmp_path: Path, installed: list[LogOutput]) -> None:
    settings = to_file(tmp_path / "logs" / "zk.log", audit_file=LogFile(str(tmp_path / "audit.log")))
    output = install(installed, settings, audit=True)
    PEER.info("an event")
    logging.getLogger(AUDIT_LOGGER).error("user=a\tresult=failure")
    output.close()
    assert ["an event"] == [line.rpartition(" - ")[2] for line in lines(tmp_path / "logs" / "zk.log")]
    (line,) = lines(tmp_path / "audit.log")
    assert line.endswith(" ERROR audit.Slf4jAuditLogger: user=a\tresult=failure")


def test_without_a_file_of_its_own_the_audit_log_is_a_part_of_the_log(
    tmp_path: Path, installed: list[LogOutput]
) -> None:
    output = install(installed, to_file(tmp_path / "zk.log"), audit=True)
    logging.getLogger(AUDIT_LOGGER).info("user=a")
    output.close()
    assert lines(tmp_path / "zk.log")[0].endswith("INFO  [Slf4jAuditLogger] - user=a")


def test_a_file_rolls_at_its_size(tmp_path: Path, installed: list[LogOutput]) -> None:
    path = tmp_path / "zk.log"
    output = install(installed, LogSettings(console=False, file=LogFile(str(path), max_bytes=500, backups=2)))
    for number in range(40):
        PEER.info("line %d", number)
    output.close()
    assert {"zk.log", "zk.log.1", "zk.log.2"} == {each.name for each in tmp_path.iterdir()}
    assert all(each.stat().st_size <= 500 for each in tmp_path.iterdir())
    assert lines(path)[-1].endswith("line 39")


def test_a_file_that_was_moved_away_is_opened_anew(tmp_path: Path, installed: list[LogOutput]) -> None:
    path = tmp_path / "zk.log"
    output = install(installed, to_file(path))
    PEER.info("old")
    wait_until(lambda: "old" in path.read_text())
    path.rename(tmp_path / "old.log")
    output.reopen()
    PEER.info("new")
    output.close()
    assert "new" in path.read_text()
    assert "new" not in (tmp_path / "old.log").read_text()


def test_thresholds_hold_back_what_is_below(tmp_path: Path, installed: list[LogOutput]) -> None:
    path = tmp_path / "zk.log"
    output = install(installed, LogSettings(console=False, file=LogFile(str(path), threshold=logging.WARNING)))
    PEER.info("low")
    PEER.warning("high")
    output.close()
    assert ["high"] == [line.rpartition(" ")[2] for line in lines(path)]


def test_levels_change_while_it_runs(tmp_path: Path, installed: list[LogOutput]) -> None:
    output = install(installed, to_file(tmp_path / "zk.log", levels=(("QuorumPeer", logging.ERROR),)))
    PEER.info("1 no")
    output.all_levels()
    PEER.debug("2 yes")
    output.usual_levels()
    PEER.warning("3 no")
    PEER.error("4 yes")
    output.close()
    assert ["2 yes", "4 yes"] == [line.rpartition(" - ")[2] for line in lines(tmp_path / "zk.log")]


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "zk.log").mkdir()
    with pytest.raises(ConfigError, match=r"log.file: cannot write .*/zk.log: Is a directory"):
        LogOutput(to_file(tmp_path / "zk.log"))


# --- what goes wrong


def test_a_full_queue_costs_lines_and_no_time() -> None:
    records: Records = queue.SimpleQueue()
    handler = BoundedQueueHandler(records, 1)
    handler.handle(record())
    handler.handle(record())
    assert (1, 1) == (records.qsize(), handler.dropped)


def test_a_console_that_nobody_reads_holds_nobody_up(installed: list[LogOutput]) -> None:
    reader, writer = os.pipe()
    output = LogOutput(LogSettings(), console_fd=writer)
    installed.append(output)
    output.install()
    # Far more than a pipe and the queue take together.
    for number in range(30_000):
        PEER.info("line %d of many", number)
    assert output.dropped > 0
    taken: list[bytes] = []
    drain = threading.Thread(target=lambda: taken.extend(iter(lambda: os.read(reader, 1 << 16), b"")), daemon=True)
    drain.start()

    def gets_through() -> bool:
        PEER.info("another one")
        return any(b"another one" in piece for piece in taken)

    wait_until(gets_through)
    output.close()
    os.close(writer)
    drain.join()
    os.close(reader)
    text = b"".join(taken).decode()
    lost = sum(map(int, re.findall(r"(\d+) log lines before this one are lost", text)))
    assert output.dropped == lost
    assert text.endswith("another one\n")


def test_a_closed_pipe_ends_the_console_and_nothing_else() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    handler = ConsoleHandler(writer)
    handler.handle(record())
    handler.handle(record())
    assert (-1, 0) == (handler.fd, handler.sink.unreported)
    os.close(writer)


def test_a_full_disk_costs_lines_which_are_counted() -> None:
    handler = RollingFileHandler(LogFile("/dev/full", max_bytes=0))
    handler.handle(record())
    handler.handle(record())
    assert 2 == handler.sink.unreported
    handler.close()


def test_lines_go_on_whole_after_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = RollingFileHandler(LogFile(str(tmp_path / "zk.log")))
    write, failures = os.write, [OSError(28, "No space left on device")]

    def half(fd: int, data: bytes) -> int:
        if len(data) > 4 and failures:
            return write(fd, data[:4])
        if failures:
            raise failures.pop()
        return write(fd, data)

    monkeypatch.setattr(os, "write", half)
    handler.handle(record(message="12345678"))
    handler.handle(record(message="whole"))
    handler.close()
    assert "whole" == lines(tmp_path / "zk.log")[-1]


# --- who waits for whom


def test_lines_are_written_soon_also_when_none_has_come_for_long(tmp_path: Path, installed: list[LogOutput]) -> None:
    path = tmp_path / "zk.log"
    output = install(installed, to_file(path))
    for pause in (0, REST_SECONDS, (RESTS + 2) * REST_SECONDS):
        sleep(pause)
        PEER.info("after %s", pause)
        wait_until(partial(_has, path, f"after {pause}"))
    output.close()
    assert 3 == len(lines(path))


def test_an_end_does_not_wait_for_the_rest_of_the_thread(tmp_path: Path, installed: list[LogOutput]) -> None:
    output = install(installed, to_file(tmp_path / "zk.log"))
    PEER.info("the last")
    output.close()
    assert not any(thread.name == "logs" and thread.is_alive() for thread in threading.enumerate())
    assert lines(tmp_path / "zk.log")[-1].endswith("the last")
