"""What waits for what: the disk, the connection's own requests, and nothing else."""

from pyzoo.jute import opcodes as op
from pyzoo.jute.records import CreateRequest, ExistsRequest, GetDataRequest, SetDataRequest, SyncRequest
from pyzoo.sim.operation import encoded
from tests.support.dialogue import OPEN, Client, LoneServer


def test_a_write_is_answered_only_after_its_log_record_is_safe(world: LoneServer, client: Client) -> None:
    world.disk_is_slow = True
    client.ask(op.CREATE, CreateRequest("/a", b"", OPEN, 0))
    assert [] == client.replies()
    world.sync()
    assert [0] == [header.err for header, _ in client.replies()]


def test_nobody_sees_a_write_before_it_is_safe(world: LoneServer) -> None:
    writer, reader = world.connect(), world.connect()
    world.disk_is_slow = True
    writer.ask(op.CREATE, CreateRequest("/a", b"", OPEN, 0))
    assert reader.call(op.EXISTS, ExistsRequest("/a", False))[0] == -101


def test_a_read_waits_for_the_writes_of_its_own_connection(world: LoneServer, client: Client) -> None:
    world.disk_is_slow = True
    client.ask(op.CREATE, CreateRequest("/a", b"x", OPEN, 0))
    client.ask(op.GET_DATA, GetDataRequest("/a", False))
    client.ask(op.PING)
    assert [] == client.replies()
    world.sync()
    assert [(1, 0), (2, 0), (-2, 0)] == [(header.xid, header.err) for header, _ in client.replies()]


def test_a_read_does_not_wait_for_the_writes_of_others(world: LoneServer) -> None:
    writer, reader = world.connect(), world.connect()
    world.disk_is_slow = True
    writer.ask(op.CREATE, CreateRequest("/a", b"x", OPEN, 0))
    assert reader.call(op.GET_DATA, GetDataRequest("/", False))[0] == 0


def test_writes_on_their_way_are_seen_by_the_checks_of_later_ones(world: LoneServer, client: Client) -> None:
    world.disk_is_slow = True
    client.ask(op.CREATE, CreateRequest("/a", b"", OPEN, 0))
    client.ask(op.CREATE, CreateRequest("/a", b"", OPEN, 0))
    client.ask(op.SET_DATA, SetDataRequest("/a", b"1", 0))
    client.ask(op.SET_DATA, SetDataRequest("/a", b"2", 0))
    world.sync()
    assert [0, -110, 0, -103] == [header.err for header, _ in client.replies()]


def test_a_failed_write_takes_a_zxid(client: Client) -> None:
    client.ask(op.SET_DATA, SetDataRequest("/none", b"", -1))
    [(header, _)] = client.replies()
    assert (2, -101) == (header.zxid, header.err)


def test_a_write_that_cannot_be_read_takes_no_zxid_and_is_not_logged(world: LoneServer, client: Client) -> None:
    logged = len(world.logged)
    err, _ = client.call(op.SET_DATA, b"\0\0\0\x7f/a")
    assert err == -5
    assert logged == len(world.logged)
    assert world.server.tree.last_processed_zxid == 1


def test_an_event_precedes_the_reply_of_the_write_that_fired_it(client: Client) -> None:
    client.create("/a")
    client.call(op.GET_DATA, GetDataRequest("/a", True))
    client.ask(op.SET_DATA, SetDataRequest("/a", b"x", -1))
    event, reply = client.frames()
    assert event.startswith(b"\xff\xff\xff\xff")
    assert reply.startswith(client.xid.to_bytes(4, "big"))


def test_requests_behind_a_close_session_are_dropped(client: Client) -> None:
    client.ask(op.CLOSE_SESSION)
    assert client.closed
    client.ask(op.PING)
    assert [1] == [header.xid for header, _ in client.replies()]


def test_a_pipelined_conversation_may_arrive_in_one_piece(client: Client) -> None:
    pieces = []
    for xid, path in enumerate(["/a", "/b", "/c"], start=1):
        payload = xid.to_bytes(4, "big") + op.SYNC.to_bytes(4, "big") + encoded(SyncRequest(path))
        pieces.append(len(payload).to_bytes(4, "big") + payload)
    client.send(b"".join(pieces))
    assert ["/a", "/b", "/c"] == [archive.read_ustring() for _, archive in client.replies()]


def test_only_so_many_reads_wait_behind_a_write_and_the_rest_follow_later(world: LoneServer, client: Client) -> None:
    world.disk_is_slow = True
    requests = [(op.CREATE, CreateRequest("/a", b"x", OPEN, 0))] + [(op.GET_DATA, GetDataRequest("/a", False))] * 300
    pieces = []
    for xid, (op_type, body) in enumerate(requests, start=1):
        payload = xid.to_bytes(4, "big") + op_type.to_bytes(4, "big") + encoded(body)
        pieces.append(len(payload).to_bytes(4, "big") + payload)
    client.send(b"".join(pieces))
    assert not world.server.wants_input(client.cnxn)
    assert client.cnxn.pending_reads <= 101
    replies = []
    while client.cnxn.frames.waiting() or world.unsafe:
        world.sync()
        world.server.frames_waiting(client.cnxn)
        world.turn()
        replies += client.replies()
    assert list(range(1, 302)) == [header.xid for header, _ in replies]
