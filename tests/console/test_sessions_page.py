"""Sessions: the list, one of them with what belongs to it, and the busiest."""

import threading
from collections.abc import Iterator

import pytest
from kazoo.client import KazooClient
from kazoo.protocol.states import KazooState
from kazoo.security import make_digest_acl

from pyzoo.testing import EmbeddedEnsemble, EmbeddedServer
from tests.console.conftest import ADMIN, Connect, Start
from tests.support.console import SECONDS, ask, post
from tests.support.kazoo_session import kazoo_session
from tests.support.server_process import wait_until

ALICE = make_digest_acl("alice", "secret", all=True)


@pytest.fixture(scope="module")
def client(console: EmbeddedServer) -> Iterator[KazooClient]:
    """A session with a login, five ephemerals, one of them hidden, and watches."""
    with kazoo_session(console.connect_string) as client:
        client.add_auth("digest", "alice:secret")
        client.create("/locks")
        for _ in range(4):
            client.create("/locks/lock-", ephemeral=True, sequence=True)
        client.create("/hidden", acl=[ALICE])
        client.create("/hidden/one", ephemeral=True)
        client.get("/locks", watch=print)
        client.get_children("/locks", watch=print)
        client.exists("/hidden/two/three", watch=print)
        yield client


def id_of(client: KazooClient) -> str:
    return hex(client.client_id[0])


def test_a_session_of_this_server_has_all_its_details(console: EmbeddedServer, client: KazooClient) -> None:
    found = ask(console.admin_port, "/console/api/sessions").json
    session = next(each for each in found["sessions"] if each["id"] == id_of(client))
    assert found["total"] == found["matching"] >= 1
    assert ("127.0.0.1", 5, 3, True) == (
        session["address"],
        session["ephemerals"],
        session["watches"],
        session["is_here"],
    )
    assert {"ip:127.0.0.1", "digest:alice"} == set(session["auth_ids"])
    assert session["requests"] > 5
    assert session["last_seen"]
    page = ask(console.admin_port, "/console/sessions").text
    assert f'href="/console/session?id={id_of(client)}"' in page
    assert ALICE.id.id not in page


@pytest.mark.parametrize(
    ("wanted", "found"), [("ALICE", True), ("127.0.0.1", True), ("nobody", False), ("10.9.9.9", False)]
)
def test_the_list_is_filtered(console: EmbeddedServer, client: KazooClient, wanted: str, found: bool) -> None:
    answer = ask(console.admin_port, f"/console/api/sessions?filter={wanted}").json
    assert found == (id_of(client) in [each["id"] for each in answer["sessions"]])
    assert answer["matching"] == len(answer["sessions"])


def test_the_list_has_pages(console: EmbeddedServer, client: KazooClient, connect: Connect) -> None:
    for _ in range(2):
        connect(console)
    total = ask(console.admin_port, "/console/api/sessions").json["total"]
    for filter in ("", "&filter=0x"):
        ids = [
            ask(console.admin_port, f"/console/api/sessions?skip={skip}&limit=1{filter}").json["sessions"][0]["id"]
            for skip in range(total)
        ]
        assert total == len(set(ids))
        assert [] == ask(console.admin_port, f"/console/api/sessions?skip={total}{filter}").json["sessions"]


def test_a_session_by_itself_has_its_ephemerals_and_watches(console: EmbeddedServer, client: KazooClient) -> None:
    session = ask(console.admin_port, f"/console/api/session?id={id_of(client)}").json
    assert [f"/locks/lock-000000000{n}" for n in range(4)] == session["ephemeral_paths"]
    watched = {(each["kind"], each["path"]) for each in session["watched_paths"]}
    assert {("data", "/locks"), ("children", "/locks")} == watched
    assert 2 == session["hidden"]
    page = ask(console.admin_port, f"/console/session?id={id_of(client)}").text
    assert "/locks/lock-0000000003" in page
    assert "2 paths of this page are left out" in page
    assert "/hidden" not in page


def test_what_belongs_to_a_session_has_pages(console: EmbeddedServer, client: KazooClient) -> None:
    answers = [
        ask(console.admin_port, f"/console/api/session?id={id_of(client)}&skip={skip}&limit=2").json for skip in (0, 2)
    ]
    assert [2, 2] == [len(each["ephemeral_paths"]) for each in answers]
    assert 3 == sum(len(each["watched_paths"]) + each["hidden"] for each in answers)


@pytest.mark.parametrize(
    ("id", "status"), [("0x1", 404), ("zz", 400), ("", 400), ("f" * 17, 400), ("ffffffffffffffff", 404)]
)
def test_what_is_no_session_is_said(console: EmbeddedServer, id: str, status: int) -> None:
    assert status == ask(console.admin_port, f"/console/session?id={id}").status


def test_where_a_session_came_from_is_known_after_its_end(console: EmbeddedServer) -> None:
    with kazoo_session(console.connect_string) as client:
        session_id = id_of(client)
    answer = ask(console.admin_port, f"/console/session?id={session_id}")
    assert 404 == answer.status
    assert "Its client was at 127.0.0.1." in answer.text


def test_the_busiest_sessions_come_first(console: EmbeddedServer, client: KazooClient, connect: Connect) -> None:
    busy = connect(console)
    ask(console.admin_port, "/console/api/top")
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            busy.get("/locks")

    worker = threading.Thread(target=work)
    worker.start()
    try:
        wait_until(lambda: ask(console.admin_port, "/console/api/top").json["interval_ms"] is not None)
        wait_until(lambda: _first(console) == id_of(busy))
    finally:
        ended.set()
        worker.join()
    found = ask(console.admin_port, "/console/api/top").json
    assert found["sessions"][0]["requests_per_s"] > 0
    assert "/locks" in [each["namespace"] for each in found["namespaces"]]


def _first(console: EmbeddedServer) -> str:
    return str(ask(console.admin_port, "/console/api/top?limit=1").json["sessions"][0]["id"])


def test_in_an_ensemble_the_leader_knows_which_member_a_session_is_connected_to() -> None:
    with EmbeddedEnsemble(properties=ADMIN) as ensemble:
        leader = next(member for member in ensemble.members if member.mode() == "leader")
        follower = next(member for member in ensemble.members if member.mode() == "follower")
        with kazoo_session(follower.connect_string) as client:
            client.create("/app", ephemeral=True)
            of_leader = ask(leader.admin_port, f"/console/api/session?id={id_of(client)}").json
            of_follower = ask(follower.admin_port, f"/console/api/session?id={id_of(client)}").json
        assert (follower.sid, False, "", 1) == (
            of_leader["server"],
            of_leader["is_here"],
            of_leader["address"],
            of_leader["ephemerals"],
        )
        assert (follower.sid, True, "127.0.0.1") == (
            of_follower["server"],
            of_follower["is_here"],
            of_follower["address"],
        )


def test_a_writer_may_end_a_session_and_nobody_else(start: Start) -> None:
    server = start(admin_console_writers=f"digest:{ALICE.id.id}")
    with kazoo_session(server.connect_string) as client:
        session_id, ended = id_of(client), threading.Event()
        client.add_listener(lambda state: ended.set() if state == KazooState.LOST else None)
        assert 401 == post(server.admin_port, "/console/session/end", {"id": session_id}).status
        assert "End the session" not in ask(server.admin_port, f"/console/session?id={session_id}").text
        login = "digest alice:secret"
        page = ask(server.admin_port, f"/console/session?id={session_id}", Authorization=login).text
        assert "End the session" in page
        answer = post(server.admin_port, "/console/session/end", {"id": session_id}, Authorization=login)
        assert (303, f"/console/sessions?ended={session_id}") == (answer.status, answer.headers["Location"])
        assert ended.wait(SECONDS)
        assert 404 == post(server.admin_port, "/console/session/end", {"id": session_id}, Authorization=login).status
