"""A writer and its workers in one process, without sockets, disk or clock; clients choose whom they talk to."""

from typing import Any

from pyzoo.datatree.tree import DataTree
from pyzoo.outbox import Outbox
from pyzoo.quorum.link import PeerLink
from pyzoo.server.database import ZKDatabase
from pyzoo.server.workers.worker import WorkerCore
from pyzoo.server.workers.writer import WriterZooKeeperServer
from tests.support.dialogue import START_MS, WALL_MS, Client, LoneServer


class WriterDesk(LoneServer):
    """The writer, and all workers beside it."""

    server: WriterZooKeeperServer

    def __init__(self, workers: int = 2, **settings: Any) -> None:
        self.workers: list[WorkerDesk] = []
        super().__init__(**settings)
        for _ in range(workers):
            self.hire()

    def start(self, database: ZKDatabase) -> None:
        wall_ms = WALL_MS + self.now_ms - START_MS
        self.server = WriterZooKeeperServer(self.config, database, self.now_ms, wall_ms, lambda _n: 0)

    def hire(self) -> "WorkerDesk":
        """One more worker, in step."""
        worker = WorkerDesk(self, len(self.workers) + 1)
        self.workers.append(worker)
        worker.server.begin()
        self.turn()
        return worker

    def turn(self) -> None:
        super().turn()
        for _ in range(100):
            if not sum([worker.exchange() for worker in self.workers]):
                return
            super().turn()
        raise AssertionError("they talk without end")

    def sync(self) -> None:
        super().sync()
        if not self.disk_is_slow:
            return
        super().turn()
        for worker in self.workers:
            worker.exchange()

    def packets(self, link: PeerLink) -> bytes:
        """What there is for a worker."""
        self.server.effects.packets.take()
        data = link.data_to_send()
        if link.wants_drain:
            self.server.link_drained(link)
        return data


class WorkerDesk(LoneServer):
    """A worker."""

    server: WorkerCore  # type: ignore[assignment]

    def __init__(self, writer: WriterDesk, number: int) -> None:
        self.writer = writer
        self.number = number
        self.is_stopped = False
        super().__init__()
        self.link = writer.server.hub.connected(f"worker {number}")

    def start(self, database: ZKDatabase) -> None:
        writer = self.writer
        wall_ms = WALL_MS + writer.now_ms - START_MS
        self.server = WorkerCore(writer.config, self.number, writer.now_ms, wall_ms, lambda _n: 0)

    @property
    def is_gone(self) -> bool:
        return self.link.gone or self.server.part.learner.failure is not None

    @property
    def tree(self) -> DataTree:
        return self.server.database.tree

    def turn(self) -> None:
        """Everybody has one."""
        self.writer.turn()

    def exchange(self) -> int:
        """Take and give bytes; how many it were."""
        if self.is_stopped or self.is_gone:
            return 0
        server, writer = self.server, self.writer
        server.advance(writer.now_ms, WALL_MS + writer.now_ms - START_MS)
        received = writer.packets(self.link)
        if received:
            server.link_received(server.link, received)
        if self.link.gone:
            server.link_gone(server.link)
        server.take_effects()
        server.effects.packets.take()
        sent = server.link.data_to_send()
        if sent:
            writer.server.link_received(self.link, sent)
        if server.link.gone:
            writer.server.link_gone(self.link)
        for outbox in server.effects.replies.take():
            self._client_of(outbox).take()
        return len(received) + len(sent)

    def _client_of(self, outbox: Outbox) -> Client:
        return self.clients[outbox]

    def leave(self) -> None:
        """Its process has ended."""
        self.writer.server.link_gone(self.link)
        self.writer.workers.remove(self)


def ask_word(desk: LoneServer, word: str) -> str:
    """What a process answers to a four-letter word."""
    client = desk.socket()
    client.send(word.encode())
    for _ in range(100):
        if client.closed:
            return client.received.decode()
        desk.turn()
    raise AssertionError(f"there is no end of the answer to {word}: {client.received!r}")
