"""LongMulti: a multi of very many parts while it is applied, over several turns."""

from typing import Final, final

from mypy_extensions import i32, i64

from pyzoo.datatree.changes import NodeChanges
from pyzoo.datatree.long_txn import LongTxn
from pyzoo.datatree.paths import ZOOKEEPER_SUBTREE, path_above
from pyzoo.datatree.txn_result import ProcessTxnResult, decode_part
from pyzoo.errors import MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import (
    CheckVersionTxn,
    CreateContainerTxn,
    CreateTTLTxn,
    CreateTxn,
    DeleteTxn,
    MultiTxn,
    SetDataTxn,
    TxnHeader,
)

PART_UNITS: Final = 20
"""Units of work to apply a part and to answer it."""
_READ_UNITS: Final = 6
_LOOK_UNITS: Final = 3
_EVENT_UNITS: Final = 3


def path_of_txn(txn: Record) -> str | None:
    """The path of a part."""
    if isinstance(txn, CreateTxn):
        return txn.path
    if isinstance(txn, DeleteTxn):
        return txn.path
    if isinstance(txn, SetDataTxn):
        return txn.path
    if isinstance(txn, CheckVersionTxn):
        return txn.path
    if isinstance(txn, CreateTTLTxn):
        return txn.path
    if isinstance(txn, CreateContainerTxn):
        return txn.path
    return None


@final
class LongMulti(LongTxn):
    """What is left to do of one; `result` gets what comes of it.

    Its parts, none of which is an error, are `txns` with their `types`, or those of `multi`, which are read first.
    """

    def __init__(
        self,
        tree: NodeChanges,
        header: TxnHeader,
        multi: MultiTxn | None,
        types: list[int],
        txns: list[Record],
        result: ProcessTxnResult,
    ) -> None:
        paths: dict[str, None] = {}
        parents: dict[str, None] = {}
        super().__init__(tree, header.client_id, header.zxid, paths, parents)
        self._tree = tree
        self._header = header
        self._multi = multi
        self._types = types
        self._txns = txns
        self._result = result
        self._results: list[ProcessTxnResult] = []
        self._count: i64 = len(types) if multi is None else len(multi.txns or [])
        self._paths = paths
        self._parents = parents
        self._looked_at: i64 = 0
        self._applied: i64 = 0
        # With quotas, what is below /zookeeper changes too.
        self._hides_system = tree.quotas.is_needed
        self._digest: i64 = 0
        result.results = self._results

    @property
    def has_begun(self) -> bool:
        return self._looked_at == self._count

    def hides(self, path: str) -> bool:
        if self.has_begun and self._hides_system and path.startswith(ZOOKEEPER_SUBTREE):
            return True
        return super().hides(path)

    def step(self, units: i64) -> i64:
        if self._looked_at < self._count:
            return self._look(units)
        return self._apply(units)

    # --- which nodes it is about

    def _look(self, units: i64) -> i64:
        multi = self._multi
        at: i64 = self._looked_at
        used: i64 = 0
        while at < self._count and used < units:
            if multi is not None and not self._read(multi, at):
                self._results.clear()
                self._end()
                return used + 1
            self._add_path(path_of_txn(self._txns[at]))
            used += _LOOK_UNITS if multi is None else _READ_UNITS
            at += 1
        self._looked_at = at
        if at == self._count and not self._hides_system:
            self._promise()
        return used

    def _read(self, multi: MultiTxn, at: i64) -> bool:
        """Read the next part; False where it is not readable: such a multi has no effect."""
        txns = multi.txns
        assert txns is not None
        part = txns[at]
        try:
            self._txns.append(decode_part(part.type, part.data))
        except MalformedRecord:
            return False
        self._types.append(part.type)
        return True

    def _add_path(self, path: str | None) -> None:
        if path is None:
            return
        self._paths[path or "/"] = None
        self._parents[path_above(path)] = None
        if path.startswith(ZOOKEEPER_SUBTREE):
            self._hides_system = True

    # --- what it does to them

    def _apply(self, units: i64) -> i64:
        tree = self._tree
        owed = tree.owed
        if self._applied == 0 and owed.is_pending:
            # What is older has to be told first.
            return owed.tell(units)
        before = tree.tree_digest
        owed.collects = True
        owed.is_promised = self.later.is_open
        sink = self._result.sink
        at: i64 = self._applied
        used: i64 = 0
        while at < self._count and used < units:
            told = tree.events_told
            type: i32 = self._types[at]
            part = ProcessTxnResult(type)
            tree.apply(self._header, type, self._txns[at], part)
            if sink is not None:
                sink.add(part)
            if sink is None or sink.keeps:
                self._results.append(part)
            if part.err != 0 and self._result.err == 0:
                self._result.err = part.err
            used += PART_UNITS + _EVENT_UNITS * (tree.events_told - told)
            at += 1
        owed.collects = False
        owed.is_promised = False
        self._applied = at
        self._digest += tree.tree_digest - before
        tree.tree_digest = before
        if used == 0:
            self._end()
        # The end has a turn of its own: the answer to very many parts takes as long as many of them.
        return used if at < self._count else max(used, units)

    def _end(self) -> None:
        self._keep_promise()
        self.is_done = True
        self._tree.tree_digest += self._digest
        self._tree.close_ended()


def is_long(multi: MultiTxn | None, types: list[int], more_than: i64) -> bool:
    """Whether a multi costs more than so many units and has no error, which would leave nothing to do."""
    count: i64 = len(types) if multi is None else len(multi.txns or [])
    if count * PART_UNITS <= more_than:
        return False
    if multi is None:
        return op.ERROR not in types
    for part in multi.txns or []:
        if part.type == op.ERROR:
            return False
    return True
