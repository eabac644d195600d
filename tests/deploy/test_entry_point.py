"""The entry point of the image: the files that the official image would write, and the command in its place."""

import json
import os
import re
from pathlib import Path

import pytest

from tests.support.entry_point import ENVIRONMENTS, OURS, RECORDED, ROOT, THREE, run, written

OFFICIAL: dict[str, dict[str, str]] = json.loads(RECORDED.read_text())


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_zoo_cfg_and_myid_are_those_of_the_official_image(name: str, tmp_path: Path) -> None:
    assert OFFICIAL[name] == written(OURS, tmp_path, ENVIRONMENTS[name])


def test_a_zoo_cfg_and_a_myid_that_are_there_win(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "conf" / "zoo.cfg").write_text("clientPort=2181\n")
    (tmp_path / "data" / "myid").write_text("7\n")
    files = written(OURS, tmp_path, {"ZOO_MY_ID": "3", "ZOO_SERVERS": THREE})
    assert {"zoo.cfg": "clientPort=2181\n", "myid": "7\n"} == files


def test_an_empty_myid_is_none(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "myid").touch()
    assert "3\n" == written(OURS, tmp_path, {"ZOO_MY_ID": "3"})["myid"]


def test_any_command_takes_the_place_of_the_entry_point(tmp_path: Path) -> None:
    ended = run(OURS, tmp_path, {}, "sh", "-c", 'echo "$1"; exit 7', "sh", "two words")
    assert (7, "two words\n", "") == (ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.parametrize("directory", ["conf", "data"])
def test_a_directory_that_is_not_writable_is_named(directory: str, tmp_path: Path) -> None:
    refused = tmp_path / "sealed"
    refused.touch()  # not even root can write below a file
    ended = run(OURS, tmp_path, {f"ZOO_{directory.upper()}_DIR": f"{refused}/{directory}"})
    assert 1 == ended.returncode
    assert f"docker-entrypoint.sh: {refused}/{directory} is not writable for uid {os.getuid()}: " in ended.stderr


def test_a_zoo_cfg_that_the_engine_made_a_directory_of_is_refused(tmp_path: Path) -> None:
    made = tmp_path / "conf" / "zoo.cfg"
    made.mkdir(parents=True)
    ended = run(OURS, tmp_path, {})
    assert 1 == ended.returncode
    assert f"docker-entrypoint.sh: {made} is a directory: " in ended.stderr
    assert [] == list(made.iterdir())


def test_every_variable_is_documented() -> None:
    documented = (ROOT / "docs" / "containers.md").read_text()
    used = set(re.findall(r"ZOO_[A-Z0-9_]+", OURS.read_text()))
    assert len(used) > 10
    assert set() == {name for name in used if f"`{name}`" not in documented}
