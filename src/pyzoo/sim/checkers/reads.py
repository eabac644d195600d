"""A read shows the history exactly as it is at the zxid of its answer, and after a sync not an older one."""

from pyzoo import errors as err
from pyzoo.jute import opcodes as op
from pyzoo.sim.checkers.base import Checker, Facts
from pyzoo.sim.client import SimClient
from pyzoo.sim.operation import Operation
from pyzoo.zxid import epoch_of


class ReadChecker(Checker):
    """Also for syncs: what is answered after one is as new as what was known when it was asked for."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self.checked = 0
        self._fresh: dict[str, int] = {}

    def sent(self, client: SimClient, operation: Operation) -> None:
        operation.fresh_zxid = self._fresh.get(client.name, 0)

    def disconnected(self, client: SimClient) -> None:
        self._fresh.pop(client.name, None)

    def replied(self, client: SimClient, operation: Operation) -> None:
        if operation.type == op.SYNC and operation.error == 0:
            self._fresh[client.name] = operation.floor_zxid
            return
        if operation.path.startswith("/zookeeper"):
            return
        if operation.type not in (op.GET_DATA, op.EXISTS, op.GET_CHILDREN2) or operation.error not in (0, err.NONODE):
            return
        self.checked += 1
        zxid, path = operation.zxid, operation.path
        # A leader that has been replaced and does not know it yet answers syncs at once, as Apache's does.
        self.require(
            zxid >= operation.fresh_zxid or epoch_of(operation.fresh_zxid) > epoch_of(zxid),
            f"{operation} shows {zxid:#x}, but a sync before it has made sure of {operation.fresh_zxid:#x}",
        )
        state = self.ledger.state(path, zxid)
        self.require(
            state.exists == (operation.error == 0),
            f"{operation} was answered {operation.error} at {zxid:#x}, where the node is {state}",
        )
        if not state.exists:
            return
        stat = operation.stat
        assert stat is not None
        self.require(
            (stat.version, stat.czxid, stat.ephemeral_owner) == (state.version, state.czxid, state.shown_owner),
            f"{operation} shows version {stat.version} of {stat.czxid:#x} at {zxid:#x}, where the node is {state}",
        )
        if operation.type == op.GET_DATA:
            self.require(operation.found == state.data, f"{operation} shows {operation.found!r}, not {state.data!r}")
        elif operation.names is not None:
            expected = self.ledger.children_of(path, zxid)
            self.require(
                set(operation.names) == expected and len(operation.names) == len(expected),
                f"{operation} lists {sorted(operation.names)} at {zxid:#x}, not {sorted(expected)}",
            )
