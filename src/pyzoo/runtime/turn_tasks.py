"""When a server makes its turns: the tasks that do, and the TurnLoop that they do it with."""

from functools import partial

import trio

from pyzoo.config.settings import ServerConfig
from pyzoo.runtime.log_writer import ALONE, IN_ENSEMBLE, LogWriter
from pyzoo.runtime.storage import Storage
from pyzoo.runtime.tls.contexts import refuse_revoked
from pyzoo.runtime.transport.client_tls import ClientTls, ServerContexts
from pyzoo.runtime.transport.handshakes import Handshakes
from pyzoo.runtime.transport.trio_poller import TrioPoller
from pyzoo.runtime.turn import TurnLoop
from pyzoo.server.core import Core


def open_loop(config: ServerConfig, core: Core, storage: Storage | None, tls: ServerContexts | None) -> TurnLoop:
    """The turns of a server; with `tls` clients may speak that."""
    log: LogWriter | None = None
    if storage is not None:
        storage.log_thread.start()
        log = LogWriter(storage.log_thread, IN_ENSEMBLE if config.distributed else ALONE)
    keep_alive, patience_ms = config.client_tcp_keep_alive, config.sessionless_cnxn_timeout_ms
    if tls is None:
        return TurnLoop(core, log, keep_alive, patience_ms)
    handshakes = Handshakes(core.metrics, config.outstanding_handshake_limit, config.tls.handshake_detection_timeout_ms)
    settings = config.tls
    of_clients = ClientTls(
        tls,
        config.client_port_unification,
        checks_clients=settings.verifies_clients,
        by_jdk=settings.fips_mode,
        refuse_revoked=refuse_revoked(settings),
    )
    return TurnLoop(core, log, keep_alive, patience_ms, of_clients, handshakes)


async def serve_clients(loop: TurnLoop) -> None:
    """A pass whenever some socket, or the log, has something."""
    poller = loop.endpoints.poller
    if isinstance(poller, TrioPoller):
        await poller.serve(partial(make_passes, loop))
    wait_readable = trio.lowlevel.wait_readable
    fd = poller.fileno()
    while True:
        await wait_readable(fd)
        make_passes(loop)


def make_passes(loop: TurnLoop) -> None:
    """Something is there."""
    loop.turns()
    loop.set_timer()


async def keep_time(loop: TurnLoop) -> None:
    """A pass whenever a deadline of the core has come, even if no client says anything."""
    while True:
        with trio.CancelScope() as timer:
            loop.start_timer(timer)
            await trio.sleep_forever()
        loop.turn()
