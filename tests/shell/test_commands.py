"""Every command, against a server in memory; zkCli's own output is compared in the interop tests."""

import json
from pathlib import Path
from typing import Any

import pytest

from pyzoo.shell.commands.all import COMMANDS
from pyzoo.shell.shell import OWN_COMMANDS

from .conftest import Cli

ZKCLI_COMMANDS = set(
    "addWatch addauth close config connect create delete deleteall delquota get getAcl getAllChildrenNumber "
    "getEphemerals history listquota ls printwatches quit reconfig redo removewatches set setAcl setquota stat sync "
    "version whoami".split()
)


def document(cli: Cli, *words: str) -> Any:
    """The one document that a command prints with --json."""
    ended = cli("--json", *words)
    assert 1 == len(ended.documents)
    return ended.documents[0]


def test_every_command_of_zkcli_is_there_and_ours_are_marked() -> None:
    ours = {name for name, command in COMMANDS.items() if command.addition} | {"help"}
    assert ZKCLI_COMMANDS == (COMMANDS.keys() | OWN_COMMANDS.keys()) - (ours - {"history"})
    assert set("diff export find help history import locks sessions top tree watch who".split()) == ours


def test_help_lists_all_and_explains_one(cli: Cli) -> None:
    listed = cli("help")
    assert (0, len(COMMANDS.keys() | OWN_COMMANDS.keys())) == (listed.code, len(listed.lines))
    assert ["Set the data of a node.", "set path data [-s] [-v version] [-b]"] == cli("help", "set").lines[:2]
    assert 127 == cli("help", "nosuch").code


def test_nodes_of_all_kinds_are_created(cli: Cli) -> None:
    kinds = [
        "create /p x",
        "create -s /p/s- x",
        "create -c /p/c",
        "create -t 60000 /p/t x",
        "create -s -t 60000 /p/u x",
    ]
    ended = cli(lines="\n".join([*kinds, "create -es /p/e- x", "ls -R /p"]))
    assert ["/p", "/p/c", "/p/e-0000000004", "/p/s-0000000000", "/p/t", "/p/u0000000003"] == ended.lines


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("-c -e /a", "-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential."),
        ("-t 5 -e /a", "TTLs cannot be used with Ephemeral znodes"),
        ("-t 5 -c /a", "TTLs cannot be used with Container znodes"),
        ("-t 0 /a", "ttl must be positive and cannot be larger than: 1099511627775"),
        ("-t soon /a", "-t argument must be a long value"),
    ],
)
def test_what_no_node_can_be_is_refused(cli: Cli, words: str, error: str) -> None:
    ended = cli("create", *words.split())
    assert (1, error + "\n") == (ended.code, ended.err)


def test_numbers_that_end_zkcli_are_a_plain_error(cli: Cli) -> None:
    ended = cli(lines="create /a\nset -v x /a y\ndelete -v 99999999999 /a\nset -b /a ?\nget /a\n")
    assert ["null"] == ended.lines
    assert ["-v x: give the version", "-v 99999999999: give the version", "-b ?: this is not base64"] == [
        line[: len(start)]
        for line, start in zip(
            ended.err.splitlines()[1:],
            ["-v x: give the version", "-v 99999999999: give the version", "-b ?: this is not base64"],
            strict=True,
        )
    ]


def test_base64_is_given_and_taken(cli: Cli) -> None:
    assert ["/wA=", "/wA="] == cli(lines="create /a\nset -b /a /wA=\nget -b /a\nget -b /a\n").lines


def test_a_subtree_is_deleted_in_batches_of_any_size(cli: Cli) -> None:
    make = "".join(f"create /a{at}\ncreate /a{at}/b\ncreate /a{at}/b/c\n" for at in range(3))
    ended = cli(lines=f"{make}deleteall /a0\ndeleteall /a1 -b 1\ndeleteall -b 0 /a2\nls /\n")
    assert ["[zookeeper]"] == ended.lines
    assert "Failed to delete some node(s) in the subtree!\n" == cli("deleteall", "/zookeeper").err


def test_a_hard_quota_is_set_listed_enforced_and_taken_back(cli: Cli) -> None:
    ended = cli(
        lines="create /q\nsetquota -N 2 /q\nlistquota /q\ncreate /q/a\ncreate /q/b\nsetquota -n 1 /q/a\n"
        "delquota -N /q\ncreate /q/b\ndelquota /q\nlistquota /q\nls /zookeeper/quota\n"
    )
    assert [
        "Output quota for /q count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=2",
        "Output stat for /q count=1,bytes=0",
        "[]",
    ] == ended.lines
    errors = ended.err.splitlines()
    assert "Quota has exceeded : /q/b" in errors
    assert "/q/a has a parent /q which has a quota" in errors
    assert "quota for /q does not exist." == errors[-1]


def test_watches_are_added_and_removed(cli: Cli) -> None:
    ended = cli(
        lines="create /a\naddWatch /a\ncreate /a/b\nremovewatches /a -r\nset /a/b x\naddWatch -m PERSISTENT /a\n"
        "set /a x\nremovewatches /a\nremovewatches /a\nquit\n"
    )
    assert [
        "NodeCreated type:None",
        "PersistentWatchRemoved",
        "NodeDataChanged",
        "PersistentWatchRemoved",
    ] == [
        "NodeCreated type:None" if "NodeCreated" in event else event.split(" type:")[1].split(" ")[0]
        for event in ended.events[1:-1]
    ]
    assert ended.err.endswith("KeeperErrorCode = No such watcher for /a\n")


def test_scripts_get_one_document_for_each_command(cli: Cli) -> None:
    assert {"path": "/a"} == document(cli, "create", "/a", "x")
    got = document(cli, "get", "-s", "/a")
    assert ("x", 1) == (got["data"], got["stat"]["dataLength"])
    assert ["a", "zookeeper"] == document(cli, "ls", "/")["children"]
    assert {"path": "/a", "acl": ["world:anyone:cdrwa"]} == document(cli, "getAcl", "/a")
    assert {"error": "Node does not exist: /b", "code": "NoNode", "path": "/b"} == document(cli, "get", "/b")
    assert "Command not found" in document(cli, "nosuch")["error"]
    ended = cli("--json", lines="set /a y\nget -w /a\nset /a z\nwhoami\nhistory\nquit\n")
    assert [{"path": "/a"}, {"path": "/a", "data": "y"}, {"path": "/a"}] == ended.documents[:3]
    assert "WatchedEvent state:SyncConnected type:NodeDataChanged path:/a" in ended.notes


# --- beyond zkCli


@pytest.fixture
def app(cli: Cli) -> Cli:
    """A small tree."""
    cli(
        lines="create /app top\ncreate /app/a x\ncreate /app/a/deep 'hello world'\ncreate /app/b\nset -b /app/b /wA=\n"
        "create /app/secret s world:anyone:r\ncreate /app/locked l ip:127.0.0.1:ra\n"
    )
    return cli


def test_a_tree_is_drawn(app: Cli) -> None:
    assert [
        "/app  (3 bytes)",
        "├── a  (1 byte)",
        "│   └── deep  (11 bytes)",
        "├── b  (2 bytes)",
        "├── locked  (1 byte)",
        "└── secret  (1 byte)",
        "6 nodes",
    ] == app("tree", "/app").lines
    assert "5 nodes" == app("tree", "--depth", "1", "/app").lines[-1]
    value = document(app, "tree", "/app")
    assert "/app/a/deep" == value["children"][0]["children"][0]["path"]


@pytest.mark.parametrize(
    ("tests", "found"),
    [
        ("--name d*", ["/app/a/deep"]),
        ("--data w.rld$", ["/app/a/deep"]),
        ("--data ^x$ --name a", ["/app/a"]),
        ("--larger 2", ["/app", "/app/a/deep"]),
        ("--childless --name [ab]", ["/app/b"]),
        ("--ephemeral", []),
    ],
)
def test_nodes_are_found_by_all_tests_at_once(app: Cli, tests: str, found: list[str]) -> None:
    assert found == app("find", "/app", *tests.split()).lines


def test_nodes_are_found_by_their_owner(app: Cli) -> None:
    ended = app(lines="create -e /app/e\nfind /app --ephemeral\nstat /app/e\n")
    owner = next(line for line in ended.lines if line.startswith("ephemeralOwner")).split()[-1]
    assert "/app/e" == ended.lines[0]
    assert [] == app("find", "/app", "--owner", owner).lines
    assert 1 == app("find", "/app", "--owner", "me").code
    assert 1 == app("find", "/app", "--data", "(").code


@pytest.mark.parametrize("name", ["saved.json", "saved.yaml"])
def test_a_subtree_goes_out_and_comes_in_elsewhere(app: Cli, tmp_path: Path, name: str) -> None:
    file = str(tmp_path / name)
    ended = app(lines=f"create -e /app/gone\nexport /app {file}\nimport {file} /new/place\n")
    assert "1 node is ephemeral and left out: /app/gone" in ended.err
    assert [f"exported 6 nodes of /app to {file}"] == ended.lines[:1]
    assert [f"imported {file} to /new/place: 6 created, 0 overwritten, 0 skipped"] == ended.lines[1:]
    there = app(
        lines="get -b /new/place/b\nget /new/place/a/deep\ngetAcl /new/place/secret\ngetAcl /new/place/locked\n"
    )
    assert ["/wA=", "hello world", "'world,'anyone", ": r", "'ip,'127.0.0.1", ": ra"] == there.lines


def test_an_inner_node_gets_its_strict_acl_when_its_children_are_there(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(
        json.dumps(
            {
                "format": "pyzoo-subtree-1",
                "nodes": [{"path": "/", "acl": ["world:anyone:r"]}, {"path": "/a", "data": "x"}],
            }
        )
    )
    assert 0 == cli("import", str(tmp_path / "x.json"), "/strict").code
    assert ["'world,'anyone", ": r", "x"] == cli(lines="getAcl /strict\nget /strict/a\n").lines


def test_nodes_that_are_there_stop_an_import_unless_it_is_said_what_to_do(app: Cli, tmp_path: Path) -> None:
    file = str(tmp_path / "saved.json")
    app(
        lines=f"export /app {file} --no-acl\ndeleteall /app/a\nset /app other\ndelete /app/secret\ndelete /app/locked\n"
    )
    refused = app("import", file, "/app")
    assert (1, "2 nodes are there already: /app, /app/b") == (refused.code, refused.err.partition(";")[0])
    assert ["other"] == app("get", "/app").lines
    skipped = app("import", file, "/app", "--existing", "skip")
    assert [f"imported {file} to /app: 4 created, 0 overwritten, 2 skipped"] == skipped.lines
    assert ["other"] == app("get", "/app").lines
    assert "6 overwritten" in app("import", file, "/app", "--existing=overwrite").lines[0]
    assert ["top"] == app("get", "/app").lines
    assert 1 == app("import", file, "/app", "--existing", "maybe").code


def test_a_whole_tree_goes_out_without_what_is_zookeepers_own(app: Cli) -> None:
    value = document(app, "export", "/")
    assert ["/", "/app", "/app/a", "/app/a/deep"] == [node["path"] for node in value["nodes"]][:4]
    assert all(not node["path"].startswith("/zookeeper") for node in value["nodes"])
    saved = json.dumps(value)
    assert 0 == app("deleteall", "/app").code
    again = app("import", "-", "/", lines=saved)
    assert ["imported - to /: 6 created, 0 overwritten, 1 skipped"] == again.lines


@pytest.mark.parametrize("words", [["import", "/none", "/x"], ["export", "/app", "/none/file"], ["export", "/none"]])
def test_files_and_nodes_that_are_not_there_are_a_clear_error(app: Cli, words: list[str]) -> None:
    ended = app(*words)
    assert (1, 1) == (ended.code, ended.err.count("\n"))


def test_an_import_that_fails_leaves_no_acl_open(cli: Cli, tmp_path: Path) -> None:
    nodes = [
        {"path": "/", "acl": ["world:anyone:r"]},
        {"path": "/a", "data": "x"},
        {"path": "/b", "acl": ["digest:nobody:r"]},
        {"path": "/c", "data": "y"},
    ]
    (tmp_path / "x.json").write_text(json.dumps({"format": "pyzoo-subtree-1", "nodes": nodes}))
    ended = cli("import", str(tmp_path / "x.json"), "/half")
    assert (1, "Acl is not valid : /half/b; 3 of 4 nodes were imported\n") == (ended.code, ended.err)
    assert ["'world,'anyone", ": r"] == cli("getAcl", "/half").lines


def test_a_wrong_option_of_an_additional_command_shows_its_usage(cli: Cli) -> None:
    error, usage, *options = cli("tree", "--deep").err.splitlines()
    assert ["Unrecognized option: --deep", "tree [--depth n] [--at zxid|time] [--admin url] [path]"] == [error, usage]
    assert " --depth <arg>   How many levels to show" in options
    assert "Missing argument for option: depth" == cli("tree", "--depth").err.splitlines()[0]
