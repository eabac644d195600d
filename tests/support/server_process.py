"""A real server process and clients that speak bytes to it. All waiting is for something, and ends some day."""

import os
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import (
    ConnectRequest,
    ConnectResponse,
    CreateRequest,
    ExistsRequest,
    GetDataRequest,
    ReplyHeader,
    RequestHeader,
)
from pyzoo.persistence.disk import RealDisk
from pyzoo.persistence.log_format import LogReader, decode_txn
from pyzoo.persistence.txnlog import list_logs
from pyzoo.sim.operation import encoded, framed
from tests.support.dialogue import OPEN
from tests.support.forked import Forked, can_be_forked

PATIENCE_SECONDS = 60
READY = re.compile(r"ready on .*:(\d+)(, with TLS)?$")
SECURE = re.compile(r"clients with TLS on .*:(\d+)$")
EPHEMERAL = 1
sockets: list[socket.socket] = []
"""All that clients of the running test opened."""


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return when it is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def command(*words: str, program: Sequence[str] = ("pyzoo",)) -> list[str]:
    return [sys.executable, "-m", *program, *words]


class ServerProcess:
    """`pyzoo serve` with the given words; its output is collected line by line."""

    def __init__(
        self,
        *words: object,
        environment: Mapping[str, str] | None = None,
        file_size_limit: int = resource.RLIM_INFINITY,
        program: Sequence[str] = ("pyzoo",),
    ) -> None:
        """`program` is the module to run, and what comes before "serve"."""
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._ended = 0

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_size_limit, resource.RLIM_INFINITY))

        self.process: Forked | subprocess.Popen[str]
        is_usual = file_size_limit == resource.RLIM_INFINITY and len(program) == 1
        if is_usual and can_be_forked(environment or os.environ):
            self.process = Forked(["serve", *map(str, words)], environment)
        else:
            self.process = subprocess.Popen(
                command("serve", *map(str, words), program=program),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=None if environment is None else dict(environment),
                preexec_fn=limit,
            )
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (self.process.stdout, self.process.stderr)
            if stream is not None
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: Iterable[str]) -> None:
        for line in stream:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._ended += 1
            self._news.notify_all()

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, text: str, times: int = 1) -> None:
        """Return when that many lines with this text are there."""

        def is_there() -> bool:
            return sum(text in line for line in self.lines) >= times

        with self._news:
            self._news.wait_for(lambda: is_there() or self._ended == 2, PATIENCE_SECONDS)
            assert is_there(), f"{text!r} is not in:\n{self.output}"

    @property
    def port(self) -> int:
        """The client port; returns when the server is ready."""
        self.wait_for(": ready on ")
        [port] = [found[1] for line in self.lines if (found := READY.search(line))]
        return int(port)

    @property
    def secure_port(self) -> int:
        """The port of clients with TLS; returns when the server is ready."""
        self.wait_for(": ready on ")
        [port] = [found[1] for line in self.lines if (found := SECURE.search(line))]
        return int(port)

    def wait(self) -> int:
        """The exit code, when the process has ended and all of its output is here."""
        code = self.process.wait(PATIENCE_SECONDS)
        for reader in self._readers:
            reader.join(PATIENCE_SECONDS)
        return code

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.wait()

    def limit_files(self, size: int = resource.RLIM_INFINITY) -> None:
        """No file of the running server may be written beyond this size: every attempt fails."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def clean_up(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


def four_letters(port: int, word: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as sock:
        sock.sendall(word)
        answer = b""
        while piece := sock.recv(65536):
            answer += piece
        return answer


def node_count(port: int) -> int:
    """As `srvr` says it."""
    return int(four_letters(port, b"srvr").partition(b"Node count: ")[2])


def assert_clean_start(server: ServerProcess) -> None:
    """Ready, and the recovery found the tree that the log and the snapshots speak of."""
    assert server.port
    for complaint in ("Digest", "snapshot digest", "problem reading", "out of order", "Traceback"):
        assert complaint not in server.output


def request(xid: int, op_type: int, *body: Any) -> bytes:
    """A frame."""
    return framed(encoded(RequestHeader(xid, op_type), *body))


class RawClient:
    """One session; requests are pipelined as the caller likes."""

    def __init__(
        self,
        port: int,
        *,
        session_id: int = 0,
        passwd: bytes = b"\0" * 16,
        timeout_ms: int = 30_000,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        plain = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        self.sock = plain if tls is None else tls.wrap_socket(plain, server_hostname="127.0.0.1")
        sockets.append(self.sock)
        self._buffer = b""
        self._xid = 0
        self.sock.sendall(framed(encoded(ConnectRequest(0, 0, timeout_ms, session_id, passwd, False))))
        response = ConnectResponse.decode(InputArchive(self._frame()))
        self.session_id = response.session_id
        self.passwd = response.passwd or b""

    def again(self, port: int, tls: ssl.SSLContext | None = None) -> "RawClient":
        """The same session on another connection; its id is 0 when the server knows it no more."""
        self.sock.close()
        return RawClient(port, session_id=self.session_id, passwd=self.passwd, tls=tls)

    def _frame(self) -> bytes:
        """The next frame; raises ConnectionError when there will be none."""
        while True:
            end = 4 + int.from_bytes(self._buffer[:4], "big")
            if len(self._buffer) >= max(end, 4):
                frame, self._buffer = self._buffer[4:end], self._buffer[end:]
                return frame
            data = self.sock.recv(1 << 16)
            if not data:
                raise ConnectionResetError("closed by the server")
            self._buffer += data

    def send(self, type: int, *body: Any) -> None:
        self._xid += 1
        self.sock.sendall(request(self._xid, type, *body))

    def reply(self) -> tuple[ReplyHeader, InputArchive]:
        archive = InputArchive(self._frame())
        return ReplyHeader.decode(archive), archive

    def ask(self, type: int, *body: Any) -> tuple[int, InputArchive]:
        """The error code and the rest of the reply."""
        self.send(type, *body)
        header, archive = self.reply()
        return header.err, archive

    def send_create(self, path: str, data: bytes = b"", flags: int = 0) -> None:
        self.send(op.CREATE, CreateRequest(path, data, OPEN, flags))

    def create(self, path: str, data: bytes = b"", flags: int = 0) -> None:
        self.send_create(path, data, flags)
        assert 0 == self.reply()[0].err

    def exists(self, path: str) -> bool:
        return self.ask(op.EXISTS, ExistsRequest(path, False))[0] == 0

    def data_of(self, path: str) -> bytes | None:
        code, archive = self.ask(op.GET_DATA, GetDataRequest(path, False))
        return archive.read_buffer() if code == 0 else None

    def missing(self, paths: Iterable[str]) -> list[str]:
        """Those of the paths that do not exist; asks for all of them at once."""
        wanted = list(paths)
        found: list[str] = []
        for start in range(0, len(wanted), 200):
            part = wanted[start : start + 200]
            for path in part:
                self.send(op.EXISTS, ExistsRequest(path, False))
            found += [path for path in part if self.reply()[0].err != 0]
        return found

    def close_session(self) -> None:
        assert 0 == self.ask(op.CLOSE_SESSION)[0]
        self.sock.close()


class Writer:
    """Creates nodes in a thread, `window` of them under way, until `count` are there or the server is gone."""

    def __init__(
        self, client: RawClient, prefix: str, count: int = 1_000_000, window: int = 40, size: int = 16
    ) -> None:
        self.client = client
        self.prefix = prefix
        self.acknowledged: list[str] = []
        self._count = count
        self._window = window
        self._data = b"x" * size
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        sent = 0
        try:
            while len(self.acknowledged) < self._count:
                while sent < min(self._count, len(self.acknowledged) + self._window):
                    self.client.send_create(f"{self.prefix}{sent:06}", self._data)
                    sent += 1
                header, archive = self.client.reply()
                assert header.err == 0, header
                with self._news:
                    self.acknowledged.append(archive.read_ustring() or "")
                    self._news.notify_all()
        except ConnectionError:
            pass

    def wait_for(self, count: int) -> None:
        """Return when that many were acknowledged."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.acknowledged) >= count, PATIENCE_SECONDS), count

    def join(self) -> None:
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()


def logged_zxids(version_2: Path) -> list[int]:
    """The zxids of all logs in the order of their files."""
    disk = RealDisk()
    zxids = []
    for _, name in list_logs(disk, str(version_2)):
        source = disk.open_read(str(version_2 / name))
        reader = LogReader(source.read, name)
        while (payload := reader.next_payload()) is not None:
            zxids.append(decode_txn(payload)[0].zxid)
        source.close()
    return zxids


def contents(directory: Path) -> dict[str, bytes]:
    """All files below a directory."""
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def without_lock(files: dict[str, bytes]) -> dict[str, bytes]:
    """Only what is ZooKeeper's."""
    return {name: data for name, data in files.items() if not name.endswith(".pyzoo.lock")}


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """The environment without anything that a server would look at."""
    ours = ("XDG_DATA_HOME", "JVMFLAGS", "SERVER_JVMFLAGS", "ZOO_DATADIR_AUTOCREATE_DISABLE")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, "HOME": str(home), **more}
