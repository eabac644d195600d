"""The past in the console: through HTTP, of servers whose files it is read from."""

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from kazoo.client import KazooClient
from kazoo.security import make_acl, make_digest_acl

from pyzoo.testing import EmbeddedServer
from tests.console.conftest import Connect, Start
from tests.support.console import CONSOLE, HOST, SECONDS, ask


def of(server: EmbeddedServer, what: str, **parameters: object) -> Any:
    answer = ask(server.admin_port, f"/console/api/{what}?{urlencode(parameters)}")
    assert 200 == answer.status, answer.text
    return answer.json


@pytest.fixture(scope="module")
def server(start_shared: Start, tmp_path_factory: pytest.TempPathFactory) -> EmbeddedServer:
    """A server on disk with a past."""
    server = start_shared(tmp_path_factory.mktemp("past"))
    client = KazooClient(server.connect_string)
    client.start(SECONDS)
    secret = [make_digest_acl("bob", "pw", all=True)]
    client.create("/open", b"one")
    client.set("/open", b"two")
    client.create("/open/kid", b"x" * 2000)
    client.create("/secret", b"hidden", acl=[*secret, make_acl("world", "anyone", read=False, create=True)])
    client.create("/secret/kid", b"below", acl=secret)
    client.create("/was-open", b"then")
    client.set_acls("/was-open", secret)
    client.create("/opened", b"closed", acl=[make_acl("world", "anyone", admin=True)])
    client.set_acls("/opened", [make_acl("world", "anyone", all=True)])
    client.set("/opened", b"later")
    transaction = client.transaction()
    transaction.create("/open/multi", b"m")
    transaction.delete("/open/kid")
    transaction.commit()
    client.create("/open/eph", b"", ephemeral=True)
    client.create("/gone/deep/er", b"deep", makepath=True)
    client.create("/gone-secret", b"", acl=[make_acl("world", "anyone", create=True, delete=True), *secret])
    client.create("/gone-secret/kid", b"below")
    client.delete("/gone-secret/kid")
    client.delete("/gone-secret")
    client.set("/gone/deep/er", b"deeper")
    client.delete("/gone", recursive=True)
    client.stop()
    client.close()
    return server


def rows(answer: Any, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in answer["changes"]]


def test_the_history_of_a_path_is_newest_first(server: EmbeddedServer) -> None:
    answer = of(server, "history", path="/open")
    assert [("setData", 1, "two"), ("create", 0, "one")] == rows(answer, "kind", "version", "text")
    assert (True, None, []) == (answer["reaches_back"], answer["cursor"], answer["notes"])


def test_a_subtree_has_multis_as_their_parts_and_closes_as_deletions(server: EmbeddedServer) -> None:
    answer = of(server, "history", path="/open", subtree="true")
    assert [
        ("delete", "/open/eph", "closeSession", None),
        ("create", "/open/eph", None, None),
        ("delete", "/open/kid", None, 2),
        ("create", "/open/multi", None, 1),
        ("create", "/open/kid", None, None),
        ("setData", "/open", None, None),
        ("create", "/open", None, None),
    ] == rows(answer, "kind", "path", "cause", "part")
    kid = answer["changes"][4]
    assert (2000, True, "x" * 1024) == (kid["size"], kid["data_cut"], kid["text"])


def test_pages_follow_each_other(server: EmbeddedServer) -> None:
    whole = of(server, "history", path="/open", subtree="true")["changes"]
    cursor, found = "", []
    while cursor is not None:
        page = of(server, "history", path="/open", subtree="true", limit=2, cursor=cursor)
        found += page["changes"]
        cursor = page["cursor"]
    assert whole == found


def test_what_a_client_could_not_read_is_not_told(server: EmbeddedServer) -> None:
    for path in ("/secret", "/was-open"):
        told = of(server, "history", path=path)["changes"]
        assert told
        assert not [row for row in told if row["data"] or row["acl"]]
    whole = of(server, "history")
    assert whole["hidden"]
    assert "/secret/kid" not in [row["path"] for row in whole["changes"]]


def test_what_was_below_a_node_that_is_gone_goes_by_the_acl_it_had(server: EmbeddedServer) -> None:
    told = of(server, "history", limit=200)["changes"]
    deep = [(row["kind"], row["text"]) for row in told if row["path"] == "/gone/deep/er"]
    assert [("delete", None), ("setData", "deeper"), ("create", "deep")] == deep
    assert "/gone-secret/kid" not in [row["path"] for row in told]
    assert "/gone-secret" in [row["path"] for row in told]


def test_what_was_written_under_an_acl_of_then_stays_hidden(server: EmbeddedServer) -> None:
    told = of(server, "history", path="/opened")
    assert [("setData", "later"), ("setACL", None), ("create", None)] == rows(told, "kind", "text")
    assert told["changes"][2]["data_hidden"]
    before = of(server, "tree_at", zxid=told["changes"][2]["zxid"], path="/opened")["node"]
    assert (None, True) == (before["data"], before["data_hidden"])


def test_the_tree_of_the_past_and_what_became_of_it(server: EmbeddedServer) -> None:
    changes = of(server, "history", path="/open", subtree="true")["changes"]
    at = changes[4]["zxid"]
    tree = of(server, "tree_at", zxid=at, path="/open")
    assert (True, "two", ["/open/kid"], True) == (
        tree["exists"],
        tree["node"]["text"],
        [node["path"] for node in tree["nodes"]],
        tree["verified"],
    )
    difference = of(server, "diff", **{"from": at, "to": "now", "path": "/open"})
    assert [("/open/kid", "removed"), ("/open/multi", "added")] == rows(difference, "path", "change")
    assert {"added": 1, "removed": 1, "changed": 0, "recreated": 0} == difference["counts"]
    assert tree["zxid"] == of(server, "tree_at", time=tree["time"])["zxid"]


def test_trees_and_differences_hide_what_is_not_to_be_read(server: EmbeddedServer) -> None:
    tree = of(server, "tree_at", zxid="now", path="/secret")
    assert (True, [], True) == (tree["exists"], tree["nodes"], tree["hidden"])
    assert tree["node"]["data_hidden"]
    difference = of(server, "diff", **{"from": "0"})
    assert difference["hidden"]
    assert "/secret/kid" not in [row["path"] for row in difference["changes"]]
    assert not [row for row in difference["changes"] if row["path"] == "/secret" and row["after"]["data"]]


@pytest.mark.parametrize(
    ("what", "parameters", "status", "message"),
    [
        ("history", {"path": "a"}, 400, "is no path"),
        ("history", {"limit": "201"}, 400, "a page has 1 to 200 rows"),
        ("history", {"session": "x"}, 400, "session has to be a number"),
        ("history", {"since": "yesterday"}, 400, "since has to be a time"),
        ("history", {"cursor": "x"}, 400, "that is no cursor"),
        ("tree_at", {"zxid": "0xffff"}, 404, "There is no transaction 0xffff yet"),
        ("tree_at", {"time": "1"}, 404, "No transaction in the logs is so old"),
        ("diff", {"from": "5", "to": "3"}, 400, "ask the other way round"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    server: EmbeddedServer, what: str, parameters: dict[str, str], status: int, message: str
) -> None:
    answer = ask(server.admin_port, f"/console/api/{what}?{urlencode(parameters)}")
    assert status == answer.status
    assert message in answer.json["error"]


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/console/changes", "/open/multi"),
        ("/console/changes?path=/open&subtree=true", "part 2 of 2"),
        ("/console/changes/tree?zxid=now&path=/open", "<code>multi</code>"),
        ("/console/changes/tree", "or time (UTC)"),
        ("/console/changes/diff?from=1&path=/open", "added"),
        ("/console/changes/diff", "From zxid"),
    ],
)
def test_the_pages_show_it_without_javascript(server: EmbeddedServer, path: str, shown: str) -> None:
    answer = ask(server.admin_port, path)
    assert 200 == answer.status
    assert shown in answer.text


def test_a_server_without_files_says_so(console: EmbeddedServer) -> None:
    assert "keeps nothing on disk" in ask(console.admin_port, "/console/changes").text
    answer = ask(console.admin_port, "/console/api/history")
    assert (404, "keeps nothing on disk" in answer.text) == (answer.status, True)


def events(server: EmbeddedServer, path: str) -> Iterator[Any]:
    """The events of a stream, which begins before this gives the first of them."""
    with closing(http.client.HTTPConnection(HOST, server.admin_port or 0, timeout=SECONDS)) as connection:
        connection.request("GET", path, headers=CONSOLE)
        response = connection.getresponse()
        yield response.status
        kind = ""
        while line := response.readline():
            if line.startswith(b"event: "):
                kind = line.decode().split()[1]
            elif line.startswith(b"data: "):
                yield kind, json.loads(line[6:])


def test_changes_come_live(server: EmbeddedServer, connect: Connect) -> None:
    client = connect(server)
    stream = events(server, "/console/changes/live?path=/open&subtree=true")
    assert 200 == next(stream)
    client.create("/elsewhere", b"not asked for")
    client.create("/open/live", b"data")
    kind, row = next(stream)
    assert ("change", "create", "/open/live", "data") == (kind, row["kind"], row["path"], row["text"])
    assert row["address"].startswith(HOST)
    client.delete("/open/live")
    assert "delete" == next(stream)[1]["kind"]


def test_nothing_is_missed_between_a_page_and_what_comes_live(server: EmbeddedServer, connect: Connect) -> None:
    client = connect(server)
    client.create("/seen")
    found = re.search(r'data-live="([^"]+)"', ask(server.admin_port, "/console/changes?path=/between").text)
    assert found is not None
    client.create("/between", b"page and stream")
    stream = events(server, unescape(found[1]))
    assert 200 == next(stream)
    assert "/between" == next(stream)[1]["path"]


def test_logs_that_were_purged_are_told_of(start: Start, connect: Connect, tmp_path: Path) -> None:
    server = start(tmp_path, snapCount="10")
    client = connect(server)
    client.create("/n")
    for number in range(60):
        client.set("/n", b"%d" % number)
    logs = sorted((tmp_path / "version-2").glob("log.*"), key=lambda path: int(path.suffix[1:], 16))
    assert len(logs) > 2
    logs[0].unlink()
    answer = of(server, "history", path="/n", limit=200)
    assert not answer["reaches_back"]
    assert "purged" in answer["notes"][-1]
