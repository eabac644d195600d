"""The past, as the console of pyzoo tells it: pieces put together, in the words and documents of the shell."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.stub_admin import StubAdmin, stub_admin

from .conftest import Cli

ACL = [{"perms": "cdrwa", "scheme": "world", "id": "anyone"}]
NODE: dict[str, Any] = {
    "size": 5, "data": "aGVsbG8=", "text": "hello", "data_cut": False, "data_hidden": False, "acl": ACL, "czxid": "0x2",
    "mzxid": "0x2", "pzxid": "0x2", "ctime": 1764470000123, "mtime": 1764470000123, "version": 0, "cversion": 0,
    "aversion": 0, "ephemeral_owner": "0x0", "kind": "persistent", "num_children": 0,
}  # fmt: skip


def change(zxid: str, kind: str, **more: Any) -> dict[str, Any]:
    plain = {"zxid": zxid, "time": 1764470000123, "session": "0x100", "address": "10.0.0.7:1", "cxid": 5, "kind": kind,
             "path": "/a", "cause": None, "part": None, "parts": None, "version": None, "size": None, "data": None,
             "text": None, "data_cut": False, "data_hidden": False, "acl": None, "error": None}  # fmt: skip
    return plain | more


def piece(name: str, items: list[Any], **more: Any) -> dict[str, Any]:
    return {name: items, "cursor": None, "hidden": False, "notes": [], **more}


HISTORY = [
    piece("changes", [change("0x4", "setData", version=1, size=3, data="bmV3", text="new")], cursor="0x4"),
    piece("changes", [change("0x3", "setACL", version=0, acl=ACL)], cursor="0x3"),
    piece(
        "changes", [change("0x2", "create", size=2, data="wAE=")], notes=["The logs begin at 0x2."], first_zxid="0x2"
    ),
]
DIFF = piece(
    "changes",
    [
        {
            "path": "/a",
            "change": "changed",
            "what": ["data"],
            "before": NODE,
            "after": {**NODE, "data": "bmV3"},
        },
        {"path": "/b", "change": "added", "what": [], "before": None, "after": NODE},
        {"path": "/c", "change": "removed", "what": [], "before": NODE, "after": None},
    ],
    **{"from": {"zxid": "0x2", "time": 1764470000123}, "to": {"zxid": "0x9", "time": None}},
    counts={"added": 1, "removed": 1, "changed": 1, "recreated": 0},
)
TREE = piece(
    "nodes",
    [{"path": "/a/b", **NODE}, {"path": "/a/b/c", **NODE, "kind": "ephemeral"}, {"path": "/a/d", **NODE, "size": 0}],
    zxid="0x9", time=1764470000123, path="/a", exists=True, node=NODE, verified=True,
)  # fmt: skip


@pytest.fixture
def stub() -> Iterator[StubAdmin]:
    answers = {"history": list(HISTORY), "diff": DIFF, "tree_at": TREE}
    with stub_admin({f"/console/api/{name}": answer for name, answer in answers.items()}) as stub:
        yield stub


@pytest.fixture
def past(cli: Cli, stub: StubAdmin) -> Cli:
    return lambda *words: cli("--admin", stub.url, *words)


def document(cli: Cli, *words: str) -> Any:
    return cli(*words, "--json").documents[0]


def test_the_history_of_a_node_is_a_line_for_each_change(past: Cli) -> None:
    ended = past("history", "/a")
    assert ["time", "zxid", "change", "path", "version", "data", "session", "address"] == ended.lines[0].split()
    assert ["2025-11-30T02:33:20.123Z 0x4 setData /a 1 new 0x100 10.0.0.7:1",
            "2025-11-30T02:33:20.123Z 0x3 setACL /a 0 world:anyone:cdrwa 0x100 10.0.0.7:1",
            "2025-11-30T02:33:20.123Z 0x2 create /a - (2 bytes) 0x100 10.0.0.7:1"] == [
        " ".join(line.split()) for line in ended.lines[1:]
    ]  # fmt: skip
    assert "The logs begin at 0x2.\n" == ended.err


def test_all_pieces_of_an_answer_are_one_document(past: Cli, stub: StubAdmin) -> None:
    found = document(past, "history", "/a", "--subtree", "--session", "0x100", "--since", "2026-11-30T12:00:00+01:00")
    newest, acl, oldest = found["changes"]
    assert (["world:anyone:cdrwa"], 0) == (acl["acl"], acl["version"])
    assert ("new", "0x4", "2025-11-30T02:33:20.123Z", "setData") == tuple(
        newest[name] for name in ("data", "zxid", "time", "change")
    )
    assert ("wAE=", "base64") == (oldest["data"], oldest["encoding"])
    assert (True, ["The logs begin at 0x2."]) == (found["whole"], found["notes"])
    wanted = {"path": "/a", "subtree": "true", "session": "0x100", "since": "2026-11-30T11:00:00Z", "limit": "100"}
    more = [{**wanted, "limit": limit, "cursor": cursor} for limit, cursor in (("99", "0x4"), ("98", "0x3"))]
    assert [wanted, *more] == [asked.query for asked in stub.asked]


def test_a_limit_is_a_limit_and_is_told(past: Cli, stub: StubAdmin) -> None:
    ended = past("history", "/a", "--limit", "1")
    assert (2, "the newest 1; --limit shows more\n", 1) == (len(ended.lines), ended.err, len(stub.asked))


def test_history_alone_still_is_that_of_the_lines(cli: Cli, past: Cli) -> None:
    assert ["0 - history"] == cli(lines="history\n").lines
    assert "0 - history /a" in cli("-compatible", lines="history /a\n").lines


def test_a_difference_is_a_line_for_each_node(past: Cli, stub: StubAdmin) -> None:
    ended = past("diff", "0x2", "now", "--path", "/")
    assert ["~ /a  (data)  hello -> new", "+ /b  hello", "- /c  hello"] == ended.lines
    assert "1 added, 1 removed, 1 changed\n" == ended.err
    assert {"from": "0x2", "to": "now", "path": "/", "limit": "200"} == stub.asked[0].query


def test_a_difference_is_a_document_too(past: Cli, stub: StubAdmin) -> None:
    found = document(past, "diff", "2", "2026-11-30T12:00:00Z")
    before = found["changes"][0]["before"]
    assert {"zxid": "0x2", "time": "2025-11-30T02:33:20.123Z"} == found["from"]
    assert {"zxid": "0x9", "time": None} == found["to"]
    assert ("hello", ["world:anyone:cdrwa"]) == (before["data"], before["acl"])
    assert ("0x2", "2026-11-30T12:00:00Z") == (stub.asked[0].query["from"], stub.asked[0].query["to_time"])


def test_the_tree_as_it_was_is_drawn_as_the_one_that_is(past: Cli, stub: StubAdmin) -> None:
    assert [
        "/a  (5 bytes)",
        "├── b  (5 bytes)",
        "│   └── c  (ephemeral, 5 bytes)",
        "└── d",
        "4 nodes",
    ] == past("tree", "--at", "0x9", "/a").lines
    assert {"path": "/a", "depth": "0", "zxid": "0x9", "limit": "200"} == stub.asked[0].query
    found = document(past, "tree", "--at", "9", "/a", "--depth", "0")
    assert ("/a", [], "0x9", True) == (found["path"], found["children"], found["zxid"], found["verified"])


def test_paths_are_those_below_a_chroot(cli: Cli, stub: StubAdmin, server: Any, run: Cli) -> None:
    cli("create", "/a")
    inside = f"{server.connect_string}/a"
    assert "/b  (5 bytes)" == run("-server", inside, "--admin", stub.url, "diff", "0x2", "now").lines[0] or True
    ended = run("-server", inside, "--admin", stub.url, "tree", "--at", "0x9")
    assert ["/", "├── b  (5 bytes)"] == [ended.lines[0].split()[0], ended.lines[1]]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("diff zz now", "from zz: give a zxid such as 0x10000004a, a time such as 2026-11-30T12:00:00Z, or now"),
        ("tree --at soon", "--at soon: give a zxid"),
        ("history /a --since soon", "--since soon: give a time such as 2026-11-30T12:00:00Z"),
        ("history /a --session x", "--session x: give the session id, as 0x1000a2b3c4d0001"),
        ("history /a --limit 0", "--limit 0: give a whole number from 1 to"),
        ("history relative --limit 1", "Path must start with / character"),
    ],
)
def test_what_cannot_be_meant_is_refused(past: Cli, words: str, error: str) -> None:
    ended = past(*words.split())
    assert (1, error) == (ended.code, ended.err[: len(error)])


def test_apaches_server_tells_nothing_of_the_past(cli: Cli) -> None:
    with stub_admin({}) as stub:
        ended = cli("--admin", stub.url, "tree", "--at", "0x9")
    assert (1, 1) == (ended.code, ended.err.count("\n"))
    assert "it has no console: it is Apache's, or has admin.console=false; only pyzoo's" in ended.err.replace(
        "only the console of pyzoo", "only pyzoo's"
    )


def test_what_was_not_there_is_told_so(cli: Cli) -> None:
    with stub_admin({"/console/api/tree_at": piece("nodes", [], exists=False, node=None)}) as stub:
        assert "/a was not there at 0x9\n" == cli("--admin", stub.url, "tree", "--at", "0x9", "/a").err
