"""The four-letter words for the console: which of them are on, and what they answer."""

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from pyzoo.outbox import Packets
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.modes import NOT_SERVING
from pyzoo.server.operators.words import COMMANDS, LONG_COMMANDS, NO_SERVER, WITHOUT_SERVER, is_allowed
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

MOST_CHARACTERS: Final = 256 << 10
MEANINGS: Final = {
    "conf": "the settings that Apache's server shows",
    "cons": "all connections of the port, with their sessions",
    "crst": "sets the numbers of all connections back",
    "dirs": "the sizes of the data directories",
    "dump": "sessions by the time at which they expire, and their ephemerals",
    "envi": "where the server runs",
    "gtmk": "the trace mask",
    "hash": "digests of the tree at past zxids",
    "isro": "whether clients can write",
    "mntr": "all metrics",
    "ruok": "whether it is there at all",
    "srst": "sets the statistics of the server back",
    "srvr": "statistics of the server",
    "stat": "the same, with a line for each connection",
    "stmk": "sets the trace mask",
    "wchc": "the watched paths of each session",
    "wchp": "the watching sessions of each path",
    "wchs": "how many watches there are",
}
CHANGING: Final = frozenset({"crst", "srst", "stmk"})
"""Words that change something: a page that is only looked at does not ask them."""


@frozen
class Word:
    """A word: what it answers, and whether the whitelist has it."""

    name: str
    meaning: str
    is_on: bool

    @property
    def changes(self) -> bool:
        """Whether to ask it changes something."""
        return self.name in CHANGING


def words_of(server: ZooKeeperServer) -> list[Word]:
    """All words of ZooKeeper in the order of their names."""
    return [Word(name, meaning, is_allowed(server, name)) for name, meaning in MEANINGS.items()]


def answer_pieces(server: ZooKeeperServer, word: str) -> Iterator[str]:
    """What a client would be answered now, in pieces; some of them are empty. For words that change nothing."""
    if server.mode == NOT_SERVING and word not in WITHOUT_SERVER:
        yield NO_SERVER + "\n"
        return
    asking = _asking(server)
    if word in LONG_COMMANDS:
        yield from LONG_COMMANDS[word](server, asking)
    else:
        yield COMMANDS[word](server, asking)


def _asking(server: ZooKeeperServer) -> ServerCnxn:
    """Who asks: a connection that the server does not have, to the port that it does have."""
    secure = server.environment.client_port() < 0
    now_ms, wall_ms = int(server.now_ms), int(server.wall_ms)
    return ServerCnxn(server.connections, Packets(), "127.0.0.1", 0, 0, now_ms, wall_ms, secure)
