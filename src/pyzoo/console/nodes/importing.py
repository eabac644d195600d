"""Making the nodes of a document below a path, as `pyzoo cli import` does it.

A node may have children that its ACL does not let the visitor create. So an ACL that is not open gets, until all is
there, one more entry, by which the visitor may create and administer.
"""

from collections.abc import Sequence

from attrs import define, field

from pyzoo.console.nodes.failures import failure_text
from pyzoo.console.nodes.multis import BYTES, PARTS, Submit, all_or_none
from pyzoo.console.nodes.reader import ROOT, Reader, parent_path
from pyzoo.errors import NODEEXISTS, KeeperError
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, CreateRequest, Id, SetACLRequest, SetDataRequest
from pyzoo.server.auth.provider import SUPER
from pyzoo.subtrees.acl_text import OPEN_ACL, Acl
from pyzoo.subtrees.plan import CREATE_AND_ADMIN, Planned

ANY = -1


@define
class Importing:
    """One import under way, and what it has done; `problem` says why it has stopped, empty where it has not."""

    submit: Submit
    ids: Sequence[Id]
    overwrites: bool
    created: int = 0
    overwritten: int = 0
    skipped: int = 0
    problem: str = ""
    closing: list[Planned] = field(factory=list)

    async def run(self, plan: Sequence[Planned], missing: Sequence[str]) -> None:
        """Make the nodes above that are missing, and all of the plan. Raises ChangeFailed."""
        try:
            for path in missing:
                await self._create_above(path)
            parents = {parent_path(each.path) for each in plan}
            for piece in _pieces(plan):
                await self._make(piece, parents)
        except KeeperError as error:
            self.problem = f"{error.path}: {failure_text(error)}"
        for each in reversed(self.closing):
            await self._close(each)

    async def _create_above(self, path: str) -> None:
        try:
            await self.submit(op.CREATE2, CreateRequest(path, b"", _records(OPEN_ACL), 0))
        except KeeperError as error:
            if error.code != NODEEXISTS:
                raise KeeperError(error.code, path) from None

    async def _make(self, piece: Sequence[Planned], parents: set[str]) -> None:
        requests = [CreateRequest(each.path, each.saved.data, self._acl(each, parents), 0) for each in piece]
        if len(requests) > 1 and await all_or_none(self.submit, op.CREATE2, requests):
            self.created += len(requests)
            self._remember(piece, parents)
            return
        for each, request in zip(piece, requests, strict=True):
            try:
                if each.path == ROOT:
                    raise KeeperError(NODEEXISTS, ROOT)
                await self.submit(op.CREATE2, request)
                self.created += 1
                self._remember([each], parents)
            except KeeperError as error:
                if error.code != NODEEXISTS:
                    raise KeeperError(error.code, each.path) from None
                await self._meet(each)

    def _is_opened(self, each: Planned, parents: set[str]) -> bool:
        return each.acl is not None and each.path in parents and tuple(each.acl) != OPEN_ACL

    def _acl(self, each: Planned, parents: set[str]) -> list[ACL]:
        acl = _records(each.acl or OPEN_ACL)
        if self._is_opened(each, parents):
            acl.append(ACL(CREATE_AND_ADMIN, *self._own()))
        return acl

    def _own(self) -> tuple[str, str]:
        """Who the visitor is, by a login if there is one."""
        own = [(id.scheme or "", id.id or "") for id in self.ids if id.scheme != SUPER]
        return next((each for each in own if each[0] != "ip"), own[0] if own else ("world", "anyone"))

    def _remember(self, made: Sequence[Planned], parents: set[str]) -> None:
        self.closing += [each for each in made if self._is_opened(each, parents)]

    async def _meet(self, existing: Planned) -> None:
        """A node is there already; the root's own data and ACL are left alone."""
        if not self.overwrites or existing.path == ROOT:
            self.skipped += 1
            return
        try:
            await self.submit(op.SET_DATA, SetDataRequest(existing.path, existing.saved.data, ANY))
        except KeeperError as error:
            raise KeeperError(error.code, existing.path) from None
        if existing.acl is not None:
            self.closing.append(existing)
        self.overwritten += 1

    async def _close(self, each: Planned) -> None:
        try:
            await self.submit(op.SET_ACL, SetACLRequest(each.path, _records(each.acl or OPEN_ACL), ANY))
        except KeeperError as error:
            self.problem = self.problem or f"{each.path}: its ACL cannot be set. {failure_text(error)}"


def missing_above(reader: Reader, path: str) -> list[str]:
    """The nodes above a path that are not there, the highest first."""
    missing: list[str] = []
    above = parent_path(path)
    while above != ROOT and reader.tree.get_node(above) is None:
        missing.append(above)
        above = parent_path(above)
    return missing[::-1]


def _pieces(plan: Sequence[Planned]) -> list[list[Planned]]:
    """In pieces that a request has room for."""
    pieces: list[list[Planned]] = [[]]
    size = 0
    for each in plan:
        weight = 100 + 3 * len(each.path) + len(each.saved.data or b"") + 64 * len(each.acl or ())
        if pieces[-1] and (size + weight > BYTES or len(pieces[-1]) >= PARTS):
            pieces.append([])
            size = 0
        size += weight
        pieces[-1].append(each)
    return [piece for piece in pieces if piece]


def _records(acl: Sequence[Acl]) -> list[ACL]:
    return [ACL(entry.perms, entry.scheme, entry.id) for entry in acl]
