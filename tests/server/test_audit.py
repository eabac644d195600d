"""Lines of the audit log; that they are those of Apache is for interop."""

import logging
from collections.abc import Callable

import pytest

from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, CreateRequest, MultiHeader
from pyzoo.server.requests.audit_lines import AUDIT_LOGGER, acl_text, audit_line
from pyzoo.server.slices import REST_MS
from tests.support.dialogue import OPEN, LoneServer


@pytest.fixture
def events(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The events that were written since the last call."""
    caplog.set_level(logging.INFO, AUDIT_LOGGER)

    def take() -> list[str]:
        found = [record.getMessage() for record in caplog.records if record.name == AUDIT_LOGGER]
        caplog.clear()
        return found

    return take


def test_what_is_not_known_is_left_out() -> None:
    assert "user=root\toperation=serverStart\tresult=success" == audit_line("root", "serverStart", "success")


def test_fields_have_their_order() -> None:
    line = audit_line("bob", "create", "success", -1, "127.0.0.1", "/n", "persistent", "world:anyone:r")
    assert (
        "session=0xffffffffffffffff\tuser=bob\tip=127.0.0.1\toperation=create\tznode=/n\tznode_type=persistent\t"
        "acl=world:anyone:r\tresult=success"
    ) == line


@pytest.mark.parametrize(
    ("path", "shown"),
    [("/ü 😀", "/ü 😀"), ("/a\nuser=root\tx", "/auser=rootx"), ("/a\x7f\x85\u2028b", "/ab")],
)
def test_no_name_can_make_up_a_line(path: str, shown: str) -> None:
    assert f"operation=create\tznode={shown}\tresult=failure" == audit_line(None, "create", "failure", 0, None, path)


def test_acl_entries_stand_one_behind_the_other() -> None:
    entries = [ACL(31, "world", "anyone"), ACL(1, "ip", None)]
    assert "world:anyone:cdrwaip:null:r" == acl_text(entries)


def test_nothing_is_written_unless_it_is_asked_for(events: Callable[[], list[str]]) -> None:
    LoneServer().connect().call(op.CREATE, CreateRequest("/n", b"", OPEN, 0))
    assert [] == events()


def test_who_leaves_before_the_write_is_safe_is_written_down_all_the_same(events: Callable[[], list[str]]) -> None:
    world = LoneServer(audit_enabled=True, server_user="zk")
    client = world.connect()
    world.disk_is_slow = True
    client.ask(op.CREATE, CreateRequest("/left", b"", OPEN, 1))
    client.hang_up()
    assert [] == events()
    world.sync()
    (event,) = events()
    assert "znode=/left\tznode_type=ephemeral\tresult=success" in event
    world.disk_is_slow = False
    world.pass_time(20_000)
    (event,) = events()
    assert "user=zk\toperation=ephemeralZNodeDeletionOnSessionCloseOrExpire\tznode=/left\tresult=success" in event


def many_creates(count: int) -> list[object]:
    parts: list[object] = []
    for at in range(count):
        parts += [MultiHeader(op.CREATE, False, -1), CreateRequest(f"/n{at}", b"", OPEN, 0)]
    return [*parts, MultiHeader(-1, True, -1)]


def test_the_lines_of_a_large_multi_take_several_turns_and_what_follows_is_behind_them(
    events: Callable[[], list[str]],
) -> None:
    world = LoneServer(audit_enabled=True, slice_units=600)
    client, other = world.connect(timeout_ms=40_000), world.connect(timeout_ms=40_000)
    client.ask(op.MULTI, *many_creates(100))
    found: list[str] = []
    longest = 0
    has_asked = False
    for _ in range(200):
        world.pass_time(REST_MS)
        some = events()
        longest = max(longest, len(some))
        found += some
        if found and not has_asked:
            has_asked = True
            other.call(op.CREATE, CreateRequest("/later", b"", OPEN, 0))
            client.ask(op.MULTI, *many_creates(1))
    assert [f"znode=/n{at}" for at in range(100)] == [event.split("\t")[4] for event in found[:100]]
    assert "znode=/later" == found[100].split("\t")[4]
    assert "operation=multiOperation" in found[101]
    assert all("znode_type=persistent" in event for event in found[:101])
    assert longest < 20


def test_no_line_is_missing_when_a_server_ends(events: Callable[[], list[str]]) -> None:
    world = LoneServer(audit_enabled=True, slice_units=600)
    client = world.connect(timeout_ms=40_000)
    client.ask(op.MULTI, *many_creates(100))
    found: list[str] = []
    while not found:
        world.pass_time(REST_MS)
        found += events()
    world.server.shutdown()
    assert 100 == len(found + events())
