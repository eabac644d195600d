"""With -compatible, as the launcher zkCli.sh calls it: what zkCli prints, and where; compared with it in interop."""

from pathlib import Path

import pytest

import pyzoo

from .conftest import Cli


def test_greeting_and_events_are_on_standard_output(cli: Cli) -> None:
    ended = cli("-compatible", lines="create /a\nget -w /a\nset /a x\nget /a\nquit\n")
    connected, changed, closed = (
        f"WATCHER::\n\nWatchedEvent state:{rest}\n"
        for rest in (
            "SyncConnected type:None path:null zxid: -1",
            "SyncConnected type:NodeDataChanged path:/a zxid: 3",
            "Closed type:None path:null zxid: -1",
        )
    )
    greeting = "Welcome to ZooKeeper!\nJLine support is disabled\n"
    said = ended.out.partition("\n")[2]
    assert f"{greeting}\n{connected}null\n\n{changed}x\n\n{closed}" == said
    assert "Created /a\n" == ended.notes


def test_an_unknown_command_shows_the_usage(cli: Cli) -> None:
    ended = cli("-compatible", "nosuch")
    assert 127 == ended.code
    assert ended.err.startswith("ZooKeeper -server host:port")
    assert "\thistory \n" in ended.err
    assert ended.err.endswith("Command not found: Command not found nosuch\n")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("deleteall /zookeeper", "Failed to delete some node(s) in the subtree!"),
        ("setAcl -R /zookeeper world:anyone:r", "KeeperErrorCode = NoAuth for /zookeeper/config"),
        ("setquota -n 0 /", "the num quota must be greater than zero"),
        ("addauth nosuch x", "the login failed: "),
        ("close\nls /", "Not connected"),
    ],
)
def test_a_failure_that_zkcli_forgives_is_one_without_it(cli: Cli, line: str, told: str) -> None:
    strict, forgiving = cli(lines=f"{line}\n"), cli("-compatible", lines=f"{line}\n")
    assert (1, 0) == (strict.code, forgiving.code)
    assert (told in strict.err, strict.out) == (True, "")


def test_data_that_is_no_utf8_is_replaced_as_by_zkcli(cli: Cli) -> None:
    cli(lines="create /a\nset -b /a /wA=\n")
    assert "\ufffd\0" in cli("-compatible", lines="get /a\n").lines


def test_a_document_is_no_option_of_zkcli(cli: Cli) -> None:
    assert "Unrecognized option: --json" in cli("-compatible", "ls", "--json", "/").err
    assert [{"path": "/", "children": ["zookeeper"]}] == cli("ls", "--json", "/").documents


def test_the_launcher_asks_for_it() -> None:
    launcher = Path(pyzoo.__file__).parent / "launchers" / "zkCli.sh"
    assert 'cli -compatible "$@"' in launcher.read_text()
