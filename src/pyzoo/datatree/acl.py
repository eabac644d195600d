"""ACLs, kept once each under a number.

Nodes hold the number, so a million nodes with the same ACL share it (ReferenceCountedACLCache). The open ACL
is always -1, also when a client spells it out: reads then need no look-up.
"""

from typing import Final, final

from mypy_extensions import i64

from pyzoo.jute.records import ACL

READ: Final = 1
WRITE: Final = 2
CREATE: Final = 4
DELETE: Final = 8
ADMIN: Final = 16
ALL: Final = 31

OPEN_UNSAFE_ID: Final = -1
OPEN_ACL_UNSAFE: Final[list[ACL]] = [ACL(ALL, "world", "anyone")]
READ_ACL_UNSAFE: Final[list[ACL]] = [ACL(READ, "world", "anyone")]
UNRESOLVED_ACL: Final[list[ACL]] = [ACL(0, "world", "anyone")]
"""Stands for a number that no snapshot explained: nobody but `super` passes it."""

_Key = tuple[tuple[int, str | None, str | None], ...]


def is_open(acl: list[ACL]) -> bool:
    """Whether it is the open ACL, spelled out or not."""
    if acl is OPEN_ACL_UNSAFE:
        return True
    if len(acl) != 1:
        return False
    entry = acl[0]
    return entry.perms == ALL and entry.id == "anyone" and entry.scheme == "world"


def _key_of(acl: list[ACL]) -> _Key:
    return tuple([(entry.perms, entry.scheme, entry.id) for entry in acl])


@final
class ACLCache:
    """The ACLs in use, by number; each number knows how many nodes use it."""

    def __init__(self) -> None:
        self._acls: dict[int, list[ACL]] = {}
        self._ids: dict[_Key, int] = {}
        self._uses: dict[int, int] = {}
        self._open_ids: set[int] = set()
        self._last_id: i64 = 0

    def __len__(self) -> int:
        return len(self._acls)

    def acl_id_for(self, acl: list[ACL] | None) -> i64:
        """The number of an ACL, with one more use; null is the open ACL."""
        if acl is None or is_open(acl):
            return OPEN_UNSAFE_ID
        key = _key_of(acl)
        known = self._ids.get(key)
        if known is not None:
            self._uses[known] = self._uses.get(known, 0) + 1
            return known
        self._last_id += 1
        new = self._last_id
        self._acls[new] = acl
        self._ids[key] = new
        # Nodes that were loaded may have this number already: the snapshot had them before the ACL.
        self._uses[new] = self._uses.get(new, 0) + 1
        return new

    def acl_for(self, acl_id: i64) -> list[ACL]:
        """The ACL of a number; not to be changed by the caller."""
        if acl_id == OPEN_UNSAFE_ID:
            return OPEN_ACL_UNSAFE
        acl = self._acls.get(acl_id)
        return UNRESOLVED_ACL if acl is None else acl

    def add_use(self, acl_id: i64) -> i64:
        """Count a loaded node; returns the number to keep in it: -1 for every number of the open ACL.

        A number that is not known yet counts too: the replay of a create will explain it.
        """
        if acl_id == OPEN_UNSAFE_ID or acl_id in self._open_ids:
            return OPEN_UNSAFE_ID
        self._uses[acl_id] = self._uses.get(acl_id, 0) + 1
        return acl_id

    def remove_use(self, acl_id: i64) -> None:
        """A node has gone or got another ACL; an ACL without uses is forgotten."""
        if acl_id != OPEN_UNSAFE_ID:
            self.remove_uses(acl_id, 1)

    def remove_uses(self, acl_id: i64, count: i64) -> None:
        """So many nodes that had this ACL are gone or have another one."""
        uses = self._uses.get(acl_id)
        if uses is None:
            return
        if uses > count:
            self._uses[acl_id] = uses - count
            return
        del self._uses[acl_id]
        self._forget(acl_id)

    def _forget(self, acl_id: int) -> None:
        acl = self._acls.pop(acl_id, None)
        if acl is not None:
            key = _key_of(acl)
            if self._ids.get(key) == acl_id:
                del self._ids[key]

    def purge_unused(self) -> None:
        """Forget what no node uses, after a snapshot is loaded."""
        for acl_id in list(self._acls):
            if acl_id not in self._uses:
                self._forget(acl_id)

    def put(self, acl_id: i64, acl: list[ACL]) -> None:
        """An entry of a snapshot's map; new numbers continue after the largest."""
        if acl_id > self._last_id:
            self._last_id = acl_id
        if is_open(acl):
            self._open_ids.add(acl_id)
            return
        self._acls[acl_id] = acl
        self._ids[_key_of(acl)] = acl_id

    def items(self) -> list[tuple[int, list[ACL]]]:
        """All numbers and ACLs, for a snapshot; to be taken before its nodes are walked."""
        return list(self._acls.items())

    def clear(self) -> None:
        """Forget all ACLs and how often they are used, before a snapshot is loaded."""
        self._acls.clear()
        self._ids.clear()
        self._uses.clear()
        self._open_ids.clear()
        self._last_id = 0
