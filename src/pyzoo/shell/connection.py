"""The session: kazoo's client, taught what a shell needs of it.

- Every event is told, with its zxid, also those of persistent watches and of removed ones.
- Watches are set again on a new connection, as Java clients do.
- An answer carries ZooKeeper's error code, whichever it is.
- A request made while no server can be reached fails when all servers have been tried once, not at a time-out.
- A session that has expired, or was refused its credentials, ends; no new one takes its place in silence.
"""

import logging
import socket
import struct
from contextlib import suppress
from typing import Any, Final

from kazoo.client import KazooClient
from kazoo.exceptions import AuthFailedError, ConnectionDropped, KazooException, SessionExpiredError
from kazoo.protocol.connection import CLOSE_RESPONSE, STOP_CONNECTING, WATCH_XID
from kazoo.protocol.serialization import SASL, Auth, Close, CloseInstance, Watch
from kazoo.protocol.states import KeeperState
from kazoo.retry import ForceRetryError

from pyzoo import errors as codes
from pyzoo.errors import KeeperError, SaslFailure
from pyzoo.shell.closer_look import look_closer
from pyzoo.shell.errors import code_name
from pyzoo.shell.events import EventThread
from pyzoo.shell.failures import (
    NO_ZOOKEEPER,
    Failures,
    name_is_unknown,
    reason_of,
)
from pyzoo.shell.frames import MAX_XID, FrameConnection
from pyzoo.shell.paths import with_chroot, without_chroot
from pyzoo.shell.requests import SetWatches, batches_of
from pyzoo.shell.security import NOT_SAFE, Security, TlsHandler, log_in
from pyzoo.shell.watches import EVENT_TYPES, EventType, Watches

SET_WATCHES_XID: Final = -8
SET_WATCHES_MAX: Final = 128 * 1024
"""Characters of paths in one setWatches request (ClientCnxn)."""
RETRY_S: Final = 0.3
EXPIRED: Final = "the session has expired: its servers had not heard of this shell for too long"
STOP_S: Final = 1.0
"""How long an end waits for the thread that looks for a server: it may hang in a connect."""
STOPPED: Final = frozenset({KeeperState.CLOSED, KeeperState.EXPIRED_SESSION, KeeperState.AUTH_FAILED})
SESSION_EVENTS: Final = {
    KeeperState.CONNECTED: "SyncConnected",
    KeeperState.CONNECTED_RO: "ConnectedReadOnly",
    KeeperState.CONNECTING: "Disconnected",
    KeeperState.EXPIRED_SESSION: "Expired",
    KeeperState.AUTH_FAILED: "AuthFailed",
    KeeperState.CLOSED: "Closed",
}

_logger = logging.getLogger("pyzoo.shell.kazoo")
_logger.addHandler(logging.NullHandler())
_logger.propagate = False


class _Connection(FrameConnection):
    """One connection after another to one server or another."""

    client: "Session"
    _event_zxid = -1

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Not None is what has kazoo log in; how is this class's own business.
        self.sasl_options: dict[str, str] | None = None if self.client.login is None else {}

    def _read_header(self, timeout: float) -> Any:
        header, data, offset = super()._read_header(timeout)
        if header.xid == WATCH_XID:
            self._event_zxid = header.zxid
        return header, data, offset

    def _read_watch_event(self, data: bytes, offset: int) -> None:
        watch, _ = Watch.deserialize(data, offset)
        type = EVENT_TYPES.get(watch.type)
        if type is not None:
            self.client.watch_fired(type, watch.path, self._event_zxid)

    def _read_response(self, header: Any, data: bytes, offset: int) -> Any:
        if header.xid == SET_WATCHES_XID:
            return None
        request, answer, xid = self.client._pending.popleft()
        if header.zxid > 0:
            self.client.last_zxid = header.zxid
        if header.xid != xid:
            if answer is not None:
                answer.set_exception(KeeperError(codes.CONNECTIONLOSS))
            raise ConnectionDropped(f"answer {header.xid} came where {xid} was next")
        if isinstance(request, Close):
            return CLOSE_RESPONSE
        self.client.remember_watch(request, header.err)
        if header.err:
            answer.set_exception(KeeperError(header.err))
        else:
            try:
                answer.set(request.deserialize(data, offset))
            except (ValueError, struct.error):
                answer.set_exception(KeeperError(codes.MARSHALLINGERROR))
        return None

    def _connect(self, host: str, hostip: str, port: int) -> Any:
        self._incoming.clear()
        read_timeout, connect_timeout = self._greet(host, hostip, port)
        if self.client._stopped.is_set():
            self._submit(CloseInstance, connect_timeout / 1000.0, 1)
            raise ConnectionDropped("the shell has ended meanwhile")
        for request in self.client.watches_to_set():
            self._submit(request, connect_timeout / 1000.0, SET_WATCHES_XID)
        return read_timeout, connect_timeout

    def _authenticate_with_sasl(self, host: str, timeout: float) -> None:
        """Log in; raises AuthFailedError for a login that is refused, at either end."""
        login = self.client.login
        assert login is not None
        try:
            log_in(login.new_client(host), lambda token: self._ask_sasl(token, timeout))
        except SaslFailure as error:
            raise AuthFailedError(str(error)) from None
        self.client.has_logged_in()

    def _ask_sasl(self, token: bytes, timeout: float) -> bytes:
        self._xid = xid = self._xid % MAX_XID + 1
        self._submit(SASL(token), timeout, xid)
        header, data, offset = self._read_header(timeout)
        if header.xid != xid:
            raise ConnectionDropped(f"answer {header.xid} came where {xid} was next")
        if header.err:
            raise SaslFailure("the server refuses it" if header.err == codes.AUTHFAILED else code_name(header.err))
        challenge, _ = SASL.deserialize(data, offset)
        return challenge or b""

    def _greet(self, host: str, hostip: str, port: int) -> Any:
        """Connect, and note why not."""
        failures = self.client.failures
        self._is_connecting = True
        self.server = (host, port)
        try:
            found = super()._connect(host, hostip, port)
        except SessionExpiredError:
            failures.note_end(EXPIRED)
            raise
        except AuthFailedError as error:
            failures.note_login(str(error))
            raise
        except (KazooException, self.handler.timeout_exception) as error:
            failures.note(host, port, reason_of(error), hostip)
            raise
        except (struct.error, ValueError, IndexError) as error:
            failures.note(host, port, NO_ZOOKEEPER, hostip)
            raise ConnectionDropped(NO_ZOOKEEPER) from error
        finally:
            self._is_connecting = False
        failures.clear()
        return found

    def _expand_client_hosts(self) -> Any:
        found = super()._expand_client_hosts()
        known = {host for host, _, _ in found}
        for host, port in self.client.hosts:
            if host.strip() not in known:
                try:
                    socket.getaddrinfo(host.strip(), port, 0, 0, socket.IPPROTO_TCP)
                except OSError as error:
                    self.client.failures.note(host.strip(), port, name_is_unknown(error))
        return found

    def _connect_attempt(self, host: str, hostip: str, port: int, retry: Any) -> Any:
        status = super()._connect_attempt(host, hostip, port, retry)
        return status if self.client.alive else STOP_CONNECTING

    def _connect_loop(self, retry: Any) -> Any:
        try:
            return super()._connect_loop(retry)
        except ForceRetryError:
            self.client.fail_waiting()
            raise


class Session(KazooClient):
    """A session with one server of `hosts` (`host:port,host:port/chroot`); `timeout_ms` is asked for, servers decide.

    Events go to `events`; those that came before an answer are shown before it.
    """

    def __init__(
        self,
        hosts: str,
        timeout_ms: int,
        events: EventThread,
        read_only: bool = False,
        security: Security = NOT_SAFE,
    ) -> None:
        self.login = security.login
        self.is_plain = security.tls is None
        self._tls = security.tls
        super().__init__(
            hosts,
            timeout=timeout_ms / 1000,
            read_only=read_only,
            handler=None if security.tls is None else TlsHandler(security.tls),
            # Without a backoff that outweighs it, kazoo's jitter shrinks the pauses to nothing.
            connection_retry={"max_tries": -1, "delay": RETRY_S, "backoff": 2, "max_delay": RETRY_S},
            logger=_logger,
        )
        self._connection = _Connection(self, self._conn_retry.copy(), logger=_logger)
        self.failures: Failures = Failures()
        self._events = events
        self._watches = Watches()
        self._last_event = "Disconnected"
        self._ended_as: str | None = None

    def open(self) -> None:
        """Begin to connect; requests may be made at once, they wait for a connection."""
        self._session_callback(KeeperState.CONNECTING)
        self.start_async()

    def wait_until_connected(self, seconds: float) -> bool:
        """Whether there is a connection within that time."""
        return bool(self._live.wait(seconds))

    def end(self) -> None:
        """Close the session; one that is held up on its way to a server is not waited for."""
        if self.connected:
            with suppress(KazooException):
                self.stop()
                self.close()
            return
        self._stopped.set()
        if self.alive:
            self._session_callback(KeeperState.CLOSED)
        if self._connection.connection_stopped.wait(STOP_S):
            self._safe_close()
            self.close()

    def why_not_connected(self) -> list[str]:
        """A line for each server that could not be reached, or why the session has ended; may take a moment."""
        return self.failures.lines(lambda host, port: look_closer(host, port, self._tls))

    @property
    def ended(self) -> bool:
        """Whether the session has expired, or was refused its credentials."""
        return self._ended_as is not None

    @property
    def refused(self) -> bool:
        """Whether the session has ended because the server refused credentials."""
        return bool(self._ended_as == KeeperState.AUTH_FAILED)

    @property
    def alive(self) -> bool:
        """Whether there is a session, or one may come about."""
        return self._state not in STOPPED and not self.ended

    @property
    def state_name(self) -> str:
        """The state as Java clients name it."""
        state = self._ended_as or self._state
        names = {KeeperState.CONNECTED_RO: "CONNECTEDREADONLY", KeeperState.EXPIRED_SESSION: "CLOSED"}
        return names.get(state, str(state))

    def submit(self, request: Any) -> Any:
        """Send a request; returns the promise that `result_of` waits for."""
        answer = self.handler.async_result()
        self._call(request, answer)
        return answer

    def result_of(self, answer: Any, path: str, timeout_s: float | None = None) -> Any:
        """Wait for an answer; raises KeeperError for `path`, with OPERATIONTIMEOUT when there is none in time."""
        try:
            result = answer.get(timeout=timeout_s)
        except KeeperError as error:
            raise KeeperError(error.code, path) from None
        except KazooException as error:
            raise KeeperError(getattr(error, "code", codes.CONNECTIONLOSS), path) from None
        except self.handler.timeout_exception:
            raise KeeperError(codes.OPERATIONTIMEOUT, path) from None
        finally:
            self._events.settle()
        return result

    def authenticate(self, scheme: str, credential: str | None) -> None:
        """Add credentials, for later connections too; refused ones end the session, and an event says so."""
        self.auth_data.add((scheme, credential))
        try:
            self.result_of(self.submit(Auth(0, scheme, credential)), "")
        except KeeperError as error:
            if error.code == codes.AUTHFAILED:
                self.failures.note_login(f"the server refuses these credentials, or does not know the scheme {scheme}")

    @property
    def server(self) -> tuple[str, int]:
        """Host and port of the server that this is, or was last, connected to, as the connect string has them."""
        return self._connection.server

    def credentials(self) -> str | None:
        """Those that were added, as an Authorization header has them; of several one, digest before others."""
        known = [(scheme != "digest", scheme, text) for scheme, text in self.auth_data if text and text.isprintable()]
        return None if not known else " ".join(min(known)[1:])

    def server_path(self, path: str) -> str:
        """What the server calls a node."""
        return with_chroot(self.chroot, path)

    def client_path(self, path: str) -> str:
        """What the user calls a node."""
        return without_chroot(self.chroot, path)

    def remove_watches(self, request: Any, path: str, local: bool) -> None:
        """Remove watches at the server and here; `local` without the server where there is no connection.

        Raises KeeperError, NOWATCHER where there are none. The rules of ZKWatchManager.removeWatcher.
        """
        lost = False
        try:
            self.result_of(self.submit(request), path)
        except KeeperError as error:
            if not local:
                raise
            lost = error.code in (codes.CONNECTIONLOSS, codes.SESSIONEXPIRED)
        removed = self._watches.remove(request.watcher_type, path)
        if not removed:
            raise KeeperError(codes.NOWATCHER, path)
        for type in removed:
            self._events.put("Disconnected" if lost else "SyncConnected", type.title, path, -1)

    # --- called by the connection's thread

    def has_logged_in(self) -> None:
        """The server knows who this is."""
        self._events.put("SaslAuthenticated", "None", None, -1)

    def watch_fired(self, type: EventType, server_path: str, zxid: int) -> None:
        """An event came from the server."""
        path = self.client_path(server_path)
        if self._watches.fire(type, path):
            self._events.put("SyncConnected", type.title, path, zxid)

    def remember_watch(self, request: Any, error: int) -> None:
        """A request was answered: it may have set a watch."""
        watching = getattr(request, "watching", None)
        way = None if watching is None else watching(error)
        if way is not None:
            self._watches.add(way, self.client_path(request.path))

    def watches_to_set(self) -> list[SetWatches]:
        """The requests that set all watches again."""
        known = [(way, self.server_path(path)) for way, paths in self._watches.paths.items() for path in sorted(paths)]
        return [SetWatches(self.last_zxid, piece) for piece in batches_of(known, SET_WATCHES_MAX)]

    def fail_waiting(self) -> None:
        """All servers have been tried: whoever waits for one is told so."""
        self._notify_pending(self._state)

    def _session_callback(self, state: str) -> None:
        over = self.ended or self._last_event == "Closed"
        if state in (KeeperState.EXPIRED_SESSION, KeeperState.AUTH_FAILED):
            self._ended_as = state
        super()._session_callback(state)
        if state in STOPPED:
            self._watches.clear()
        event = SESSION_EVENTS[state]
        if event != self._last_event and not over:
            self._last_event = event
            self._events.put(event, "None", None, -1)
