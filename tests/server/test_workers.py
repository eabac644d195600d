"""Several processes as one server: what clients and operators see of a writer and its workers."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyzoo import errors as err
from pyzoo.datatree.watches import NODE_CHILDREN_CHANGED, NODE_CREATED, NODE_DATA_CHANGED, NODE_DELETED
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import (
    ACL,
    CreateRequest,
    DeleteRequest,
    ExistsRequest,
    GetChildrenRequest,
    GetDataRequest,
    SetDataRequest,
    SyncRequest,
)
from pyzoo.server.workers.hub import LOOK_MS
from tests.support.dialogue import OPEN, Client, LoneServer
from tests.support.examples import examples
from tests.support.office import WorkerDesk, WriterDesk, ask_word

EPHEMERAL = 1


@pytest.fixture
def writer() -> WriterDesk:
    return WriterDesk()


@pytest.fixture
def worker(writer: WriterDesk) -> WorkerDesk:
    return writer.workers[0]


@pytest.fixture
def other(writer: WriterDesk) -> WorkerDesk:
    return writer.workers[1]


def everybody(writer: WriterDesk) -> list[LoneServer]:
    return [writer, *writer.workers]


def come_again(client: Client, desk: LoneServer) -> Client:
    """The same session through another process."""
    return desk.connect(session_id=client.session_id, passwd=client.passwd)


def test_what_is_written_through_a_worker_is_there_in_all_processes(writer: WriterDesk, worker: WorkerDesk) -> None:
    worker.connect().create("/a", b"1")
    assert [desk.connect().data("/a") for desk in everybody(writer)] == [b"1"] * 3


def test_every_process_has_the_same_tree(writer: WriterDesk) -> None:
    for number, desk in enumerate(everybody(writer)):
        client = desk.connect()
        client.create(f"/n{number}", b"x")
        client.error(op.CREATE, CreateRequest("/n0", b"", OPEN, 0))
    trees = [writer.server.tree] + [worker.tree for worker in writer.workers]
    assert len({(tree.tree_digest, tree.last_processed_zxid) for tree in trees}) == 1


def test_watches_fire_where_they_are_set(writer: WriterDesk, worker: WorkerDesk, other: WorkerDesk) -> None:
    watching = worker.connect()
    watching.error(op.EXISTS, ExistsRequest("/a", True))
    watching.error(op.GET_CHILDREN, GetChildrenRequest("/", True))
    other.connect().create("/a")
    assert [event[:2] for event in watching.take_events()] == [(NODE_CREATED, "/a"), (NODE_CHILDREN_CHANGED, "/")]
    watching.error(op.GET_DATA, GetDataRequest("/a", True))
    writer.connect().error(op.SET_DATA, SetDataRequest("/a", b"1", -1))
    assert [event[:2] for event in watching.take_events()] == [(NODE_DATA_CHANGED, "/a")]


def test_an_error_has_a_zxid_of_its_own_as_on_one_server(writer: WriterDesk, worker: WorkerDesk) -> None:
    client = worker.connect()
    before = writer.server.tree.last_processed_zxid
    assert client.error(op.DELETE, DeleteRequest("/missing", -1)) == err.NONODE
    assert writer.server.tree.last_processed_zxid == before + 1


# --- sessions


def test_ephemerals_of_a_workers_session_end_with_it(writer: WriterDesk, worker: WorkerDesk, other: WorkerDesk) -> None:
    owner, looking = worker.connect(), other.connect()
    owner.create("/e", flags=EPHEMERAL)
    assert looking.exists("/e")
    assert owner.error(op.CLOSE_SESSION) == 0
    assert owner.closed
    assert not looking.exists("/e")


def test_a_session_lives_as_long_as_its_worker_hears_of_it(writer: WriterDesk, worker: WorkerDesk) -> None:
    active, silent = worker.connect(timeout_ms=4000), worker.connect(timeout_ms=4000)
    for client in (active, silent):
        client.create(f"/{client.session_id:x}", flags=EPHEMERAL)
    for _ in range(12):
        writer.pass_time(1000)
        active.error(op.PING)
    looking = writer.connect()
    assert looking.exists(f"/{active.session_id:x}")
    assert not looking.exists(f"/{silent.session_id:x}")
    assert silent.closed
    assert not active.closed


@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 0), (1, 2)])
def test_a_session_moves_to_another_process(writer: WriterDesk, first: int, second: int) -> None:
    desks = everybody(writer)
    before = desks[first].connect()
    before.create("/e", flags=EPHEMERAL)
    after = come_again(before, desks[second])
    assert after.session_id == before.session_id
    assert before.closed
    assert after.error(op.SET_DATA, SetDataRequest("/e", b"2", -1)) == 0
    again = come_again(after, desks[first])
    assert after.closed
    assert again.error(op.DELETE, DeleteRequest("/e", -1)) == 0


def test_a_wrong_password_closes_both_connections_but_not_the_session(writer: WriterDesk, worker: WorkerDesk) -> None:
    client = worker.connect()
    for desk in everybody(writer):
        stranger = desk.connect(session_id=client.session_id, passwd=b"x" * 16)
        assert stranger.session_id == 0
        assert client.closed
        client = come_again(client, worker)
        assert client.error(op.SYNC, SyncRequest("/")) == 0


def test_sessions_of_a_worker_that_has_ended_go_on_elsewhere(
    writer: WriterDesk, worker: WorkerDesk, other: WorkerDesk
) -> None:
    client = worker.connect()
    client.create("/e", flags=EPHEMERAL)
    worker.leave()
    moved = come_again(client, other)
    assert moved.session_id == client.session_id
    assert moved.error(op.SET_DATA, SetDataRequest("/e", b"2", -1)) == 0


def test_no_two_processes_make_the_same_session(writer: WriterDesk) -> None:
    clients = [desk.connect() for desk in everybody(writer) for _ in range(3)]
    assert len({client.session_id for client in clients}) == 9


def test_who_has_proven_who_it_is_at_a_worker_may_do_what_acls_allow(writer: WriterDesk, worker: WorkerDesk) -> None:
    owner, stranger = worker.connect(), worker.connect()
    assert owner.auth("digest", b"u:p") == 0
    owner.create("/mine", b"1", acl=[ACL(31, "auth", "")])
    assert stranger.error(op.GET_DATA, GetDataRequest("/mine", False)) == err.NOAUTH
    assert stranger.error(op.SET_DATA, SetDataRequest("/mine", b"2", -1)) == err.NOAUTH
    assert owner.error(op.SET_DATA, SetDataRequest("/mine", b"2", -1)) == 0


# --- order


def test_replies_come_in_order_and_a_sync_after_the_writes_before_it(writer: WriterDesk, worker: WorkerDesk) -> None:
    client = worker.connect()
    writer.disk_is_slow = True
    client.ask(op.CREATE, CreateRequest("/a", b"1", OPEN, 0))
    client.ask(op.SYNC, SyncRequest("/"))
    client.ask(op.GET_DATA, GetDataRequest("/a", False))
    assert client.replies() == []
    writer.sync()
    writer.disk_is_slow = False
    writer.turn()
    replies = client.replies()
    assert [(header.xid, header.err) for header, _ in replies] == [(1, 0), (2, 0), (3, 0)]
    assert replies[2][1].read_buffer() == b"1"


def test_a_sync_waits_for_what_others_have_under_way(writer: WriterDesk, worker: WorkerDesk, other: WorkerDesk) -> None:
    client, writing = worker.connect(), other.connect()
    writer.disk_is_slow = True
    writing.ask(op.CREATE, CreateRequest("/a", b"1", OPEN, 0))
    client.ask(op.SYNC, SyncRequest("/"))
    assert client.replies() == []
    writer.sync()
    writer.disk_is_slow = False
    writer.turn()
    assert [header.err for header, _ in client.replies()] == [0]


def test_a_worker_that_comes_later_has_everything_and_hears_of_what_comes(writer: WriterDesk) -> None:
    client = writer.connect()
    for number in range(300):
        client.create(f"/n{number}", b"x" * 100)
    late = writer.hire()
    client.create("/last")
    assert late.connect().children("/") == client.children("/")
    assert late.tree.tree_digest == writer.server.tree.tree_digest


def test_the_close_of_a_session_with_very_many_ephemerals_reaches_all() -> None:
    writer = WriterDesk(slice_units=200)
    owner = writer.workers[0].connect()
    owner.create("/many")
    for number in range(300):
        owner.create(f"/many/e{number}", flags=EPHEMERAL)
    owner.ask(op.CLOSE_SESSION)
    turns = 0
    while not owner.closed:
        writer.pass_time(20)
        turns += 1
    assert turns > 3
    assert [desk.connect().children("/many") for desk in everybody(writer)] == [[], [], []]


def test_another_database_sends_the_workers_away(writer: WriterDesk, worker: WorkerDesk) -> None:
    writer.connect().create("/a")
    writer.server.replace_database(LoneServer().server.database)
    writer.turn()
    assert worker.is_gone
    writer.workers.clear()
    assert writer.hire().connect().children("/") == ["zookeeper"]


NAMES = st.sampled_from(["/a", "/b", "/a/c", "/a/d"])
STEPS = st.tuples(st.integers(0, 2), st.sampled_from(["create", "ephemeral", "set", "delete", "move"]), NAMES)


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_one_client_sees_what_it_would_see_of_one_server(steps: list[Any]) -> None:
    """Whichever processes its session comes through."""
    writer, alone = WriterDesk(), LoneServer()
    own, expected = writer.connect(), alone.connect()
    for number, what, path in steps:
        if what == "move":
            own = come_again(own, everybody(writer)[number])
            expected = come_again(expected, alone)
            continue
        kind, body = {
            "create": (op.CREATE, CreateRequest(path, b"1", OPEN, 0)),
            "ephemeral": (op.CREATE, CreateRequest(path, b"1", OPEN, EPHEMERAL)),
            "set": (op.SET_DATA, SetDataRequest(path, b"2", -1)),
            "delete": (op.DELETE, DeleteRequest(path, -1)),
        }[what]
        assert own.error(kind, body) == expected.error(kind, body)
        for one in ("/", "/a"):
            seen = [client.call(op.GET_CHILDREN, GetChildrenRequest(one, False)) for client in (own, expected)]
            assert seen[0][0] == seen[1][0]
            if seen[0][0] == 0:
                assert own.children(one) == expected.children(one)
    trees = [writer.server.tree, *(worker.tree for worker in writer.workers)]
    assert {tree.last_processed_zxid for tree in trees} == {alone.server.tree.last_processed_zxid}
    assert len({tree.tree_digest for tree in trees}) == 1


# --- operators


@pytest.fixture
def words() -> WriterDesk:
    return WriterDesk(four_letter_word_whitelist=frozenset({"*"}))


def number_in(text: str, pattern: str) -> int:
    found = re.search(pattern, text)
    assert found is not None, text
    return int(found[1])


@pytest.mark.parametrize("at", [0, 1], ids=["asked at the writer", "asked at a worker"])
class TestWords:
    """Words are answered of all processes, whichever was asked."""

    def test_srvr_counts_connections_and_packets_of_all(self, words: WriterDesk, at: int) -> None:
        clients = [desk.connect() for desk in everybody(words)]
        for client in clients:
            client.children("/")
        text = ask_word(everybody(words)[at], "srvr")
        assert number_in(text, r"Received: (\d+)") >= 7
        assert number_in(text, r"Connections: (\d+)") in (3, 4)
        assert "Mode: standalone" in text

    def test_cons_has_the_connections_of_all(self, words: WriterDesk, at: int) -> None:
        clients = [desk.connect() for desk in everybody(words)]
        text = ask_word(everybody(words)[at], "cons")
        assert all(f"sid=0x{client.session_id:x}," in text for client in clients)

    def test_watches_of_all_are_counted_and_listed(self, words: WriterDesk, at: int) -> None:
        clients = [desk.connect() for desk in everybody(words)]
        clients[0].create("/a")
        for client in clients:
            client.error(op.GET_DATA, GetDataRequest("/a", True))
        assert ask_word(everybody(words)[at], "wchs") == "3 connections watching 1 paths\nTotal watches:3\n"
        listed = ask_word(everybody(words)[at], "wchp")
        assert all(f"\t0x{client.session_id:x}\n" in listed for client in clients)
        assert all(f"0x{client.session_id:x}\n\t/a\n" in ask_word(everybody(words)[at], "wchc") for client in clients)
        assert number_in(ask_word(everybody(words)[at], "mntr"), r"zk_watch_count\t(\d+)") == 3

    def test_dump_has_the_sessions_and_connections_of_all(self, words: WriterDesk, at: int) -> None:
        clients = [desk.connect() for desk in everybody(words)]
        text = ask_word(everybody(words)[at], "dump")
        assert "/(3):\n" in text
        assert all(f"sessionId: 0x{client.session_id:x}\n" in text for client in clients)

    def test_srst_and_crst_reset_the_numbers_of_all(self, words: WriterDesk, at: int) -> None:
        clients = [desk.connect() for desk in everybody(words)]
        for _ in range(20):
            clients[2].children("/")
        desk = everybody(words)[at]
        assert ask_word(desk, "srst") == "Server stats reset.\n"
        assert number_in(ask_word(desk, "srvr"), r"Received: (\d+)") < 5
        assert ask_word(desk, "crst") == "Connection stats reset.\n"
        assert "recved=2" not in ask_word(desk, "cons")

    def test_words_that_are_not_allowed_are_refused(self, at: int) -> None:
        few = WriterDesk()
        assert ask_word(everybody(few)[at], "mntr") == "mntr is not executed because it is not in the whitelist.\n"


def test_a_worker_that_does_not_answer_holds_up_no_word_for_long(words: WriterDesk) -> None:
    client = words.workers[0].connect()
    words.workers[0].is_stopped = True
    asking = words.socket()
    asking.send(b"srvr")
    assert not asking.closed
    words.pass_time(LOOK_MS + 500)
    assert b"Mode: standalone" in asking.received
    assert not client.closed


def test_what_a_worker_has_counted_is_not_lost_with_it(words: WriterDesk) -> None:
    client = words.workers[0].connect()
    for _ in range(20):
        client.children("/")
    ask_word(words, "srvr")
    words.workers[0].leave()
    text = ask_word(words, "srvr")
    assert number_in(text, r"Received: (\d+)") > 20
    assert number_in(text, r"Connections: (\d+)") == 1


def test_nobody_waits_for_the_answer_of_a_worker_that_has_ended(words: WriterDesk) -> None:
    words.workers[0].is_stopped = True
    asking = words.socket()
    asking.send(b"srvr")
    words.workers[0].leave()
    words.turn()
    assert asking.closed


def test_events_of_deletions_reach_watchers_everywhere(writer: WriterDesk, worker: WorkerDesk) -> None:
    client = writer.connect()
    client.create("/a")
    watching = worker.connect()
    watching.error(op.EXISTS, ExistsRequest("/a", True))
    client.error(op.DELETE, DeleteRequest("/a", -1))
    assert [event[:2] for event in watching.take_events()] == [(NODE_DELETED, "/a")]
