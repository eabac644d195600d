"""Two servers side by side, asked the same: every answer is compared as bytes, after normalising.

A difference does not end a test: it is noted, and the test fails at its end with all that were found.
"""

import ssl
import struct
import time
from collections.abc import Callable, Sequence

from attrs import define, field

from interop import requests as rq
from interop.normalise import NOTIFICATION_XID, REPLY_HEADER, Normaliser
from interop.server import Server, ask
from interop.wire import ANSWER_SECONDS, Connection

CLOSED = b"<closed>"
SILENT = b"<no answer in time>"
DIFFERENCES_MAX = 25
COUNTING_SECONDS = 0.3


@define
class Side:
    """One of the two servers, with what is needed to normalise its answers."""

    server: Server
    normaliser: Normaliser = field(factory=Normaliser)


def _shown(frame: bytes) -> str:
    if frame in (CLOSED, SILENT):
        return frame.decode()
    text = frame.hex()
    return text if len(text) <= 1200 else f"{text[:700]}...({len(frame)} bytes)...{text[-300:]}"


@define
class Pair:
    """The reference server and the server under test."""

    sides: tuple[Side, Side]
    differences: list[str] = field(factory=list)
    _sessions: list["PairSession"] = field(factory=list)

    @classmethod
    def of(cls, reference: Server, subject: Server) -> "Pair":
        return cls((Side(reference), Side(subject)))

    def begin(self) -> None:
        """Start of a test: zxids count from here, sessions are numbered from here."""
        self.differences.clear()
        for side in self.sides:
            side.normaliser = Normaliser(side.server.zxid())

    def end(self) -> None:
        """End of a test: close all its sessions, so that the next one begins without ephemerals and watches."""
        for session in self._sessions:
            session.abandon()
        self._sessions.clear()

    def connect(
        self, request: bytes | None = None, tls: ssl.SSLContext | None = None, **arguments: int | bytes
    ) -> "PairSession":
        """A connection to each server with a session, unless they refuse (then `.closed`)."""
        session = self.dial(tls)
        session.handshake(request if request is not None else rq.connect(**arguments))  # type: ignore[arg-type]
        return session

    def dial(self, tls: ssl.SSLContext | None = None) -> "PairSession":
        """A connection to each server, with nothing sent yet; with `tls` to the secure ports."""
        servers = [side.server for side in self.sides]
        first, second = (Connection(each.address if tls is None else each.secure_address, tls) for each in servers)
        session = PairSession(self, (first, second))
        self._sessions.append(session)
        return session

    def reconnect(
        self, session: "PairSession", wrong_password: bytes | None = None, timeout: int = 20000
    ) -> "PairSession":
        """Another connection to each server for the session that `session` has there."""
        again = self.dial()
        again.handshake_each(
            [
                rq.connect(timeout, id, password if wrong_password is None else wrong_password)
                for id, password in session.identities
            ]
        )
        return again

    def four_letter_word(self, word: bytes, normalise: Callable[[str], str] = str) -> str:
        """Compare the answers to a word; asks again for a while, as Apache counts a request after replying to it."""
        deadline = time.monotonic() + COUNTING_SECONDS
        while True:
            answers = [normalise(ask(side.server.address, word).decode()) for side in self.sides]
            if answers[0] == answers[1] or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        if answers[0] != answers[1]:
            first, second = (answer.splitlines(keepends=True) for answer in answers)
            only = [
                "".join(line for line in lines if line not in others)
                for lines, others in ((first, second), (second, first))
            ]
            self.note(f"four-letter word {word!r}, lines", [text.encode() or b"(the same)" for text in only], text=True)
        return answers[0]

    def settle(self) -> None:
        """Make every open session of the test receive what is on its way to it."""
        for session in self._sessions:
            if not session.closed and session.identities:
                session.call(rq.PING)

    def compare(self, what: str, values: Sequence[object]) -> None:
        if values[0] != values[1]:
            self.note(what, [repr(value).encode() for value in values], text=True)

    def note(self, what: str, answers: Sequence[bytes], text: bool = False) -> None:
        if len(self.differences) < DIFFERENCES_MAX:
            shown = [answer.decode(errors="replace") if text else _shown(answer) for answer in answers]
            kinds = [side.server.kind for side in self.sides]
            width = max(map(len, kinds))
            lines = [f"{kind:>{width}}: {answer}" for kind, answer in zip(kinds, shown, strict=True)]
            self.differences.append("\n    ".join([what, *lines]))

    def report(self) -> str:
        return "\n".join(f"{n}. {difference}" for n, difference in enumerate(self.differences, 1))


@define(eq=False)
class PairSession:
    """The same session on both servers."""

    pair: Pair
    connections: tuple[Connection, Connection]
    identities: list[tuple[int, bytes]] = field(factory=list)
    xid: int = 0

    @property
    def closed(self) -> bool:
        return any(connection.closed for connection in self.connections)

    def handshake(self, request: bytes) -> None:
        self.handshake_each([request, request])

    def handshake_each(self, requests: Sequence[bytes]) -> None:
        for connection, request in zip(self.connections, requests, strict=True):
            connection.send_frame(request)
        self.read_connect_response(f"connect {requests[1].hex()}")

    def read_connect_response(self, what: str) -> None:
        answers = []
        for connection, side in zip(self.connections, self.pair.sides, strict=True):
            frame = self._read(connection)
            if len(frame) >= 36:
                session, password = struct.unpack_from(">q", frame, 8)[0], frame[20:36]
                self.identities.append((session, password))
            answers.append(side.normaliser.connect_response(frame))
        self._compare(what, [[answer] for answer in answers])

    def next_xid(self) -> int:
        self.xid += 1
        return self.xid

    def call(self, opcode: int, body: bytes = b"", xid: int | None = None) -> bytes:
        """Send one request to both, compare all frames up to its reply; returns the reference's reply."""
        self.send(opcode, body, xid)
        return self.receive([opcode], f"{rq.OPCODE_NAMES.get(opcode, opcode)} {body.hex()}")[-1]

    def send(self, opcode: int, body: bytes = b"", xid: int | None = None) -> None:
        self.send_payload(struct.pack(">ii", self.next_xid() if xid is None else xid, opcode) + body)

    def send_payload(self, payload: bytes) -> None:
        for connection in self.connections:
            connection.send_frame(payload)

    def send_raw(self, data: bytes) -> None:
        for connection in self.connections:
            connection.send(data)

    def send_all(self, requests: Sequence[tuple[int, bytes]]) -> None:
        """Send all requests in one piece."""
        payload = b""
        for opcode, body in requests:
            request = struct.pack(">ii", self.next_xid(), opcode) + body
            payload += struct.pack(">i", len(request)) + request
        self.send_raw(payload)

    def pipeline(self, requests: Sequence[tuple[int, bytes]]) -> list[bytes]:
        """Send all requests in one piece, then compare all frames up to the last reply."""
        self.send_all(requests)
        return self.receive([opcode for opcode, _ in requests], "a pipeline")

    def receive(self, opcodes: Sequence[int], what: str) -> list[bytes]:
        """Compare the frames up to the replies of `opcodes`; returns the reference's frames, normalised."""
        answers: list[list[bytes]] = []
        for connection, side in zip(self.connections, self.pair.sides, strict=True):
            frames: list[bytes] = []
            waiting = list(opcodes)
            while waiting and (not frames or frames[-1] not in (CLOSED, SILENT)):
                frame = self._read(connection)
                is_event = len(frame) >= REPLY_HEADER.size and struct.unpack_from(">i", frame)[0] == NOTIFICATION_XID
                frames.append(side.normaliser.frame(frame, rq.WHO_AM_I if is_event else waiting.pop(0)))
            answers.append(frames)
        self._compare(what, answers)
        return answers[0]

    def expect_end(self, what: str, timeout: float = ANSWER_SECONDS) -> bytes:
        """Compare the bytes that come until the servers close the connection."""
        answers = []
        for connection in self.connections:
            try:
                answers.append(connection.read_to_end(timeout))
            except TimeoutError:
                answers.append(SILENT)
        self._compare(what, [[answer] for answer in answers])
        return answers[0]

    def abandon(self) -> None:
        """Close the session where it is still open, compare nothing."""
        for connection in self.connections:
            if self.identities and not connection.closed:
                connection.send_frame(struct.pack(">ii", 0, rq.CLOSE_SESSION))
                try:
                    connection.read_to_end(2)
                except TimeoutError:
                    pass
            connection.close()

    def disconnect(self) -> None:
        """Cut the TCP connections; the session lives on."""
        for connection in self.connections:
            connection.close()
            connection.closed = True

    def _read(self, connection: Connection) -> bytes:
        if connection.closed and not connection.buffered():
            return CLOSED
        try:
            frame = connection.read_frame()
        except TimeoutError:
            return SILENT
        return CLOSED if frame is None else frame

    def _compare(self, what: str, answers: list[list[bytes]]) -> None:
        if answers[0] == answers[1]:
            return
        for at in range(max(map(len, answers))):
            frames = [frames[at] if at < len(frames) else b"(nothing)" for frames in answers]
            if frames[0] != frames[1]:
                self.pair.note(f"{what}: frame {at + 1}", frames)
                return
