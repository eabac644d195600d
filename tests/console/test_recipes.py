"""The pages of recipes, over HTTP, with kazoo's recipes in the tree."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from kazoo.client import KazooClient
from kazoo.security import make_digest_acl

from pyzoo.console.live import FEEDS
from pyzoo.console.visitor import NO_VISITOR
from pyzoo.testing import EmbeddedServer
from pyzoo.zxid import zxid_text
from tests.support.console import Answer, ask

from .conftest import Connect, Start

HEX = "0" * 31


@pytest.fixture
def holder(console: EmbeddedServer, connect: Connect) -> Iterator[KazooClient]:
    """Has taken a lock that somebody else waits for."""
    client, other = connect(console), connect(console)
    client.Lock("/app/lock", "alice").acquire()
    waiting = other.Lock("/app/lock", "bob")
    thread = threading.Thread(target=lambda: _wait(waiting))
    thread.start()
    console.wait_until(lambda: len(client.get_children("/app/lock")) == 2)
    yield client
    waiting.cancel()
    thread.join(60)
    client.delete("/app", recursive=True)


def _wait(lock: Any) -> None:
    from kazoo.exceptions import CancelledError

    try:
        lock.acquire()
    except CancelledError:
        pass


def listed(server: EmbeddedServer, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(server.admin_port, f"/console/api/recipes{query}").json["recipes"]
    return found


def test_the_list_tells_who_holds(console: EmbeddedServer, holder: KazooClient) -> None:
    page = ask(console.admin_port, "/console/recipes")
    assert 200 == page.status
    session = zxid_text(holder.client_id[0])
    for text in ("/app/lock", "kazoo Lock", "alice", f"/console/session?id={session}", "1 recipe in"):
        assert text in page.text
    assert "bob" not in page.text
    assert 'data-live-topics="recipes"' in page.text


def test_a_page_of_its_own_tells_who_waits_and_who_watches(console: EmbeddedServer, holder: KazooClient) -> None:
    other = next(part["session"] for part in listed(console)[0]["parts"] if part["label"] == "bob")

    def rows() -> list[str]:
        return ask(console.admin_port, "/console/recipe?path=/app/lock").text.split("<tr")[2:]

    # It watches the node before its own when that is there already.
    console.wait_until(lambda: 'data-label="Watched by"' in rows()[0])
    first, second = rows()
    assert ("alice" in first, "bob" in second) == (True, True)
    assert ("holds" in first, "waits" in second) == (True, True)
    assert first.count(other) == 2, "as a link and as a text"


def test_programs_get_the_same(console: EmbeddedServer, holder: KazooClient) -> None:
    (recipe,) = listed(console, "?path=/app&kind=lock")
    assert ("lock", "/app/lock", 2, False) == (recipe["kind"], recipe["path"], recipe["total"], recipe["guess"])
    assert [("holder", "alice"), ("waiter", "bob")] == [(part["role"], part["label"]) for part in recipe["parts"]]
    assert recipe["parts"][0]["session"] == zxid_text(holder.client_id[0])
    assert recipe["parts"][0]["address"].startswith("127.0.0.1:")
    assert [recipe] == listed(console, "?path=/app/lock&one=1")
    assert [] == listed(console, "?path=/app&one=1")
    assert [] == listed(console, "?kind=queue")


def test_what_only_looks_like_a_recipe_is_shown_when_it_is_wanted(console: EmbeddedServer, connect: Connect) -> None:
    client = connect(console)
    client.create("/odd/candidate-", ephemeral=True, sequence=True, makepath=True)
    assert [] == listed(console, "?path=/odd")
    assert ["ephemeral sequential nodes"] == [recipe["recipe"] for recipe in listed(console, "?path=/odd&guesses=1")]
    assert "looks like" in ask(console.admin_port, "/console/recipe?path=/odd").text


def test_nodes_that_a_visitor_may_not_read_are_counted_and_not_shown(console: EmbeddedServer, connect: Connect) -> None:
    client = connect(console)
    client.add_auth("digest", "me:secret")
    acl = [make_digest_acl("me", "secret", all=True)]
    client.create("/hidden", acl=acl)
    client.Lock("/hidden/secret-lock", "me").acquire()
    client.create("/seen", b"")
    client.create(f"/seen/{HEX}a__lock__0000000000", b"secret label", acl=acl, ephemeral=True)
    answer = ask(console.admin_port, "/console/api/recipes").json
    assert 2 == answer["unreadable"]
    assert [("/seen", "")] == [(recipe["path"], recipe["parts"][0]["label"]) for recipe in answer["recipes"]]
    page = ask(console.admin_port, "/console/recipes").text
    assert "2 nodes may not be read" in page
    assert "secret" not in page
    assert "secret label" not in ask(console.admin_port, "/console/recipe?path=/seen").text
    client.delete("/hidden", recursive=True)


def test_a_long_list_has_pages(console: EmbeddedServer, connect: Connect) -> None:
    client = connect(console)
    for number in range(201):
        client.create(f"/many/{number:03}/{HEX}a__lock__0000000000", makepath=True)
    first = ask(console.admin_port, "/console/recipes?path=/many")
    assert "these are 1 to 200" in first.text
    assert "/many/199" in first.text
    assert "/many/200" not in first.text
    last = ask(console.admin_port, "/console/recipes?path=/many&begin=200")
    assert "/many/200" in last.text
    assert "/many/199" not in last.text
    client.delete("/many", recursive=True)


def test_patterns_of_a_file_are_known(start: Start, connect: Connect, tmp_path: Any) -> None:
    file = tmp_path / "recipes.yaml"
    file.write_text("- {name: our jobs, kind: election, form: line, at: jobs, label: '{host}'}\n")
    server = start(admin_console_recipes=str(file))
    connect(server).create("/app/jobs/worker-", b'{"host":"h1"}', ephemeral=True, sequence=True, makepath=True)
    assert [("our jobs", "h1")] == [(recipe["recipe"], recipe["parts"][0]["label"]) for recipe in listed(server)]


@pytest.mark.parametrize(
    ("query", "status"),
    [("?path=/missing", 404), ("?path=x", 400), ("?kind=x", 400), ("?begin=x", 400), ("?begin=-1", 400)],
)
def test_what_makes_no_sense_is_refused(console: EmbeddedServer, query: str, status: int) -> None:
    answers: list[Answer] = [ask(console.admin_port, f"/console/{page}{query}") for page in ("recipes", "api/recipes")]
    assert [status, status] == [answer.status for answer in answers]


def test_a_node_that_is_nothing_has_a_page_too(console: EmbeddedServer) -> None:
    assert "no recipe that is known" in ask(console.admin_port, "/console/recipe?path=/zookeeper").text
    assert "no such node" in ask(console.admin_port, "/console/recipe?path=/missing").text


def test_labels_are_escaped(console: EmbeddedServer, connect: Connect) -> None:
    client = connect(console)
    client.create(f"/x/{HEX}a__lock__0000000000", b"<script>alert(1)</script>", makepath=True)
    for page in ("/console/recipes", "/console/recipe?path=/x"):
        text = ask(console.admin_port, page).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text
    client.delete("/x", recursive=True)


def test_a_page_hears_of_changes_and_the_list_only_now_and_then() -> None:
    server = SimpleNamespace(tree=SimpleNamespace(last_processed_zxid=7), wall_ms=5_000)
    host: Any = SimpleNamespace(server=lambda: server)

    def news(topic: str, place: str) -> str | None:
        found = FEEDS[topic](host, NO_VISITOR, place)
        return None if found is None else found.place

    one, all_of_them = news("recipe", ""), news("recipes", "")
    assert one is not None
    assert all_of_them is not None
    assert (None, None) == (news("recipe", one), news("recipes", all_of_them))
    server.tree.last_processed_zxid = 8
    assert "8" == news("recipe", one)
    assert news("recipes", all_of_them) is None
    server.wall_ms += 10_000
    assert news("recipes", all_of_them) is not None
