"""A watch fires before anything that shows what it tells of, once, and only for something that has happened."""

from typing import Final

from attrs import define

from pyzoo.jute import opcodes as op
from pyzoo.jute.records import SetWatches
from pyzoo.sim.checkers.base import Checker, Facts
from pyzoo.sim.client import SimClient
from pyzoo.sim.operation import Operation

CREATED: Final = 1
DELETED: Final = 2
CHANGED: Final = 3
CHILDREN_CHANGED: Final = 4


@define
class _Watches:
    """Of one client: paths with the zxid that each watch was set at."""

    data: dict[str, int]
    missing: dict[str, int]
    children: dict[str, int]
    is_restoring: bool = False


class WatchChecker(Checker):
    """Follows the watches of all clients, also over reconnects."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self.fired = 0
        self._clients: dict[str, _Watches] = {}

    def _of(self, client: SimClient) -> _Watches:
        return self._clients.setdefault(client.name, _Watches({}, {}, {}))

    def session_opened(self, client: SimClient) -> None:
        watches = self._of(client)
        # Between a creation and a deletion that both were missed nothing fires.
        watches.missing.clear()
        watches.is_restoring = False
        client.watches_to_keep = lambda: self._restore(client, watches)

    def _restore(self, client: SimClient, watches: _Watches) -> SetWatches | None:
        if not watches.data and not watches.children:
            return None
        watches.is_restoring = True
        return SetWatches(client.last_zxid, list(watches.data), [], list(watches.children))

    def session_expired(self, client: SimClient) -> None:
        self._clients.pop(client.name, None)

    def disconnected(self, client: SimClient) -> None:
        if client.session_id == 0 or not client.is_running:
            self._clients.pop(client.name, None)

    def replied(self, client: SimClient, operation: Operation) -> None:
        watches = self._of(client)
        if operation.type == op.SET_WATCHES:
            watches.is_restoring = False
        zxid = operation.zxid
        if not watches.is_restoring and zxid > 0:
            self._require_fired(client, watches, zxid, operation)
        if operation.type == op.CLOSE_SESSION:
            self._clients.pop(client.name, None)
        elif operation.watch:
            self._set(watches, operation)

    def _require_fired(self, client: SimClient, watches: _Watches, zxid: int, operation: Operation) -> None:
        for table in (watches.data, watches.missing):
            for path, since in table.items():
                missed = self.ledger.changed_between(path, since, zxid)
                self._require_none(missed, f"{client.name} sees {zxid:#x} by {operation}", path)
        for path, since in watches.children.items():
            missed = self.ledger.children_changed_between(path, since, zxid)
            self._require_none(missed, f"{client.name} sees {zxid:#x} by {operation}", f"the children of {path}")

    def _require_none(self, missed: int, seen: str, what: str) -> None:
        self.require(missed == 0, f"{seen} before the event of {what} at {missed:#x}")

    def _set(self, watches: _Watches, operation: Operation) -> None:
        if operation.type == op.GET_CHILDREN2:
            if operation.error == 0:
                watches.children[operation.path] = operation.zxid
        elif operation.error == 0:
            watches.missing.pop(operation.path, None)
            watches.data[operation.path] = operation.zxid
        elif operation.type == op.EXISTS:
            watches.missing[operation.path] = operation.zxid

    def event(self, client: SimClient, type: int, path: str, zxid: int) -> None:
        self.fired += 1
        watches = self._of(client)
        if type == CHILDREN_CHANGED:
            expected = watches.children.pop(path, None) is not None
        elif type == DELETED:
            was_data = watches.data.pop(path, None) is not None
            expected = (watches.children.pop(path, None) is not None) or was_data
        elif type == CREATED:
            expected = watches.missing.pop(path, None) is not None
        else:
            expected = watches.data.pop(path, None) is not None
        known = self._happened(type, path, zxid)
        self.require(expected or watches.is_restoring or type == CREATED,
                     f"{client.name} hears of {path} (event {type}) without having asked")  # fmt: skip
        self.require(known or watches.is_restoring, f"{client.name} hears of {path} (event {type}) at {zxid:#x}, "
                     "where nothing has happened to it")  # fmt: skip

    def _happened(self, type: int, path: str, zxid: int) -> bool:
        if type == CHILDREN_CHANGED:
            return self.ledger.children_changed_between(path, zxid - 1, zxid) == zxid
        return self.ledger.changed_between(path, zxid - 1, zxid) == zxid
