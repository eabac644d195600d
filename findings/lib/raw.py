"""A ZooKeeper session in bytes, for what no client library lets one see or send."""

import socket
import struct

CREATE, DELETE, EXISTS, GET_DATA, SET_DATA, SET_ACL, GET_CHILDREN = 1, 2, 3, 4, 5, 7, 8
SYNC, PING, MULTI, CREATE2, CREATE_CONTAINER, DELETE_CONTAINER = 9, 11, 14, 15, 19, 20
AUTH, SET_WATCHES, SASL = 100, 101, 102
OPEN = ((31, "world", "anyone"),)


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">i", len(data)) + data


def vector(items: list[bytes]) -> bytes:
    return struct.pack(">i", len(items)) + b"".join(items)


def create(path: str, data: bytes = b"", acl: tuple = OPEN, flags: int = 0) -> bytes:
    entries = [struct.pack(">i", perms) + text(scheme) + text(id) for perms, scheme, id in acl]
    return text(path) + text(data) + vector(entries) + struct.pack(">i", flags)


def set_acl(path: str, acl: tuple) -> bytes:
    entries = [struct.pack(">i", perms) + text(scheme) + text(id) for perms, scheme, id in acl]
    return text(path) + vector(entries) + struct.pack(">i", -1)


def path_version(path: str, version: int = -1) -> bytes:
    return text(path) + struct.pack(">i", version)


def set_data(path: str, data: bytes) -> bytes:
    return text(path) + text(data) + struct.pack(">i", -1)


def path_watch(path: str, watch: bool = False) -> bytes:
    return text(path) + struct.pack(">?", watch)


def auth(scheme: str, credentials: str) -> bytes:
    return struct.pack(">i", 0) + text(scheme) + text(credentials)


def set_watches(zxid: int, data: list[str], exist: list[str], child: list[str]) -> bytes:
    return struct.pack(">q", zxid) + b"".join(vector([text(path) for path in some]) for some in (data, exist, child))


def multi(parts: list[tuple[int, bytes]]) -> bytes:
    framed = [struct.pack(">i?i", opcode, False, -1) + body for opcode, body in parts]
    return b"".join(framed) + struct.pack(">i?i", -1, True, -1)


def multi_results(body: bytes) -> list[tuple[int, str | int]]:
    """The type of each result, with its path, or -1 with its error."""
    found: list[tuple[int, str | int]] = []
    at = 0
    while True:
        opcode, done, error = struct.unpack_from(">i?i", body, at)
        at += 9
        if done:
            return found
        if opcode == -1:
            found.append((opcode, error))
            at += 4
        else:
            (length,) = struct.unpack_from(">i", body, at)
            found.append((opcode, body[at + 4 : at + 4 + length].decode()))
            at += 4 + length + (68 if opcode == CREATE2 else 0)


class Session:
    """One session; `events` are (header zxid, type, path) of what watches told."""

    def __init__(self, port: int, session: int = 0, password: bytes = bytes(16)) -> None:
        self.events: list[tuple[int, int, str]] = []
        self.xid = 0
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.send_frame(struct.pack(">iqiq", 0, 0, 20000, session) + text(password) + b"\0")
        answer = self.receive_frame()
        assert answer is not None, "the server refused the session"
        self.timeout, self.session = struct.unpack_from(">iq", answer, 4)
        self.password = answer[20:36]

    def send_frame(self, payload: bytes) -> None:
        self.socket.sendall(struct.pack(">i", len(payload)) + payload)

    def receive_frame(self) -> bytes | None:
        """None at the end of the connection."""
        data = b""
        while len(data) < 4 or len(data) < 4 + struct.unpack_from(">i", data)[0]:
            wanted = 4 if len(data) < 4 else 4 + struct.unpack_from(">i", data)[0]
            try:
                piece = self.socket.recv(wanted - len(data))
            except ConnectionResetError:
                return None
            if not piece:
                return None
            data += piece
        return data[4:]

    def call(self, opcode: int, body: bytes = b"") -> tuple[int, int, bytes] | None:
        """(zxid, error, body) of the reply; None where the server closed the connection instead."""
        self.xid += 1
        xid = -4 if opcode == AUTH else self.xid
        self.send_frame(struct.pack(">ii", xid, opcode) + body)
        while (frame := self.receive_frame()) is not None:
            xid, zxid, error = struct.unpack_from(">iqi", frame)
            if xid != -1:
                return zxid, error, frame[16:]
            type, _, length = struct.unpack_from(">iii", frame, 16)
            self.events.append((zxid, type, frame[28 : 28 + length].decode()))
        return None

    def close(self) -> None:
        self.call(-11)
        self.socket.close()
