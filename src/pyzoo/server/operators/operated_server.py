"""OperatedServer: a server as those see it who operate it."""

from typing import Protocol

from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.tree import DataTree
from pyzoo.server.clients.cnxn_factory import ServerCnxnFactory
from pyzoo.server.clients.handshake import Handshake
from pyzoo.server.clients.request_throttler import RequestThrottler
from pyzoo.server.database import ZKDatabase
from pyzoo.server.metrics import ServerMetrics
from pyzoo.server.operators.ensemble_view import EnsembleView
from pyzoo.server.operators.environment import ServerEnvironment
from pyzoo.server.sessions import SessionTracker
from pyzoo.server.slices import SliceQueue
from pyzoo.server.stats import ServerStats


class OperatedServer(Protocol):
    """What words and metrics look at; `now_ms` is the monotonic time of this turn.

    `mode` is one of modes.py. `local` are the sessions that only this server knows, None where there are no such;
    `tracks_sessions` says whether all others expire here. `ensemble` is None without one.
    """

    config: ServerConfig
    environment: ServerEnvironment
    metrics: ServerMetrics
    stats: ServerStats
    slices: SliceQueue
    connections: ServerCnxnFactory
    throttler: RequestThrottler
    handshake: Handshake
    database: ZKDatabase
    tree: DataTree
    sessions: SessionTracker
    local: SessionTracker | None
    tracks_sessions: bool
    mode: str
    ensemble: EnsembleView | None

    @property
    def now_ms(self) -> int: ...
