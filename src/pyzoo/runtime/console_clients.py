"""Clients within this process: what the console changes is requested by a connection without a socket.

So it goes the way of all requests in every role: a follower forwards it, ACLs, quotas and watches hold, and the audit
log has it with the ids and the address of who asked.
"""

from typing import Final

import trio
from librt.strings import BytesWriter, write_i32_be

from pyzoo import errors as err
from pyzoo.console.host import Body, ChangeFailed
from pyzoo.console.visitor import Visitor
from pyzoo.errors import KeeperError
from pyzoo.jute import opcodes as op
from pyzoo.jute.framing import FrameBuffer, begin_frame, end_frame
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import ConnectRequest, ConnectResponse, ReplyHeader
from pyzoo.outbox import OutboxReader
from pyzoo.runtime.server_tasks import ServerTasks
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.sessions import PASSWORD_LENGTH

MOST_CLIENTS: Final = 32
IDLE_SECONDS: Final = 60.0
"""So long a session without changes is kept for the next one."""
ANSWER_SECONDS: Final = 15.0
RETRY_SECONDS: Final = 0.1
SESSION_TIMEOUT_MS: Final = 30_000
PINGS_IN_A_TIMEOUT: Final = 4
PING_XID: Final = -2
CLOSE_XID: Final = 0x7FFFFFFF
LARGEST_REPLY: Final = 8 << 20

NOT_HERE: Final = "This server takes no changes now: it has no quorum, or no room for another client."
NO_ANSWER: Final = (
    "The ensemble has not answered in time. Nobody knows whether this has happened: look before you try it again."
)
CUT_OFF: Final = "The server has lost its leader. Nobody knows whether this has happened: look before you try it again."
TOO_MANY: Final = "Too many others are changing something; try again soon."


class ConsoleClients:
    """One client session for each visitor that changes something, from the first change until it is idle."""

    def __init__(self, tasks: ServerTasks) -> None:
        self._tasks = tasks
        self._clients: dict[str, ConsoleClient] = {}

    async def submit(self, visitor: Visitor, opcode: int, body: Body) -> InputArchive:
        """The body of the reply. Raises KeeperError, NOAUTH for who is no writer, and ChangeFailed."""
        if not visitor.may_write:
            raise KeeperError(err.NOAUTH)
        client = self._clients.get(visitor.key)
        if client is None or client.is_over:
            if len(self._clients) >= MOST_CLIENTS:
                raise ChangeFailed(TOO_MANY)
            client = ConsoleClient(self._tasks, visitor)
            self._clients[visitor.key] = client
            self._tasks.nursery.start_soon(self._keep, visitor.key, client)
        return await client.submit(opcode, body)

    def leave(self, key: str) -> None:
        """This visitor will change nothing more."""
        client = self._clients.pop(key, None)
        if client is not None:
            client.close()

    async def _keep(self, key: str, client: "ConsoleClient") -> None:
        """Keep the session alive while it is used, then close it; when the server ends it expires."""
        while not client.is_over and trio.current_time() < client.used_at + IDLE_SECONDS:
            await trio.sleep(client.timeout_ms / 1000 / PINGS_IN_A_TIMEOUT)
            client.ping()
        client.close()
        if self._clients.get(key) is client:
            del self._clients[key]


class ConsoleClient(OutboxReader):
    """One connection of this process to its own server, with a session once something was submitted.

    One task at a time may use it; once it `is_over` another one has to be made.
    """

    def __init__(self, tasks: ServerTasks, visitor: Visitor) -> None:
        self.used_at = trio.current_time()
        self.is_over = False
        self.timeout_ms = int(tasks.front().handshake.min_session_timeout_ms)
        self._tasks = tasks
        self._ids = list(visitor.ids)
        self._address = visitor.address
        self._cnxn: ServerCnxn | None = None
        self._turn = trio.Lock()
        self._xid = 0
        self._frames = FrameBuffer(LARGEST_REPLY)
        self._news = trio.Event()

    async def submit(self, opcode: int, body: Body) -> InputArchive:
        """The body of the reply to a request. Raises KeeperError and ChangeFailed."""
        async with self._turn:
            self.used_at = trio.current_time()
            try:
                if self._cnxn is None:
                    await self._connect()
                return await self._ask(opcode, body)
            except BaseException as error:
                if not isinstance(error, KeeperError):
                    # An answer that came later would be taken for that to something else.
                    self._end()
                raise

    async def _connect(self) -> None:
        """Open a session. Raises ChangeFailed."""
        cnxn = None if self.is_over else self._tasks.core.accept(self._address, 0)
        if cnxn is None:
            raise ChangeFailed(NOT_HERE)
        cnxn.ids = self._ids
        self._cnxn = cnxn
        cnxn.reader = self
        hello = ConnectRequest(0, 0, SESSION_TIMEOUT_MS, 0, b"\0" * PASSWORD_LENGTH, False)
        self._send(_frame(None, hello))
        answer = ConnectResponse.decode(await self._next(NOT_HERE))
        if answer.session_id == 0:
            raise ChangeFailed(NOT_HERE)
        self.timeout_ms = answer.time_out

    async def _ask(self, opcode: int, body: Body) -> InputArchive:
        self._xid += 1
        self._send(_frame((self._xid, opcode), body))
        while True:
            answer = await self._next(CUT_OFF)
            header = ReplyHeader.decode(answer)
            if header.xid == self._xid:
                break
            # It was the answer to a ping.
        if header.err != 0:
            raise KeeperError(header.err)
        return answer

    def _send(self, data: bytes) -> None:
        cnxn = self._cnxn
        if cnxn is not None:
            self._tasks.core.data_received(cnxn, data)
            self._tasks.turn()

    async def _next(self, when_over: str) -> InputArchive:
        """The next frame. Raises ChangeFailed."""
        with trio.move_on_after(ANSWER_SECONDS):
            while not self._frames.take():
                cnxn = self._cnxn
                if cnxn is None:
                    raise ChangeFailed(when_over)
                with trio.move_on_after(RETRY_SECONDS):
                    await self._news.wait()
                    self._news = trio.Event()
                    continue
                # The server may not have taken what was sent, for it had too much to do.
                self._tasks.core.frames_waiting(cnxn)
                self._tasks.turn()
            return InputArchive(self._frames.data, self._frames.start, self._frames.end)
        raise ChangeFailed(NO_ANSWER)

    def written(self) -> None:
        cnxn = self._cnxn
        if cnxn is None:
            return
        if not cnxn.gone:
            self._frames.append(cnxn.data_to_send())
        if cnxn.is_over:
            self._end()
        self._news.set()

    def ping(self) -> None:
        """Keep the session alive."""
        if not self._turn.locked() and not self.is_over:
            self._send(_frame((PING_XID, op.PING), None))
            while self._frames.take():
                pass

    def close(self) -> None:
        """Close the session; nobody waits for the end of that, and for what was asked before."""
        if not self.is_over:
            self.is_over = True
            self._send(_frame((CLOSE_XID, op.CLOSE_SESSION), None))

    def _end(self) -> None:
        """The connection is over; a session that was not closed expires."""
        self.is_over = True
        cnxn, self._cnxn = self._cnxn, None
        if cnxn is not None:
            cnxn.reader = None
            self._tasks.core.client_gone(cnxn)


def _frame(header: tuple[int, int] | None, body: Body | None) -> bytes:
    """A request with its xid and opcode, or the first one, which has none."""
    out = BytesWriter()
    start = begin_frame(out)
    if header is not None:
        write_i32_be(out, header[0])
        write_i32_be(out, header[1])
    if body is not None:
        body.encode(out)
    end_frame(out, start)
    return out.getvalue()
