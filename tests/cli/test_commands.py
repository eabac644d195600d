"""The command itself, its version and help, and `pyzoo purge`."""

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from pyzoo import __version__
from pyzoo.cli.main import main

Pyzoo = Callable[..., "subprocess.CompletedProcess[str]"]

FIXTURES = Path(__file__).parent.parent / "fixtures"


def test_the_version_names_the_release_that_it_behaves_like(pyzoo: Pyzoo) -> None:
    ended = pyzoo("--version")
    assert (0, "") == (ended.returncode, ended.stderr)
    assert ended.stdout.startswith(f"pyzoo {__version__} (")
    assert ended.stdout.endswith("), behaves like Apache ZooKeeper 3.9.6\n")


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["serve", "--help"], ["purge", "--help"]])
def test_help_is_there_for_every_command(pyzoo: Pyzoo, words: list[str]) -> None:
    ended = pyzoo(*words)
    assert (0, "") == (ended.returncode, ended.stderr)
    assert ended.stdout.startswith("Usage: ")


def test_an_unknown_command_ends_with_code_2(pyzoo: Pyzoo) -> None:
    ended = pyzoo("start")
    assert 2 == ended.returncode
    assert "No such command 'start'" in ended.stderr


def test_no_description_is_cut(pyzoo: Pyzoo) -> None:
    for words in ([], ["config"], ["log"], ["snapshot"]):
        assert "..." not in pyzoo(*words, "--help").stdout.partition("Commands:")[2]
    assert "until SIGTERM or Ctrl-C." in " ".join(pyzoo("--help").stdout.split())


def test_the_help_tells_of_completion(pyzoo: Pyzoo) -> None:
    assert '    bash: eval "$(_PYZOO_COMPLETE=bash_source pyzoo)"' in pyzoo("--help").stdout.splitlines()


def test_commands_are_completed() -> None:
    def completed(*words: str) -> list[str]:
        variables = {
            "_PYZOO_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }
        ended = CliRunner().invoke(main, [], env=variables, prog_name="pyzoo")
        return ended.output.split()

    assert ["plain,snapshot"] == completed("pyzoo", "sn")
    assert ["plain,verify"] == completed("pyzoo", "snapshot", "ver")
    assert "plain,--data-log-dir" in completed("pyzoo", "snapshot", "verify", "--data")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("start", "No such command 'start'; did you mean 'serve'?"),
        ("log dupm", "No such command 'dupm'; did you mean 'dump'?"),
        ("log frob", "No such command 'frob'; there are blame, chop, dump, recover, verify."),
        ("serve --port abc", "Invalid value for '--port': 'abc' is not a port: give a number from 0 to 65535"),
        ("serve --port 70000", "Invalid value for '--port': '70000' is not a port: give a number from 0 to 65535"),
        ("ensemble --nodes none", "Invalid value for '--nodes': 'none' is not a whole number of at least 1"),
        ("log chop log.1", "Missing option '-z' / '--zxid'. The last zxid to keep, such as 0x10000004a; "
         "`pyzoo log dump FILE` shows those that there are."),
        ("status --timeout soon", "Invalid value for '--timeout': 'soon' is not a number of seconds of at least 0.01, "
         "such as 2.5"),
        ("log chop log.1 -z x", "Invalid value for '-z' / '--zxid': 'x' is not a zxid: write it like 0x10000004a"),
    ],
)  # fmt: skip
def test_a_wrong_word_says_what_would_be_right(words: str, message: str) -> None:
    ended = CliRunner().invoke(main, words.split())
    assert (2, f"Error: {message}") == (ended.exit_code, ended.output.splitlines()[-1])


def test_the_half_of_a_script_that_misses_its_configuration_says_so() -> None:
    ended = CliRunner().invoke(main, ["launcher", "zkCleanup"])
    assert 1 == ended.exit_code
    assert ended.output.startswith("name a zoo.cfg first: zkCleanup.sh brings it along\n")


def test_the_installed_script_is_the_same_command() -> None:
    script = Path(sysconfig.get_path("scripts")) / "pyzoo"
    if not script.exists():
        pytest.skip("pyzoo runs from its source here")
    ended = subprocess.run([script, "--version"], capture_output=True, text=True, env=dict(os.environ))
    assert ended.stdout.startswith(f"pyzoo {__version__} (")


# --- purge


def real_directory(tmp_path: Path) -> Path:
    data_dir = tmp_path / "data"
    shutil.copytree(FIXTURES / "standalone-3.9.5", data_dir)
    return data_dir


def names(data_dir: Path) -> set[str]:
    return {path.name for path in (data_dir / "version-2").iterdir()}


def test_purge_names_what_it_removes_and_keeps_the_newest(pyzoo: Pyzoo, tmp_path: Path) -> None:
    data_dir = real_directory(tmp_path)
    before = names(data_dir)
    ended = pyzoo("purge", data_dir, "-n", 3)
    assert (0, "") == (ended.returncode, ended.stderr)
    gone = {Path(line.removeprefix("Removing file: ")).name for line in ended.stdout.splitlines()}
    assert gone == before - names(data_dir)
    assert {"snapshot.a5", "snapshot.92", "snapshot.7e"} == {n for n in names(data_dir) if n.startswith("snapshot")}
    assert {"log.6f", "log.80", "log.94", "log.a7"} == {n for n in names(data_dir) if n.startswith("log")}

    again = pyzoo("purge", data_dir, "--count", 3)
    assert (0, "", "") == (again.returncode, again.stdout, again.stderr)


def test_purge_takes_logs_and_snapshots_apart(pyzoo: Pyzoo, tmp_path: Path) -> None:
    data_dir = real_directory(tmp_path)
    (tmp_path / "logs" / "version-2").mkdir(parents=True)
    for log in (data_dir / "version-2").glob("log.*"):
        log.rename(tmp_path / "logs" / "version-2" / log.name)
    ended = pyzoo("purge", tmp_path / "logs", data_dir, "-n", 3)
    assert (0, "") == (ended.returncode, ended.stderr)
    assert {"snapshot.a5", "snapshot.92", "snapshot.7e"} == names(data_dir)
    assert {"log.6f", "log.80", "log.94", "log.a7"} == names(tmp_path / "logs")


@pytest.mark.parametrize("words", [["-n", "2"], ["-n", "many"], []])
def test_purge_wants_a_count_of_three_or_more(pyzoo: Pyzoo, tmp_path: Path, words: list[str]) -> None:
    data_dir = real_directory(tmp_path)
    before = names(data_dir)
    ended = pyzoo("purge", data_dir, *words)
    assert (2, "") == (ended.returncode, ended.stdout)
    assert "--count" in ended.stderr
    assert before == names(data_dir)


def test_purge_of_what_is_no_data_directory_says_which_one_would_be(pyzoo: Pyzoo, tmp_path: Path) -> None:
    version_2 = real_directory(tmp_path) / "version-2"
    before = names(version_2.parent)
    ended = pyzoo("purge", version_2, "-n", 3)
    expected = f"{version_2} is no data directory, it has no version-2 in it: name {version_2.parent}\n"
    assert (1, f"pyzoo: {expected}") == (ended.returncode, ended.stderr)
    assert before == names(version_2.parent)


def test_purge_of_a_missing_directory_creates_none(pyzoo: Pyzoo, tmp_path: Path) -> None:
    ended = pyzoo("purge", tmp_path / "nothing", "-n", 3)
    assert (1, "", 1) == (ended.returncode, ended.stdout, ended.stderr.count("\n"))
    expected = f"pyzoo: {tmp_path}/nothing does not exist: name the dataDir or dataLogDir of a server\n"
    assert expected == ended.stderr
    assert not (tmp_path / "nothing").exists()
