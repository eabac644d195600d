"""LiveChanges: what was just committed as rows of a history, for one visitor."""

from collections.abc import AsyncIterator
from typing import Final

from pyzoo.console.page import PageRequest
from pyzoo.console.past import Recent
from pyzoo.console.past_sight import PastSight
from pyzoo.datatree.paths import path_above
from pyzoo.errors import MalformedRecord
from pyzoo.history.change import KINDS, Change, changes_of
from pyzoo.history.json_form import Json, change_json
from pyzoo.history.query import HistoryQuery
from pyzoo.jute.opcodes import CLOSE_SESSION, MULTI
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import ACL, TxnHeader
from pyzoo.persistence.log_format import decode_txn

MOST_LIVE: Final = 50
"""Transactions of which a visitor is told at a time, and changes of each."""
LARGE: Final = 1 << 14
"""Bytes of a multi or a close from which on it is told as one row: to read it would hold others up."""
ROWS_AT_ONCE: Final = 10


class LiveChanges:
    """Remembers how far somebody was told; `zxid` is the newest transaction of that."""

    def __init__(self, query: HistoryQuery, zxid: int) -> None:
        self._query = query
        self.zxid = zxid

    async def take(self, recent: Recent, asked: PageRequest) -> AsyncIterator[Json]:
        """The rows that the visitor wants and may see, oldest first; clients go on meanwhile."""
        count = 0
        for payload in recent.payloads:
            for change in self._changes(payload):
                row = self._row(change, asked)
                if row is not None:
                    yield row
                count += 1
                if count % ROWS_AT_ONCE == 0:
                    await asked.host.pause()

    def _changes(self, payload: bytes) -> list[Change]:
        header = TxnHeader.decode(InputArchive(payload))
        self.zxid = max(self.zxid, int(header.zxid))
        if self._query.session not in (None, header.client_id):
            return []
        if header.type in (MULTI, CLOSE_SESSION) and len(payload) > LARGE:
            kind = f"{KINDS[header.type]} of {len(payload)} bytes"
            return [Change(header.zxid, header.time, header.client_id, header.cxid, kind)]
        try:
            txn = decode_txn(payload)[1]
        except MalformedRecord:
            return []
        wanted = (change for change in changes_of(header, txn) if self._query.matches(change))
        return [change for change, _ in zip(wanted, range(MOST_LIVE), strict=False)]

    def _row(self, change: Change, asked: PageRequest) -> Json | None:
        """It has just been: the ACL of then is that of now."""
        server = asked.server()
        tree = server.tree
        acl: list[ACL] | None = change.acl if change.sets_acl else None
        parent_acl: list[ACL] | None = None
        if change.path is not None:
            node, parent = tree.get_node(change.path), tree.get_node(path_above(change.path))
            if acl is None and node is not None:
                acl = tree.acl_of(node)
            parent_acl = None if parent is None else tree.acl_of(parent)
        answer = {"changes": [change_json(change, acl, parent_acl)], "hidden": False, "notes": []}
        sight = PastSight(tree, server.access, asked.visitor.ids)
        asked_path = None if self._query.subtree else self._query.path
        rows = sight.history(answer, asked_path, asked.host.past.address_of)["changes"]
        return rows[0] if rows else None
