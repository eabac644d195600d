"""A session with one server, for tests that have no second one to compare with."""

import ssl
import struct

from attrs import define, field

from interop import requests as rq
from interop.server import Server
from interop.wire import Connection


@define
class Reply:
    zxid: int
    error: int
    body: bytes


@define
class Client:
    """One session on one connection; notifications are kept in the connection's frames, and skipped here."""

    server: Server
    timeout: int = 40000
    #: With it, the connection is encrypted.
    tls: ssl.SSLContext | None = None
    #: Whether a server without a quorum will do.
    read_only: bool = False
    session: int = 0
    password: bytes = bytes(16)
    xid: int = field(default=0, init=False)
    connection: Connection = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.connection = Connection(self.server.address, self.tls)
        self.connection.send_frame(
            rq.connect(self.timeout, self.session, self.password, read_only=bytes([self.read_only]))
        )
        frame = self.connection.read_frame()
        assert frame is not None, "the server refused the session"
        (self.session,) = struct.unpack_from(">q", frame, 8)
        self.password = frame[20:36]

    def moved_to(self, server: Server) -> "Client":
        """The same session on another server; its `session` is 0 if that server does not know it."""
        moved = Client(server, self.timeout, self.tls, self.read_only, self.session, self.password)
        # Servers answer by session and number: none may come again while the old ones are on their way.
        moved.xid = self.xid + 1000
        return moved

    def send(self, opcode: int, body: bytes = b"") -> None:
        self.xid += 1
        self.connection.send_frame(struct.pack(">ii", self.xid, opcode) + body)

    def receive(self) -> Reply | None:
        """The next reply, None at the end of the connection."""
        while (frame := self.connection.read_frame()) is not None:
            xid, zxid, error = struct.unpack_from(">iqi", frame)
            if xid != -1:
                return Reply(zxid, error, frame[16:])
        return None

    def call(self, opcode: int, body: bytes = b"") -> Reply:
        self.send(opcode, body)
        return self.answer()

    def answer(self) -> Reply:
        """The next reply, which has to come."""
        reply = self.receive()
        assert reply is not None, f"{self.server} closed the connection"
        return reply

    def close(self) -> None:
        """Cut the connection; the session lives on."""
        self.connection.close()
