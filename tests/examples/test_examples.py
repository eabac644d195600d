"""Each example, run as its reader runs it: what it claims is true, and false without what makes it right."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner

from pyzoo.examples.__main__ import main
from pyzoo.examples.catalog import EXAMPLES
from pyzoo.testing import EmbeddedServer
from tests.support.kazoo_session import kazoo_session
from tests.support.tables import DOCS

PATIENCE_S = 120


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    """`python -m pyzoo.examples` with these words."""
    return subprocess.run(
        [sys.executable, "-m", "pyzoo.examples", *words], capture_output=True, text=True, timeout=PATIENCE_S
    )


CLAIMS = {
    "lock": [
        "never two held it",
        "the lock of the killed holder went to the next one",
        "the one that slept was refused",
    ],
    "read-write-lock": ["three readers are in at once", "the writer was in with nobody else"],
    "naming": ["no number of 125 of the sequence was given twice", "no number of 125 of the counter was given twice"],
    "configuration": ["paul works with the last value", "the auditor saw every change once and in order"],
    "election": ["never two led at once", "3 left, and that woke 3: one for each"],
    "services": ["three instances share the work", "a connection failed at the killed instance only"],
    "membership": ["all who are there are members", "each task is done by one of them"],
    "queue": ["each of 12 jobs is done", "and none was taken as done twice"],
    "priority-queue": ["what is urgent was begun first"],
    "barrier": ["nobody passes while it is closed", "all 5 passed, after it was opened"],
    "double-barrier": ["nobody began a step before all had finished the one before"],
    "two-phase-commit": ["both banks did the same with each of them", "no money came or went"],
    "failover": ["server 1 has all ", "server 2 has all ", "server 3 has all ", "no client has lost its session"],
    "majorities": ["an ensemble of 3 stands 1", "an ensemble of 4 stands 1", "an ensemble of 5 stands 2"],
    "split-brain": ["of two sides one was acknowledged writes", "all five have the same", "and all "],
}
"""What each has to have claimed, among other things."""

BROKEN = {
    "lock": "the account has all that was paid in: 13 of 14",
    "read-write-lock": "all readers saw halves of one text",
    "naming": "no number of 125 of the counter was given twice",
    "configuration": "sue works with the last value",
    "election": "3 left, and that woke 5: one for each",
    "services": "the new instance has its share",
    "membership": "all who are there are members",
    "queue": "each of 12 jobs is done",
    "barrier": "nobody passes while it is closed",
    "double-barrier": "nobody began a step before all had finished the one before",
    "two-phase-commit": "no money came or went",
}
"""What is false when it is run wrong."""


TOGETHER = [
    ["lock", "read-write-lock", "election"],
    ["membership", "services", "naming"],
    ["configuration", "queue", "priority-queue"],
    ["barrier", "double-barrier", "two-phase-commit"],
]
"""They wait for the ends of sessions much of their time, so some are run side by side."""


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    """One for the examples that need none of their own."""
    with EmbeddedServer(tick_time_ms=100) as server:
        yield server


def run_together(names: list[str], *words: str) -> "Iterator[tuple[str, subprocess.CompletedProcess[str]]]":
    with ThreadPoolExecutor(len(names)) as pool:
        yield from zip(names, pool.map(lambda name: run(name, *words), names), strict=True)


def assert_shown(name: str, done: "subprocess.CompletedProcess[str]") -> None:
    """It says so, has claimed what it has to, and ends with 0."""
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("shown: ")
    claimed = [line.partition("true: ")[2] for line in lines if "  true: " in line]
    assert [] == [claim for claim in CLAIMS[name] if not any(line.startswith(claim) for line in claimed)]
    assert done.stderr == ""


@pytest.mark.parametrize("names", TOGETHER, ids=",".join)
def test_what_examples_claim_is_true(names: list[str], server: EmbeddedServer) -> None:
    for name, done in run_together(names, "--hosts", server.connect_string):
        assert_shown(name, done)


@pytest.mark.parametrize("name", [name for name, example in EXAMPLES.items() if example.own_servers])
def test_what_examples_claim_of_an_ensemble_is_true(name: str) -> None:
    assert_shown(name, run(name))


@pytest.mark.parametrize("names", TOGETHER, ids=",".join)
def test_without_what_makes_them_right_examples_fail(names: list[str], server: EmbeddedServer) -> None:
    names = [name for name in names if EXAMPLES[name].has_wrong]
    for name, done in run_together(names, "--wrong", "--hosts", server.connect_string):
        assert done.returncode == 1, done.stdout + done.stderr
        last = done.stdout.splitlines()[-1]
        assert last.startswith("not shown: ")
        assert BROKEN[name] in last


def test_all_examples_are_run() -> None:
    assert set(EXAMPLES) == {name for names in TOGETHER for name in names} | {
        name for name, example in EXAMPLES.items() if example.own_servers
    }


def test_an_example_brings_a_server_of_its_own() -> None:
    assert_shown("barrier", run("barrier"))


def test_an_example_leaves_nothing_on_the_server_of_somebody_else(server: EmbeddedServer) -> None:
    assert run("barrier", "--hosts", server.connect_string).returncode == 0
    with kazoo_session(server.connect_string) as client:
        assert ["zookeeper"] == client.get_children("/")


def test_the_command_alone_lists_the_examples() -> None:
    listed = CliRunner().invoke(main).output
    for name, example in EXAMPLES.items():
        assert f"{name} " in listed
        assert example.summary in listed


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_documentation_walks_through_all_examples(name: str) -> None:
    headings = [line for line in (DOCS / "examples.md").read_text(encoding="utf-8").splitlines() if line[:4] == "### "]
    assert any(f"`{name}`" in heading for heading in headings)


def test_what_an_example_teaches_can_be_read_without_running_it() -> None:
    explained = CliRunner().invoke(main, ["lock", "--explain"]).output
    assert "fencing token" in explained


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["priority-queue", "--wrong"], "priority-queue cannot be run wrong; these can: lock,"),
        (
            ["failover", "--servers", "3"],
            "failover kills servers, so it makes its own: leave --hosts",
        ),
        (["luck"], "'luck' is not one of 'lock',"),
    ],
)
def test_what_cannot_be_run_is_refused(words: list[str], message: str) -> None:
    refused = CliRunner().invoke(main, words)
    assert refused.exit_code == 2
    assert message in refused.output
