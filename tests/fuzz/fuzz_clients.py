"""What clients may send: any bytes in any split into a server with a small tree, beside a client that behaves."""

from functools import cache

from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import (
    AddWatchRequest,
    AuthPacket,
    CheckVersionRequest,
    CheckWatchesRequest,
    ConnectRequest,
    CreateRequest,
    CreateTTLRequest,
    DeleteRequest,
    ExistsRequest,
    GetACLRequest,
    GetAllChildrenNumberRequest,
    GetChildren2Request,
    GetChildrenRequest,
    GetDataRequest,
    GetEphemeralsRequest,
    GetSASLRequest,
    MultiHeader,
    ReconfigRequest,
    RequestHeader,
    SetACLRequest,
    SetDataRequest,
    SetWatches,
    SetWatches2,
    SyncRequest,
)
from pyzoo.persistence.snapshot.stream import SnapshotStreamReader, stream_chunks
from pyzoo.server.database import ZKDatabase
from pyzoo.server.operators.words import WORDS
from tests.fuzz.mutators import framed, stepped
from tests.fuzz.pieces import arrivals, head_and_rest, join_frames, join_steps, steps
from tests.fuzz.target import Target
from tests.support.codec import encoded
from tests.support.dialogue import OPEN, Client, LoneServer

MOST_FRAME = 4000
FIRST_ZXID = 9
MOST_ANSWER = 1 << 22
FOREVER_MS = 40_000
QUOTA = "/zookeeper/quota"
PATHS = ("/", "/a", "/a/b", "/q/x", "/e", f"{QUOTA}/q/zookeeper_limits", "/new", "/new/s-", "//", "/a/")
HELLO = encoded(ConnectRequest(0, 0, FOREVER_MS, 0, bytes(16), False))

DISK_IS_SLOW, SMALL_SLICES, ENFORCED_AUTH, WITH_TTL, THROTTLED, LARGE_LIMIT = (1 << bit for bit in range(6))


def small_world(kinds: int) -> tuple[LoneServer, Client]:
    """A server with a few nodes, one of them an ephemeral of a client that behaves and watches."""
    world = LoneServer(
        jute_max_buffer=MOST_FRAME,
        enforce_quota=True,
        audit_enabled=True,
        four_letter_word_whitelist=frozenset({"*"}),
        extended_types_enabled=bool(kinds & WITH_TTL),
        slice_units=20 if kinds & SMALL_SLICES else 10_000,
        request_throttle_max_requests=2 if kinds & THROTTLED else 0,
        large_request_threshold=64 if kinds & LARGE_LIMIT else -1,
        large_request_max_bytes=600,
        enforce_auth_enabled=bool(kinds & ENFORCED_AUTH),
        enforce_auth_schemes=frozenset({"digest"} if kinds & ENFORCED_AUTH else ()),
    )
    tree = world.server.tree
    SnapshotStreamReader(tree, MOST_FRAME).feed(_few_nodes())
    tree.last_processed_zxid = FIRST_ZXID
    world.start(ZKDatabase(tree, {}))
    good = world.connect(timeout_ms=FOREVER_MS)
    good.auth("digest", b"good:secret")
    good.create("/e", flags=1)
    good.error(op.EXISTS, ExistsRequest("/a", True))
    good.error(op.ADD_WATCH, AddWatchRequest("/a", 1))
    return world, good


@cache
def _few_nodes() -> bytes:
    """The nodes of the small world as a snapshot: read, they cost less than made one by one."""
    world = LoneServer()
    client = world.connect()
    for path in ("/a", "/a/b", "/a/c", "/q", f"{QUOTA}/q"):
        client.create(path, b"data")
    client.create(f"{QUOTA}/q/zookeeper_limits", b"count=9,bytes=200")
    client.create(f"{QUOTA}/q/zookeeper_stats", b"count=1,bytes=4")
    return b"".join(stream_chunks(world.server.tree, {}))


def assert_all_is_well(world: LoneServer, good: Client) -> None:
    """Whoever behaves is served as ever, nothing of others is left, and a new start finds the same."""
    world.disk_is_slow = False
    world.sync()
    # What waited to be let through is, a few each time.
    for _ in range(MOST_STEPS):
        world.turn()
    world.finish_work()
    server = world.server
    for client in list(world.clients.values()):
        if client is not good and not client.closed:
            client.hang_up()
    world.finish_work()
    assert not good.closed, "a client that behaves has lost its connection"
    assert server.throttler.in_process == 0
    assert server.throttler.large_bytes == 0
    assert server.tree.tree_digest == server.outstanding.tree_digest
    assert list(server.connections.cnxns) == [good.cnxn]
    for watches in (server.tree.data_watches, server.tree.child_watches):
        assert set(watches.watchers()) <= {good.cnxn}
    good.frames()
    assert good.error(op.EXISTS, ExistsRequest("/", False)) == 0
    assert good.error(op.PING) == 0
    newcomer = world.connect(timeout_ms=FOREVER_MS)
    newcomer.auth("digest", b"new:comer")
    assert newcomer.session_id != 0
    assert newcomer.create("/still-", flags=3).startswith("/still-")
    assert newcomer.error(op.CLOSE_SESSION) == 0
    assert newcomer.closed


def fuzz_conversation(data: bytes) -> None:
    """A connection with any bytes, in any split: what a turn hears does not depend on that, and nobody else notices."""
    head, wire = data[:2].ljust(2, b"\0"), data[2:]
    kinds, how = head[0] & (SMALL_SLICES | ENFORCED_AUTH | WITH_TTL | LARGE_LIMIT), head[1]
    if how % 2 == 0:
        assert _told(kinds, 0, wire, False) == _told(kinds, how, wire, False)
    else:
        # With turns between the pieces answers may overtake each other in other ways.
        _told(kinds, how, wire, True)


def _told(kinds: int, how: int, wire: bytes, takes_turns: bool) -> tuple[bytes, bool]:
    """What a connection hears, and whether it is closed, after these bytes."""
    world, good = small_world(kinds)
    client = world.socket()
    for piece in arrivals(wire, how):
        world.server.data_received(client.cnxn, piece)
        if takes_turns:
            world.turn()
        assert client.cnxn.frames.waiting() <= len(wire)
        assert len(client.received) <= MOST_ANSWER
    world.turn()
    world.finish_work()
    heard = client.received, client.closed
    assert_all_is_well(world, good)
    return heard


def fuzz_connect(data: bytes) -> None:
    """A first frame is answered with a session, with its refusal, or with a close; never with anything else."""
    world, good = small_world(0)
    client = world.socket()
    client.send(join_frames([data]))
    found = client.frames()
    if found:
        (answer,) = found
        assert len(answer) in (36, 37)
        is_refused = int.from_bytes(answer[8:16], "big") == 0
        assert is_refused == client.closed
        assert 4000 <= int.from_bytes(answer[4:8], "big") <= FOREVER_MS or is_refused
    else:
        assert client.closed or len(data) > MOST_FRAME or not client.cnxn.connect_seen
    assert_all_is_well(world, good)


def fuzz_words(data: bytes) -> None:
    """A four-letter word gets its text and a close, however it is split and whatever comes behind it."""
    how, wire = head_and_rest(data)
    world, good = small_world(0)
    client = world.socket()
    for piece in arrivals(wire, how):
        client.send(piece)
    world.finish_work()
    number = int.from_bytes(wire[:4], "big")
    if len(wire) >= 4 and number in WORDS and WORDS[number] not in ("telnet close", "stmk"):
        assert client.closed
        # No transaction so far has a number of which the digest is kept.
        assert client.received or WORDS[number] == "hash"
        client.received.decode("utf-8")
    assert_all_is_well(world, good)


CODE_CLIENT, CODE_KIND = 3, 2
SEND, PASS_TIME, SYNC_DISK, HANG_UP, RECONNECT = range(5)
MOST_STEPS = 40


def fuzz_requests(data: bytes) -> None:
    """Several connections whose requests have true lengths, with time, slow disks and ends in between."""
    kinds, rest = head_and_rest(data)
    world, good = small_world(kinds)
    clients: list[Client] = []
    for number in range(CODE_CLIENT):
        clients.append(world.connect(timeout_ms=FOREVER_MS))
        if number == 0:
            clients[0].auth("digest", b"first:one")
    world.disk_is_slow = bool(kinds & DISK_IS_SLOW)
    for count, (code, piece) in enumerate(steps(rest)):
        if count == MOST_STEPS:
            break
        number = code % CODE_CLIENT
        _take_step(world, clients, number, code // CODE_CLIENT % 8, piece)
        assert len(clients[number].received) <= MOST_ANSWER
        clients[number].received = b""
    assert_all_is_well(world, good)


def _take_step(world: LoneServer, clients: list[Client], number: int, kind: int, piece: bytes) -> None:
    client = clients[number]
    if kind == PASS_TIME:
        world.pass_time(min(len(piece), 10) * 100)
    elif kind == SYNC_DISK:
        world.sync()
        world.turn()
    elif kind == HANG_UP and not client.closed:
        client.hang_up()
        world.turn()
    elif kind == RECONNECT:
        again = world.socket()
        session_id, passwd = client.cnxn.session_id, client.passwd
        again.send(join_frames([encoded(ConnectRequest(0, 0, FOREVER_MS, session_id, passwd, False))]))
        clients[number] = again
    elif not client.closed:
        client.send(join_frames([piece]))


def requests() -> list[bytes]:
    """One request of each kind, as it should be."""
    bodies: list[tuple[int, list[Record]]] = [
        (op.CREATE, [CreateRequest("/new", b"x", OPEN, 0)]),
        (op.CREATE2, [CreateRequest("/new/s-", b"x", OPEN, 3)]),
        (op.CREATE_CONTAINER, [CreateRequest("/c", b"", OPEN, 4)]),
        (op.CREATE_TTL, [CreateTTLRequest("/t", b"", OPEN, 5, 100)]),
        (op.DELETE, [DeleteRequest("/a/b", -1)]),
        (op.EXISTS, [ExistsRequest("/a", True)]),
        (op.GET_DATA, [GetDataRequest("/a", True)]),
        (op.SET_DATA, [SetDataRequest("/a", b"new", 0)]),
        (op.GET_ACL, [GetACLRequest("/a")]),
        (op.SET_ACL, [SetACLRequest("/a", OPEN, -1)]),
        (op.GET_CHILDREN, [GetChildrenRequest("/a", True)]),
        (op.GET_CHILDREN2, [GetChildren2Request("/", True)]),
        (op.SYNC, [SyncRequest("/")]),
        (op.PING, []),
        (op.CHECK, [CheckVersionRequest("/a", 0)]),
        (op.RECONFIG, [ReconfigRequest("server.1=h:1:2;3", "2", None, -1)]),
        (op.CHECK_WATCHES, [CheckWatchesRequest("/a", 3)]),
        (op.REMOVE_WATCHES, [CheckWatchesRequest("/a", 3)]),
        (op.ADD_WATCH, [AddWatchRequest("/a", 1)]),
        (op.SET_WATCHES, [SetWatches(1, ["/a"], ["/no"], ["/a"])]),
        (op.SET_WATCHES2, [SetWatches2(1, ["/a"], ["/no"], ["/a"], ["/a"], ["/"])]),
        (op.GET_EPHEMERALS, [GetEphemeralsRequest("/")]),
        (op.GET_ALL_CHILDREN_NUMBER, [GetAllChildrenNumberRequest("/")]),
        (op.WHO_AM_I, []),
        (op.AUTH, [AuthPacket(0, "digest", b"u:p")]),
        (op.AUTH, [AuthPacket(0, "ip", b"")]),
        (op.SASL, [GetSASLRequest(b"token")]),
        (op.CREATE_SESSION, []),
        (op.CLOSE_SESSION, []),
        (op.DELETE_CONTAINER, [DeleteRequest("/a", -1)]),
        (
            op.MULTI,
            _multi(
                _part(op.CREATE, CreateRequest("/m", b"", OPEN, 0)),
                _part(op.SET_DATA, SetDataRequest("/m", b"y", 0)),
                _part(op.CHECK, CheckVersionRequest("/a", 0)),
                _part(op.DELETE, DeleteRequest("/m", -1)),
            ),
        ),
        (
            op.MULTI,
            _multi(
                _part(op.CREATE_TTL, CreateTTLRequest("/m", b"", OPEN, 6, 9)),
                _part(op.CREATE2, CreateRequest("/e2", b"", OPEN, 1)),
            ),
        ),
        (
            op.MULTI_READ,
            _multi(
                _part(op.GET_DATA, GetDataRequest("/a", False)), _part(op.GET_CHILDREN, GetChildrenRequest("/", False))
            ),
        ),
    ]
    return [encoded(RequestHeader(7, opcode)) + b"".join(map(encoded, parts)) for opcode, parts in bodies]


def _part(opcode: int, body: Record) -> list[Record]:
    return [MultiHeader(opcode, False, -1), body]


def _multi(*parts: list[Record]) -> list[Record]:
    return [one for part in parts for one in part] + [MultiHeader(-1, True, -1)]


def _conversation_seeds() -> list[bytes]:
    single = [b"\0\0" + join_frames([HELLO, request]) for request in requests()]
    return [
        *single,
        b"\0\6" + join_frames([HELLO, *requests()[:28]]),
        b"\2\1" + join_frames([HELLO, *requests()[5:12]]),
    ]


def _request_seeds() -> list[bytes]:
    alone = [bytes([kinds]) + join_steps([(0, request)]) for request in requests() for kinds in (0, 63)]
    chain = requests()
    mixed = [
        b"\1"
        + join_steps([(number, request) for number, request in enumerate(chain[:20])] + [(3, b"12345"), (6, b"")]),
        b"\2" + join_steps([(0, chain[19]), (1, chain[0]), (0, chain[20]), (2, chain[31]), (9, b""), (12, b"")]),
    ]
    return alone + mixed


WORDS_OF_CLIENTS = [number.to_bytes(4, "big") for number in WORDS]
PIECES = [encoded(SyncRequest(path)) for path in PATHS] + [b"\xff\xff\xff\xff", encoded(OPEN[0]), b"\0\0\0\6digest"]
TARGETS = (
    Target(fuzz_connect, lambda: [HELLO, HELLO[:-1], HELLO[:20]], words=[b"\0\0\0\x10"]),
    Target(
        fuzz_words,
        lambda: [how + word + b"12345678" for how in (b"\0", b"\1") for word in WORDS_OF_CLIENTS],
        words=WORDS_OF_CLIENTS,
        most=256,
    ),
    Target(fuzz_conversation, _conversation_seeds, words=PIECES, mutator=framed(2, [HELLO, *requests()]), weight=3),
    Target(fuzz_requests, _request_seeds, words=PIECES, mutator=stepped(1, requests()), weight=4),
)
