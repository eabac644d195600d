"""A server without sockets, disk or clock, and clients that talk to it in bytes."""

from typing import Any

from attrs import evolve

from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.tree import DataTree
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import (
    ACL,
    AuthPacket,
    ConnectRequest,
    ConnectResponse,
    CreateRequest,
    ExistsRequest,
    GetChildrenRequest,
    GetDataRequest,
    ReplyHeader,
    RequestHeader,
    Stat,
    WatcherEvent,
)
from pyzoo.outbox import Outbox
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.database import ZKDatabase
from pyzoo.server.effects import LogBatch
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer
from pyzoo.server.slices import NEVER
from pyzoo.sim.operation import encoded, framed

OPEN = [ACL(31, "world", "anyone")]
START_MS = 1_000_000
WALL_MS = 1_700_000_000_000


class LoneServer:
    """One server under the test's own clock; the test decides when the log is safe."""

    def __init__(self, **settings: Any) -> None:
        config = ServerConfig(data_dir="/nowhere", tick_time_ms=2000, max_client_cnxns=0)
        self.config = evolve(config, **settings)
        tree = DataTree(
            self.config.extended_types_enabled, self.config.emulate_353_ttl_nodes, self.config.digest_enabled
        )
        self.now_ms = START_MS
        self.disk_is_slow = False
        self.unsafe: list[LogBatch] = []
        self.logged: list[bytes] = []
        self.clients: dict[Outbox, Client] = {}
        self.start(ZKDatabase(tree, {}))

    def start(self, database: ZKDatabase) -> None:
        """Begin to serve a database at the present time."""
        wall_ms = WALL_MS + self.now_ms - START_MS
        self.server = ZooKeeperServer(self.config, database, self.now_ms, wall_ms, lambda _n: 0)

    def restart(self) -> None:
        """A new server on the same database; every connection is lost."""
        for client in list(self.clients.values()):
            if not client.closed:
                client.hang_up()
        self.clients.clear()
        self.start(self.server.database)

    def pass_time(self, ms: int) -> None:
        """Let the clock run, in steps of half a second."""
        while ms > 0:
            self.now_ms += min(ms, 500)
            ms -= 500
            self.turn()

    def finish_work(self) -> int:
        """Let the time go on until nothing is being worked at; returns the turns that it took."""
        turns = 0
        while self.server.slices.next_ms != NEVER:
            self.now_ms += 10
            self.turn()
            turns += 1
            assert turns < 100_000
        return turns

    def turn(self) -> None:
        """What the shell does after it has handed over what arrived."""
        self.server.advance(self.now_ms, WALL_MS + self.now_ms - START_MS)
        effects = self.server.take_effects()
        while effects.log is not None:
            self.unsafe.append(effects.log)
            self.logged.append(effects.log.records)
            if not self.disk_is_slow:
                self.sync()
            self.server.take_effects()
        self._send()

    def _send(self) -> None:
        for cnxn in self.server.effects.replies.take():
            self.clients[cnxn].take()

    def sync(self) -> None:
        """The log is safe now."""
        for batch in self.unsafe:
            self.server.persisted(batch.last_zxid)
        self.unsafe.clear()
        self._send()

    def connect(self, address: str = "127.0.0.1", **fields: Any) -> "Client":
        """A client with a new session, unless the fields of the ConnectRequest say otherwise."""
        client = self.socket(address)
        client.handshake(**fields)
        return client

    def socket(self, address: str = "127.0.0.1") -> "Client":
        """A connection that has not said anything."""
        client = self.try_socket(address)
        assert client is not None
        return client

    def try_socket(self, address: str = "127.0.0.1") -> "Client | None":
        """The same, or None when a limit closes the connection at once."""
        cnxn = self.server.accept(address, 40_000 + len(self.clients))
        if cnxn is None:
            return None
        client = Client(self, cnxn)
        self.clients[cnxn] = client
        return client


class Client:
    """One connection: sends bytes, keeps what came back."""

    def __init__(self, world: LoneServer, cnxn: ServerCnxn) -> None:
        self.world = world
        self.cnxn = cnxn
        self.received = b""
        self.closed = False
        self.xid = 0
        self.session_id = 0
        self.passwd = b""
        self.timeout_ms = 0
        self.events: list[tuple[int, str, int]] = []

    def take(self) -> None:
        """Read what the server sent, and notice a close."""
        if not self.cnxn.gone:
            self.received += self.cnxn.data_to_send()
        if self.cnxn.is_over and not self.closed:
            self.hang_up()

    def hang_up(self) -> None:
        """Drop the connection."""
        self.closed = True
        self.world.server.client_gone(self.cnxn)

    def send(self, data: bytes) -> None:
        """Hand raw bytes to the server and let it take a turn."""
        self.world.server.data_received(self.cnxn, data)
        self.world.turn()

    def frames(self) -> list[bytes]:
        """Every whole frame that came since the last call."""
        found = []
        while len(self.received) >= 4:
            end = 4 + int.from_bytes(self.received[:4], "big")
            found.append(self.received[4:end])
            self.received = self.received[end:]
        return found

    def handshake(
        self,
        last_zxid: int = 0,
        timeout_ms: int = 10_000,
        session_id: int = 0,
        passwd: bytes | None = b"\0" * 16,
        read_only: bool | None = False,
        version: int = 0,
    ) -> None:
        """Send a ConnectRequest and take its answer, if one came."""
        self.send(framed(encoded(ConnectRequest(version, last_zxid, timeout_ms, session_id, passwd, read_only))))
        for frame in self.frames():
            response = ConnectResponse.decode(InputArchive(frame))
            self.session_id, self.timeout_ms = response.session_id, response.time_out
            self.passwd = response.passwd or b""

    def ask(self, op_type: int, *body: Any, xid: int | None = None) -> None:
        """Send a request without waiting for its reply."""
        self.xid += 1
        self.send(framed(encoded(RequestHeader(self.xid if xid is None else xid, op_type), *body)))

    def replies(self) -> list[tuple[ReplyHeader, InputArchive]]:
        """The replies since the last call; events are put into `events` as (type, path, zxid)."""
        found = []
        for frame in self.frames():
            archive = InputArchive(frame)
            header = ReplyHeader.decode(archive)
            if header.xid == -1:
                event = WatcherEvent.decode(archive)
                self.events.append((event.type, event.path or "", header.zxid))
            else:
                found.append((header, archive))
        return found

    def call(self, op_type: int, *body: Any) -> tuple[int, InputArchive]:
        """Send a request and take its reply: the error code and the body."""
        self.ask(op_type, *body)
        [(header, archive)] = self.replies()
        assert self.xid == header.xid or op_type == op.PING
        return header.err, archive

    def error(self, op_type: int, *body: Any) -> int:
        """Send a request and take its reply: the error code alone."""
        return self.call(op_type, *body)[0]

    def auth(self, scheme: str | None, data: bytes | None) -> int:
        """Send credentials and take the reply's error code."""
        return self.error(op.AUTH, AuthPacket(0, scheme, data))

    def stat(self, path: str) -> Stat:
        """The Stat of a node that exists."""
        err, archive = self.call(op.EXISTS, ExistsRequest(path, False))
        assert err == 0, err
        return Stat.decode(archive)

    def exists(self, path: str) -> bool:
        """Whether there is such a node."""
        return self.error(op.EXISTS, ExistsRequest(path, False)) == 0

    def data(self, path: str) -> bytes | None:
        """The data of a node that exists."""
        err, archive = self.call(op.GET_DATA, GetDataRequest(path, False))
        assert err == 0, err
        return archive.read_buffer()

    def children(self, path: str) -> list[str]:
        """The names of a node's children, in the order of the reply."""
        err, archive = self.call(op.GET_CHILDREN, GetChildrenRequest(path, False))
        assert err == 0, err
        return [archive.read_ustring() or "" for _ in range(archive.read_vector())]

    def create(self, path: str, data: bytes = b"", flags: int = 0, acl: list[ACL] | None = None) -> str:
        """Create a node that can be created; returns its path."""
        err, archive = self.call(op.CREATE, CreateRequest(path, data, OPEN if acl is None else acl, flags))
        assert err == 0, err
        return archive.read_ustring() or ""

    def take_events(self) -> list[tuple[int, str, int]]:
        """The events since the last call."""
        self.replies()
        events, self.events = self.events, []
        return events
