"""PastSight: what of the past somebody may see.

Both ACLs must allow it, the one of now and the one that the node had then. What a client needs READ for is hidden
without it: data needs READ of the node, and its name READ of the parent, unless that very path was asked for. An ACL
that is not known lets in only who may read everything. Of a node that is gone the nearest that is still there above it
counts for now.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pyzoo.datatree.acl import ADMIN, READ, UNRESOLVED_ACL
from pyzoo.datatree.paths import path_above
from pyzoo.datatree.tree import DataTree
from pyzoo.history.json_form import Json, acl_json, acl_of_json, public
from pyzoo.jute.records import ACL, Id
from pyzoo.server.auth.access_control import AccessControl
from pyzoo.server.requests.operations.node_reads import masked_acl

MOST_ASKED: Final = 8
"""Nodes whose ACL of then is looked for in the logs, for one page."""
AddressOf = Callable[[int], str | None]


class PastSight:
    """The sight of somebody with these ids; `tree` is that of now."""

    def __init__(self, tree: DataTree, access: AccessControl, ids: list[Id]) -> None:
        self._tree = tree
        self._access = access
        self._ids = ids

    # --- what has to be asked first

    def unknown_acls(self, answer: Json) -> list[str]:
        """Nodes that are gone, and whose ACL of then decides over a row and is not known: some of them at least."""
        if self._allows(UNRESOLVED_ACL):
            return []
        found: dict[str, None] = {}
        for row in answer["changes"]:
            if row["path"] is None:
                continue
            for path, then in ((path_above(row["path"]), "_parent_acl_then"), (row["path"], "_acl_then")):
                if row[then] is None and self._tree.get_node(path) is None:
                    found[path] = None
        return list(found)[:MOST_ASKED]

    def learn_acls(self, answer: Json, acls: Mapping[str, Sequence[tuple[int, Any]]]) -> None:
        """Put into an answer what was found of these."""
        for row in answer["changes"]:
            if row["path"] is None:
                continue
            zxid = int(row["zxid"], 16)
            for path, then in ((path_above(row["path"]), "_parent_acl_then"), (row["path"], "_acl_then")):
                if row[then] is None and path in acls:
                    row[then] = _acl_at(acls[path], zxid)

    # --- answers

    def history(self, answer: Json, asked: str | None, address_of: AddressOf) -> Json:
        """An answer about changes; `asked` is the path that was asked for, without those below it."""
        rows = []
        for row in answer["changes"]:
            path = row["path"]
            if path is None or path == asked or self._sees_name(path, row["_parent_acl_then"], int(row["zxid"], 16)):
                row["address"] = address_of(_signed(row["session"]))
                rows.append(self._change(row))
            else:
                answer["hidden"] = True
        return self._shown({**answer, "changes": rows})

    def tree_at(self, answer: Json) -> Json:
        """An answer about a tree of the past."""
        zxid = int(answer["zxid"], 16)
        if answer["node"] is not None:
            answer["node"] = self._node(answer["path"], answer["node"], zxid)
        rows = [row for row in answer["nodes"] if self._sees_name(row["path"], row["_parent_acl_then"], zxid)]
        answer["hidden"] = len(rows) < len(answer["nodes"])
        return self._shown({**answer, "nodes": [self._node(row["path"], row, zxid) for row in rows]})

    def diff(self, answer: Json) -> Json:
        """An answer about a difference: a row only for who may see both sides of it."""
        rows = []
        for row in answer["changes"]:
            sides = [(row[side], int(answer[end]["zxid"], 16)) for side, end in (("before", "from"), ("after", "to"))]
            there = [(side, zxid) for side, zxid in sides if side is not None]
            if all(self._sees_name(row["path"], side["_parent_acl_then"], zxid) for side, zxid in there):
                for side, zxid in there:
                    self._node(row["path"], side, zxid)
                rows.append(row)
            else:
                answer["hidden"] = True
        return self._shown({**answer, "changes": rows})

    def _shown(self, answer: Json) -> Json:
        if answer["hidden"]:
            answer["notes"] = [*answer["notes"], "what you may not read is left out"]
        shown: Json = public(answer)
        return shown

    # --- one row

    def _change(self, row: Json) -> Json:
        path = row["path"]
        if path is None:
            return row
        then = acl_of_json(row["_acl_then"])
        if not self._may_read(path, then, int(row["zxid"], 16)):
            _hide_data(row)
            row["acl"] = None
        elif row["acl"] is not None:
            row["acl"] = self._acl(path, acl_of_json(row["acl"]))
        return row

    def _node(self, path: str, node: Json, zxid: int) -> Json:
        then = acl_of_json(node["_acl_then"])
        if self._may_read(path, then, zxid):
            node["acl"] = self._acl(path, then)
        else:
            _hide_data(node)
            node["acl"] = None
        return node

    def _acl(self, path: str, acl: list[ACL] | None) -> list[dict[str, Any]] | None:
        """An ACL as getACL tells it, who may administer the node now and by this ACL sees all of it."""
        if acl is None:
            return None
        now = self._acl_now(path)
        is_admin = self._access.allows(acl, ADMIN, self._ids) and self._access.allows(now, ADMIN, self._ids)
        return acl_json(acl if is_admin else masked_acl(acl))

    # --- who may read

    def _sees_name(self, path: str, then: Any, zxid: int) -> bool:
        return path == "/" or self._may_read(path_above(path), acl_of_json(then), zxid)

    def _may_read(self, path: str, then: list[ACL] | None, zxid: int) -> bool:
        acl = self._acl_then(path, zxid) if then is None else then
        return self._allows(acl) and self._allows(self._acl_now(path))

    def _acl_then(self, path: str, zxid: int) -> list[ACL]:
        """The ACL that a node had, where it never had another one than now."""
        node = self._tree.get_node(path)
        if node is None or node.czxid > zxid or node.aversion != 0:
            return UNRESOLVED_ACL
        return self._tree.acl_of(node)

    def _acl_now(self, path: str) -> list[ACL]:
        node = self._tree.get_node(path)
        while node is None:
            path = path_above(path)
            node = self._tree.get_node(path)
        return self._tree.acl_of(node)

    def _allows(self, acl: list[ACL]) -> bool:
        return self._access.allows(acl, READ, self._ids)


def _acl_at(told: Sequence[tuple[int, Any]], zxid: int) -> Any:
    """The ACL that was in force then, if it is told; of a node that went in this very transaction the one before."""
    for changed, acl in told:
        if changed > zxid or (changed == zxid and acl is None):
            continue
        return acl
    return None


def _hide_data(row: Json) -> None:
    if row["size"] is not None:
        row.update(data=None, text=None, data_cut=False, data_hidden=True)


def _signed(session: str) -> int:
    pattern = int(session, 16)
    return pattern - (1 << 64) if pattern >= 1 << 63 else pattern
