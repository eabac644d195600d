"""Deleting a node, alone or with all below it: first it is said how much that is."""

from typing import Final

from starlette.responses import Response

from pyzoo.console.nodes.counting import Amount, count
from pyzoo.console.nodes.deleting import Deletion, delete_subtree
from pyzoo.console.nodes.reader import parent_path
from pyzoo.console.page import POST, Action, PageRequest
from pyzoo.console.pages.tree_forms import Refused, done, form_page, submit_of, tried, version_of
from pyzoo.console.pages.tree_place import BUILT_IN, not_shown, path_asked, places, reader_of
from pyzoo.console.visitor import Role
from pyzoo.datatree.node import DataNode
from pyzoo.errors import BADVERSION, KeeperError, MalformedInput
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import DeleteRequest
from pyzoo.zxid import zxid_text

DELETE_URL: Final = "/console/tree/delete"
MORE_SINCE: Final = "There are {now:,} nodes now, and were {then:,}. Look again whether all of them may go."


def _now_ms(asked: PageRequest) -> int:
    return int(asked.server().now_ms)


async def _amount(asked: PageRequest, path: str) -> Amount:
    return await count(reader_of(asked), path, lambda: _now_ms(asked), asked.host.pause)


async def confirm(asked: PageRequest) -> Response:
    """What would be deleted."""
    path = path_asked(asked)
    try:
        reader_of(asked).node(path)
        return await _confirmation(asked, path, None)
    except KeeperError as error:
        return not_shown(asked, path, error)


async def _confirmation(asked: PageRequest, path: str, refused: Refused | None) -> Response:
    """Raises KeeperError when it is gone."""
    amount = await _amount(asked, path)
    node: DataNode = reader_of(asked).node(path)
    return form_page(
        asked,
        "tree_delete.html",
        refused,
        **places(path),
        amount=amount,
        data_version=int(node.version),
        czxid=zxid_text(int(node.czxid)),
        is_alone=amount.nodes == 1 and not amount.refused,
        built_in=path in BUILT_IN,
        parent=parent_path(path),
    )


async def delete(asked: PageRequest) -> Response:
    """Delete what was confirmed, and no more than that."""
    path, form = path_asked(asked), asked.form
    progress: Deletion | None = None
    try:
        expected = int(form.get("nodes", "0"))
    except ValueError:
        expected = 0

    async def change() -> None:
        nonlocal progress
        node = reader_of(asked).node(path)
        if form.get("czxid") != zxid_text(int(node.czxid)):
            raise KeeperError(BADVERSION, path)
        if not form.get("recursive"):
            await submit_of(asked)(op.DELETE, DeleteRequest(path, version_of(asked)))
            return
        if expected and not form.get("go_on"):
            amount = await _amount(asked, path)
            if amount.nodes > expected:
                raise MalformedInput(MORE_SINCE.format(now=amount.nodes, then=expected))
        progress = await delete_subtree(
            reader_of(asked), path, submit_of(asked), lambda: _now_ms(asked), asked.host.pause
        )

    refused = await tried(asked, change)
    if progress is not None and (not progress.is_over or progress.problem):
        return _progress(asked, path, progress)
    if refused is None:
        return done(asked, parent_path(path), "deleted")
    try:
        return await _confirmation(asked, path, refused)
    except KeeperError as error:
        return not_shown(asked, path, error)


def _progress(asked: PageRequest, path: str, progress: Deletion) -> Response:
    before = asked.form.get("deleted", "0")
    total = progress.deleted + (int(before) if before.isascii() and before.isdigit() and len(before) < 12 else 0)
    status = 200 if not progress.problem else 409
    return asked.page(
        "tree_deleting.html",
        status,
        **places(path),
        progress=progress,
        deleted=total,
        czxid=asked.form.get("czxid", ""),
        parent=parent_path(path),
    )


ACTIONS: Final = (
    Action(DELETE_URL, confirm, role=Role.WRITER),
    Action(DELETE_URL, delete, POST, Role.WRITER),
)
