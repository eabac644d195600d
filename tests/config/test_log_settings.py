"""What the keys of the logs become."""

import logging

import pytest

from pyzoo.config.log_settings import LogFile, LogSettings, level_number
from pyzoo.config.parse import parse_config_text
from pyzoo.config.system_properties import environment_properties


def logs(lines: str = "", **environment: str) -> LogSettings:
    properties = environment_properties(environment).properties
    return parse_config_text(f"dataDir=/d\nclientPort=1\n{lines}", "zoo.cfg", properties)[0].logs


def test_without_any_key_the_log_goes_to_the_console() -> None:
    assert LogSettings() == logs()


def test_a_log_file_stands_in_the_log_directory_beside_the_console() -> None:
    found = logs(
        "log.dir=/var/log/zk/\nlog.file=server.log\nlog.threshold=warn\nlog.maxfilesize=10KB\nlog.maxbackupindex=2"
    )
    assert LogFile("/var/log/zk/server.log", logging.WARNING, 10_240, 2) == found.file
    assert found.console


def test_the_variables_of_the_scripts_count() -> None:
    where = {"ZOO_LOG_DIR": "/logs", "ZOO_LOG_FILE": "zk.log"}
    found = logs("auditlog.file=audit.log", ZOO_LOG4J_PROP="DEBUG, ROLLINGFILE", **where)
    assert ("/logs/zk.log", "/logs/audit.log") == (
        found.file and found.file.path,
        found.audit_file and found.audit_file.path,
    )
    assert logging.DEBUG == found.level


def test_a_log_directory_alone_makes_no_file() -> None:
    assert logs("", ZOO_LOG_DIR="/logs").file is None


def test_the_root_logger_names_level_and_appenders() -> None:
    found = logs("root.logger=WARN, ROLLINGFILE")
    assert (logging.WARNING, False, "zookeeper.log") == (found.level, found.console, found.file and found.file.path)
    assert logs("root.logger=ERROR, CONSOLE").console
    assert logs("root.logger=DEBUG").console


def test_a_log_file_is_not_written_where_the_appenders_leave_it_out() -> None:
    assert logs("root.logger=INFO, CONSOLE", ZOO_LOG_DIR="/logs", ZOO_LOG_FILE="zk.log").file is None
    assert logs("root.logger=INFO", ZOO_LOG_DIR="/logs", ZOO_LOG_FILE="zk.log").file is not None


def test_an_absolute_file_is_where_it_says() -> None:
    file = logs("log.dir=/logs\nlog.file=/elsewhere/zk.log").file
    assert file is not None
    assert "/elsewhere/zk.log" == file.path


def test_single_loggers_have_levels_of_their_own() -> None:
    found = logs("log.level=error\nlog.level.QuorumPeer=debug\nlog.level.pyzoo.server=trace")
    assert (logging.ERROR, {"QuorumPeer": logging.DEBUG, "pyzoo.server": 5}) == (found.level, dict(found.levels))


def test_the_audit_file_rolls_at_apaches_size() -> None:
    assert LogFile("audit.log", 0, 10 << 20, 10) == logs("auditlog.file=audit.log").audit_file


@pytest.mark.parametrize(("text", "number"), [("warn", 30), ("WARNING", 30), (" Off ", 60), ("all", 1), ("loud", None)])
def test_levels_have_their_java_names(text: str, number: int | None) -> None:
    assert number == level_number(text)
