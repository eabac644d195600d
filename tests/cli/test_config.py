"""`pyzoo config`: what it says, as text and as JSON, and how it ends."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Pyzoo = Callable[..., "subprocess.CompletedProcess[str]"]

SOUND = "autopurge.purgeInterval=24\nadmin.enableServer=false\n"


def zoo_cfg(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "zoo.cfg"
    path.write_text(f"dataDir={tmp_path / 'data'}\nclientPort=0\n" + "\n".join(lines) + "\n")
    return path


def test_a_sound_configuration_is_clean(pyzoo: Pyzoo, tmp_path: Path) -> None:
    path = zoo_cfg(tmp_path, SOUND)
    path.write_text(path.read_text().replace("clientPort=0", "clientPort=32181"))
    ended = pyzoo("config", "check", path, "--running", "--strict")
    assert (0, f"{path}: 0 errors, 0 warnings, 0 hints\n", "") == (ended.returncode, ended.stdout, ended.stderr)
    assert [path] == list(tmp_path.iterdir())


def test_errors_come_first_each_with_its_place(pyzoo: Pyzoo, tmp_path: Path) -> None:
    path = zoo_cfg(tmp_path, "snapCoutn=5", "tickTime=abc", "maxClientCnxns=x")
    ended = pyzoo("config", "check", path)
    lines = ended.stdout.splitlines()
    assert 2 == ended.returncode
    assert [f"{path}:4: error", f"{path}:5: error", f"{path}:3: warning"] == [
        ": ".join(line.split(": ")[:2]) for line in lines[:3]
    ]
    assert lines[-1].startswith(f"{path}: 2 errors, 1 warning, ")


def test_strict_makes_warnings_count(pyzoo: Pyzoo, tmp_path: Path) -> None:
    path = zoo_cfg(tmp_path, "snapCoutn=5")
    assert 0 == pyzoo("config", "check", path).returncode
    assert 1 == pyzoo("config", "check", path, "--strict").returncode


def test_problems_as_json(pyzoo: Pyzoo, tmp_path: Path) -> None:
    path = zoo_cfg(tmp_path, "tickTime=abc")
    ended = pyzoo("config", "check", path, "--json", "--quick")
    report = json.loads(ended.stdout)
    assert (2, False, 1) == (ended.returncode, report["ok"], report["error"])
    assert {
        "severity": "error",
        "file": str(path),
        "line": 3,
        "key": "tickTime",
        "message": "tickTime=abc: it must be a whole number, for example tickTime=3000",
    } == report["problems"][0]


@pytest.mark.parametrize("lines", [["tickTime=0"], ["server.1=a:1"], ["clientPortAddress=no-such-host.invalid"]])
def test_the_words_are_those_of_a_start(pyzoo: Pyzoo, tmp_path: Path, lines: list[str]) -> None:
    path = zoo_cfg(tmp_path, *lines)
    refused = pyzoo("serve", path).stderr.strip()
    found = pyzoo("config", "check", path, "--json").stdout
    messages = [problem["message"] for problem in json.loads(found)["problems"]]
    assert any(message in refused or message.startswith("no-such-host.invalid is not known") for message in messages)


def test_properties_are_checked_too(pyzoo: Pyzoo, tmp_path: Path) -> None:
    path = zoo_cfg(tmp_path)
    ended = pyzoo("config", "check", path, "-Dzookeeper.snapCount=x", JVMFLAGS="-Dzookeeper.commitLogCount=y")
    assert "-Dzookeeper.snapCount: warning: snapCount=x is not a whole number" in ended.stdout
    assert "-Dzookeeper.commitLogCount: warning: commitLogCount=y is not a whole number" in ended.stdout


def test_a_warning_about_the_data_directory_does_not_hide_what_is_in_it(pyzoo: Pyzoo, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    path = tmp_path / "zoo.cfg"
    path.write_text("dataDir=data\nclientPort=0\n")
    ended = pyzoo("config", "check", path)
    assert f"{path}:1: error: Unable to create log directory data/version-2" in ended.stdout
    assert f"{path}:1: warning: dataDir=data depends on where the server is started" in ended.stdout


def test_a_missing_file_is_an_error(pyzoo: Pyzoo, tmp_path: Path) -> None:
    ended = pyzoo("config", "check", tmp_path / "none.cfg")
    assert (2, f"{tmp_path}/none.cfg: error: file is missing") == (ended.returncode, ended.stdout.splitlines()[0])


def test_settings_are_shown_with_their_origin(pyzoo: Pyzoo, tmp_path: Path) -> None:
    path = zoo_cfg(tmp_path, "snapCount=5000")
    ended = pyzoo("config", "show", path, "-Djute.maxbuffer=2000000", JVMFLAGS="-Dzookeeper.commitLogCount=600")
    lines = ended.stdout.splitlines()
    assert {
        f"snapCount=5000  # {path}:3",
        "commitLogCount=600  # JVMFLAGS",
        "jute.maxbuffer=2000000  # -Djute.maxbuffer",
        "tickTime=3000  # default",
    } <= set(lines)
    given = pyzoo("config", "show", path, "--given", "--json")
    assert ["dataDir", "clientPort", "snapCount"] == [each["key"] for each in json.loads(given.stdout)]


def test_a_configuration_that_cannot_be_used_cannot_be_shown(pyzoo: Pyzoo, tmp_path: Path) -> None:
    ended = pyzoo("config", "show", zoo_cfg(tmp_path, "tickTime=0"))
    assert (2, "", 1) == (ended.returncode, ended.stdout, ended.stderr.count("tickTime=0"))


def test_keys_are_found_by_a_part_or_a_glob(pyzoo: Pyzoo) -> None:
    assert (
        "tickTime  (number, at least 1, default 3000, file)\n    Milliseconds of a tick"
        in pyzoo("config", "keys", "ticktime").stdout
    )
    names = [key["key"] for key in json.loads(pyzoo("config", "keys", "autopurge.*", "--json").stdout)]
    assert ["autopurge.snapRetainCount", "autopurge.purgeInterval"] == names
    assert 1 == pyzoo("config", "keys", "no-such-key").returncode
