"""The outside world as the commands show it."""

import os
import time
from pathlib import Path

import pytest

from pyzoo.config.settings import ServerConfig
from pyzoo.runtime.clock import elapsed_ms
from pyzoo.runtime.environment import SystemEnvironment, directory_size, local_date_text


def test_a_directory_is_as_large_as_all_files_below_it(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"x" * 10)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "two").write_bytes(b"x" * 5)
    assert 15 == directory_size(str(tmp_path))
    assert 0 == directory_size(str(tmp_path / "missing"))


def test_dates_look_as_in_java(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        assert "Mon Nov 23 02:38:22 UTC 2026" == local_date_text(1795401502999)
    time.tzset()


def test_the_keys_of_envi_are_those_of_java() -> None:
    environment = SystemEnvironment(ServerConfig(data_dir="/data"), None, 2181)
    capture = Path(__file__).parent.parent / "fixtures" / "captures" / "4lw-standalone.txt"
    block = capture.read_text().split("=== envi\n")[1].split("===")[0]
    expected = [line.split("=")[0] for line in block.splitlines()[2:]]
    assert expected == [key for key, _ in environment.properties()]


def test_the_temporary_directory_need_not_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The root file system of a container may be read-only."""
    monkeypatch.setenv("TMPDIR", "/nowhere")
    environment = SystemEnvironment(ServerConfig(data_dir="/data"), None, 2181)
    assert "/nowhere" == dict(environment.properties())["java.io.tmpdir"]


def test_a_server_in_memory_has_no_directories() -> None:
    environment = SystemEnvironment(ServerConfig(data_dir="/data"), None, 2181)
    assert ("", 0, 2181, -1) == (
        environment.snap_dir(),
        environment.log_dir_size(),
        environment.client_port(),
        environment.secure_client_port(),
    )


def test_open_files_are_counted() -> None:
    environment = SystemEnvironment(ServerConfig(data_dir="/data"), None, 2181)
    before = environment.open_files()
    end, other = os.pipe()
    assert before + 2 == environment.open_files()
    os.close(end)
    os.close(other)
    assert environment.open_files() < environment.max_files()


def test_a_monotonic_time_has_a_date() -> None:
    environment = SystemEnvironment(ServerConfig(data_dir="/data"), None, 2181)
    years = {environment.date_text(elapsed_ms() + after)[-4:] for after in (0, 60_000)}
    assert all(year.isdigit() for year in years)
