"""The tree through HTTP: what is shown of nodes, and what is not."""

import base64
import re
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest
import trio
from kazoo.client import KazooClient
from kazoo.security import make_acl, make_digest_acl

from pyzoo.console.nodes.child_page import ChildPage, PageWanted, Pause, child_page
from pyzoo.datatree.node import DataNode
from pyzoo.testing import EmbeddedServer
from tests.console.conftest import Start
from tests.support.console import Answer, ask
from tests.support.kazoo_session import kazoo_session
from tests.support.large_trees import grow, grow_very_many

LATER = re.compile(r'<a href="([^"]+)">Later</a>')
NAMES = re.compile(r'<li data-path="([^"]*)"')


@pytest.fixture(scope="module")
def client(console: EmbeddedServer) -> Iterator[KazooClient]:
    with kazoo_session(console.connect_string) as client:
        yield client


def page(server: EmbeddedServer, path: str, **parameters: object) -> Answer:
    return ask(server.admin_port, f"/console/tree?{urlencode({'path': path, **parameters})}")


def api(server: EmbeddedServer, path: str, **parameters: object) -> Answer:
    return ask(server.admin_port, f"/console/api/tree?{urlencode({'path': path, **parameters})}")


def test_a_node_is_shown_with_all_there_is_about_it(console: EmbeddedServer, client: KazooClient) -> None:
    client.create("/shown", b'{"port":2181}', acl=[make_acl("world", "anyone", all=True), make_acl("ip", "10.0.0.0/8")])
    client.create("/shown/child", ephemeral=True)
    client.create("/shown/child-2", b"x" * 2000)
    text = page(console, "/shown").text
    assert "{\n  &#34;port&#34;: 2181\n}" in text
    assert "2 children</h2>" in text
    assert "2.0 KiB" in text
    assert "anyone</bdi></td><td>everything</td><td><code>world:anyone:cdrwa</code>" in text
    assert "who comes from 10.0.0.0/8" in text
    stat = client.exists("/shown")
    assert f'<code class="id">0x{stat.czxid:x}</code>' in text
    owner = f"0x{client.client_id[0]:x}"
    assert f'href="/console/session?id={owner}"' in page(console, "/shown/child").text
    value = api(console, "/shown").json
    assert ['{"port":2181}', 2, "ephemeral", owner] == [
        value["data"],
        value["stat"]["numChildren"],
        value["children"]["nodes"][0]["kind"],
        value["children"]["nodes"][0]["ephemeralOwner"],
    ]


NAMES_THAT_ARE_ODD = [
    "<script>alert(1)<",
    "100%25 sure",
    "a?b=c&d#e",
    "日本語 の ノード",
    "\u202eright to left",
    "'\"><img src=x>",
    "n" * 1500,
    "%2e%2e",
    "a+b",
]


@pytest.mark.parametrize("name", NAMES_THAT_ARE_ODD, ids=range(len(NAMES_THAT_ARE_ODD)))
def test_odd_names_are_escaped_and_their_links_lead_to_them(
    console: EmbeddedServer, client: KazooClient, name: str
) -> None:
    if not client.exists("/odd"):
        client.create("/odd")
    client.create(f"/odd/{name}", name.encode())
    text = page(console, "/odd").text
    assert "<script>alert" not in text
    assert "<img" not in text
    link = f"/console/tree?{urlencode({'path': f'/odd/{name}'})}"
    assert link in text.replace("&amp;", "&")
    assert 200 == ask(console.admin_port, link).status
    assert name == api(console, f"/odd/{name}").json["data"]
    saved = ask(console.admin_port, f"/console/tree/data?{urlencode({'path': f'/odd/{name}'})}")
    assert name.encode() == saved.body
    assert saved.headers["Content-Disposition"].startswith("attachment; ")
    assert f"filename*=UTF-8''{quote(name[:100], safe='')}" in saved.headers["Content-Disposition"]


def test_a_name_that_no_url_has_room_for_is_shown_without_a_link(console: EmbeddedServer, client: KazooClient) -> None:
    client.create("/long")
    client.create("/long/" + "ü" * 2000)
    text = page(console, "/long").text
    assert "too long for a link" in text
    assert "2,000 characters" in text


def test_binary_data_is_shown_in_hex_and_saved_as_it_is(console: EmbeddedServer, client: KazooClient) -> None:
    data = bytes(range(256)) * 40
    client.create("/binary", data)
    text = page(console, "/binary").text
    assert "00000010  10 11 12 13 14 15 16 17  18 19 1a 1b 1c 1d 1e 1f  ················" in text
    assert "bytes 0 to 4,096 are shown" in text
    assert "00001000  00 01" in page(console, "/binary", form="hex", begin=4096).text
    assert 400 == page(console, "/binary", begin=len(data) + 1).status
    assert data == ask(console.admin_port, "/console/tree/data?path=/binary").body
    value = api(console, "/binary").json
    assert (data, True) == (base64.b64decode(value["data"]), value["data_is_whole"])
    assert "data" not in api(console, "/binary", data=0).json


def test_what_an_acl_hides_is_not_shown(console: EmbeddedServer, client: KazooClient) -> None:
    secret = make_digest_acl("bob", "secret", all=True)
    client.add_auth("digest", "bob:secret")
    client.create("/hidden", b"hidden data", acl=[secret])
    client.create("/hidden/child", b"hidden data", acl=[secret])
    client.create("/listed", b"", acl=[make_acl("world", "anyone", read=True), secret])
    for answer in (page(console, "/hidden"), page(console, "/hidden/child"), api(console, "/hidden")):
        assert 403 == answer.status
        assert "hidden data" not in answer.text
    for url in ("/console/tree/data", "/console/tree/export", "/console/tree/export/file", "/console/search"):
        answer = ask(console.admin_port, f"{url}?path=/hidden")
        assert (403, False) == (answer.status, "hidden data" in answer.text)
    assert "not readable" in page(console, "/").text
    assert {"path": "/hidden", "name": "hidden", "readable": False} in api(console, "/").json["children"]["nodes"]
    # The hash is for those who may administer.
    assert ["world:anyone:r", "digest:bob:x:cdrwa"] == api(console, "/listed").json["acl"]
    found = ask(console.admin_port, "/console/api/search?path=/&content=hidden+data").json
    assert ([], 1) == (found["found"], found["nodes_refused"])


def test_a_node_that_is_not_there_leads_to_the_nearest_one_above(console: EmbeddedServer, client: KazooClient) -> None:
    client.create("/above")
    answer = page(console, "/above/gone/far")
    assert 404 == answer.status
    assert 'href="/console/tree?path=%2Fabove"' in answer.text
    assert {"error": "NONODE for /above/gone"} == api(console, "/above/gone").json
    assert 400 == page(console, "no/slash").status
    assert 200 == page(console, "/above/").status


def test_a_node_that_is_deleted_while_it_is_looked_at_is_not_there(
    console: EmbeddedServer, client: KazooClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.ensure_path("/going/child")

    async def slow_page(node: DataNode, wanted: PageWanted, pause: Pause) -> ChildPage:
        page = await child_page(node, wanted, pause)
        await trio.to_thread.run_sync(client.delete, "/going", -1, True)
        return page

    monkeypatch.setattr("pyzoo.console.pages.tree.child_page", slow_page)
    answer = page(console, "/going")
    assert (404, True) == (answer.status, "has just been deleted" in answer.text)


def test_a_child_that_goes_meanwhile_is_left_out(
    console: EmbeddedServer, client: KazooClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.ensure_path("/losing/child")
    client.ensure_path("/losing/other")

    async def slow_page(node: DataNode, wanted: PageWanted, pause: Pause) -> ChildPage:
        page = await child_page(node, wanted, pause)
        await trio.to_thread.run_sync(client.delete, "/losing/child")
        return page

    monkeypatch.setattr("pyzoo.console.pages.tree.child_page", slow_page)
    assert ["/losing/other"] == NAMES.findall(page(console, "/losing").text)


def test_the_quota_is_that_of_the_nearest_path_above(console: EmbeddedServer, client: KazooClient) -> None:
    client.ensure_path("/limited/a/b")
    client.ensure_path("/zookeeper/quota/limited/a")
    client.create("/zookeeper/quota/limited/a/zookeeper_limits", b"count=1,bytes=50=;byteHardLimit=100")
    client.create("/zookeeper/quota/limited/a/zookeeper_stats", b"count=0,bytes=0")
    value = api(console, "/limited/a/b").json["quota"]
    assert {
        "path": "/limited/a",
        "nodes": {"used": 2, "soft": 1, "hard": -1},
        "bytes": {"used": 0, "soft": 50, "hard": 100},
    } == value
    assert "exceeded" in page(console, "/limited/a").text
    assert api(console, "/limited").json["quota"] is None


def test_children_are_paged_and_filtered(console: EmbeddedServer, client: KazooClient) -> None:
    names = [f"{at:03}" for at in range(250)]
    console._look(lambda server: grow(server.tree, names, "/paged") and None)
    answer, found = page(console, "/paged", limit=100), []
    while True:
        found += NAMES.findall(answer.text)
        later = LATER.search(answer.text)
        if later is None:
            break
        answer = ask(console.admin_port, later[1].replace("&amp;", "&"))
    assert [f"/paged/{name}" for name in names] == found
    assert 'aria-disabled="true">Later' in answer.text
    children = api(console, "/paged", matching="*49").json["children"]
    assert (250, ["049", "149", "249"]) == (children["total"], [node["name"] for node in children["nodes"]])
    assert 400 == page(console, "/paged", limit=201).status
    last = api(console, "/paged", last=1, limit=3).json["children"]
    assert (247, False) == (last["first"], last["has_later"])


def test_a_page_of_a_million_children_lets_everybody_else_go_on(start: Start) -> None:
    """How long it takes is not looked at: that no turn is long is seen in `test_child_page`."""
    server = start(digest_enabled="false")
    server._look(lambda it: grow_very_many(it.tree, 1_000_000, "/million"))
    first = page(server, "/million")
    assert "1,000,000 children</h2>" in first.text
    assert 100 == len(NAMES.findall(first.text))
    children = api(server, "/million", after="0999990").json["children"]
    assert (999_991, ["0999991", "0999992"]) == (
        children["first"],
        [node["name"] for node in children["nodes"]][:2],
    )


def test_the_page_of_a_node_is_live_unless_that_would_cost_too_much(console: EmbeddedServer) -> None:
    console._look(lambda server: grow(server.tree, [f"{at:04}" for at in range(1001)], "/crowded") and None)
    assert 'data-live-topics="node"' in page(console, "/").text
    assert "data-live-topics" not in page(console, "/crowded").text


def test_a_search_goes_on_where_it_has_stopped(console: EmbeddedServer, client: KazooClient) -> None:
    console._look(lambda server: grow(server.tree, [f"{at:03}" for at in range(150)], "/many", b"needle <b>") and None)
    url = f"/console/search?{urlencode({'path': '/many', 'content': 'needle'})}"
    answer = ask(console.admin_port, url)
    assert 100 == answer.text.count("<mark>needle</mark> &lt;b&gt;")
    go_on = re.search(r'<a class="button" href="([^"]+)">Go on', answer.text)
    assert go_on is not None
    rest = ask(console.admin_port, go_on[1].replace("&amp;", "&"))
    assert 50 == rest.text.count("<mark>needle</mark>")
    assert "That was all." in rest.text
    assert 400 == ask(console.admin_port, "/console/search?content=xyz&as=hex").status
    hexed = ask(console.admin_port, "/console/api/search?path=/many&content=6e+65&as=hex&limit=1").json
    assert (["/many/000"], "found", "/many/000") == (
        [found["path"] for found in hexed["found"]],
        hexed["stopped_by"],
        hexed["go_on_after"],
    )
    assert "<mark>" not in ask(console.admin_port, "/console/search?path=/many").text
