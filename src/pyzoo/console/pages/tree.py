"""The tree: a node with what it holds, and a page of its children."""

from typing import Final

from attrs import frozen
from starlette.responses import Response

from pyzoo.console.nodes.acl_words import acl_line, acl_words
from pyzoo.console.nodes.child_page import ChildPage, PageWanted, child_page
from pyzoo.console.nodes.data_text import MOST_TEXT, DataView, view_of
from pyzoo.console.nodes.node_view import (
    URL,
    ChildLine,
    child_line,
    kind_name,
    linked,
    stat_values,
    ttl_ms,
)
from pyzoo.console.nodes.quota_view import QuotaView, quota_of
from pyzoo.console.nodes.reader import Reader, name_of, parent_path
from pyzoo.console.page import Action, Page, PageRequest
from pyzoo.console.pages import tree_create, tree_delete, tree_edit, tree_transfer
from pyzoo.console.pages.tree_place import BUILT_IN, disposition, not_shown, path_asked, places, reader_of, settled
from pyzoo.console.rendering import link
from pyzoo.console.times import iso_text
from pyzoo.datatree.acl import ADMIN, CREATE, DELETE, WRITE
from pyzoo.datatree.ephemeral_type import EPHEMERAL
from pyzoo.datatree.node import DataNode
from pyzoo.errors import KeeperError
from pyzoo.jute.records import ACL
from pyzoo.subtrees.values import Json, data_json
from pyzoo.zxid import zxid_text

API_URL: Final = "/console/api/tree"
DATA_URL: Final = "/console/tree/data"
MOST_CHILDREN: Final = 200
CHILDREN_A_PAGE: Final = 100
MOST_LIVE: Final = 1000
"""Children of a node whose page is got again with each change: that of one with more would cost too much."""


@frozen(eq=False)
class NodeShown:
    """A node at one moment, with a page of its children."""

    path: str
    reader: Reader
    node: DataNode
    page: ChildPage
    lines: list[ChildLine]

    @property
    def acl(self) -> list[ACL] | None:
        """The ACL, None where the visitor may not see that."""
        try:
            return self.reader.acl(self.path, self.node)
        except KeeperError:
            return None


async def node_shown(asked: PageRequest, path: str) -> NodeShown:
    """The node, and the children that the parameters ask for. Raises KeeperError and PageError."""
    given = asked.parameters
    wanted = PageWanted(
        asked.number("limit", CHILDREN_A_PAGE, 1, MOST_CHILDREN),
        given.get("after", ""),
        given.get("before", ""),
        "last" in given,
        given.get("matching", ""),
    )
    page = await child_page(reader_of(asked).readable(path), wanted, asked.host.pause)
    await settled(asked, path)
    # It may have been deleted meanwhile, or be another one.
    reader = reader_of(asked)
    node = reader.readable(path)
    lines = [line for child in page.paths if (line := child_line(reader, child)) is not None]
    return NodeShown(path, reader, node, page, lines)


# --- as a page


async def show(asked: PageRequest) -> Response:
    """The page."""
    path = path_asked(asked)
    try:
        shown = await node_shown(asked, path)
    except KeeperError as error:
        return not_shown(asked, path, error)
    node, reader = shown.node, shown.reader
    stat = node.stat()
    acl = shown.acl
    return asked.page(
        "tree.html",
        **places(path),
        stat=stat_values(stat),
        kind=kind_name(node),
        ttl_ms=ttl_ms(node),
        data=_data_view(asked, node),
        acl=None if acl is None else acl_words(acl),
        quota=quota_of(reader, path),
        children=shown.page,
        lines=shown.lines,
        matching=asked.parameters.get("matching", ""),
        paging=_paging(asked, path, shown.page),
        may=_may(reader, path, node),
        done=asked.parameters.get("done", ""),
        linked=linked,
        is_live=shown.page.total <= MOST_LIVE,
    )


def _data_view(asked: PageRequest, node: DataNode) -> DataView | None:
    if node.data is None:
        return None
    begin = asked.number("begin", 0, 0, len(node.data))
    return view_of(node.data, asked.parameters.get("form", ""), begin)


def _paging(asked: PageRequest, path: str, page: ChildPage) -> list[tuple[str, str | None]]:
    """The links below the list of children, for what there is more than a page of."""
    if not page.has_earlier and not page.has_later:
        return []
    kept = {name: asked.parameters.get(name) for name in ("matching", "limit", "form")}
    names = [name_of(child) for child in page.paths]
    first = link(URL, path=path, **kept)
    earlier = link(URL, path=path, before=names[0], **kept) if names else first
    later = link(URL, path=path, after=names[-1], **kept) if names else first
    last = link(URL, path=path, last=1, **kept)
    back, on = page.has_earlier, page.has_later
    return [
        ("First", first if back else None),
        ("Earlier", earlier if back else None),
        ("Later", later if on else None),
        ("Last", last if on else None),
    ]


def _may(reader: Reader, path: str, node: DataNode) -> dict[str, bool]:
    """What the ACLs let the visitor do; whether somebody may write at all is another question."""
    above = reader.tree.get_node(parent_path(path))
    return {
        "edit": reader.may(node, WRITE),
        "create": node.kind != EPHEMERAL and reader.may(node, CREATE),
        "delete": path not in BUILT_IN and above is not None and reader.may(above, DELETE),
        "administer": reader.may(node, ADMIN),
    }


# --- for programs


async def as_json(asked: PageRequest) -> Response:
    """The same as JSON: `data=0` leaves the data out, of which there are 64 KiB at most."""
    path = path_asked(asked)
    shown = await node_shown(asked, path)
    node, stat = shown.node, shown.node.stat()
    value: dict[str, Json] = {"path": path, "kind": kind_name(node), "stat": _stat_json(stat_values(stat))}
    if (ttl := ttl_ms(node)) is not None:
        value["ttl_ms"] = ttl
    if asked.parameters.get("data") != "0":
        data = node.data
        value |= data_json(data if data is None else data[:MOST_TEXT])
        value["data_is_whole"] = data is None or len(data) <= MOST_TEXT
    acl = shown.acl
    value["acl"] = None if acl is None else [acl_line(entry) for entry in acl]
    quota = quota_of(shown.reader, path)
    value["quota"] = None if quota is None else _quota_json(quota)
    page = shown.page
    value["children"] = {
        "total": page.total,
        "matching": page.matching,
        "first": page.first,
        "has_later": page.has_later,
        "nodes": [_line_json(line) for line in shown.lines],
    }
    return asked.json(value)


def _stat_json(values: dict[str, int]) -> dict[str, Json]:
    """Ids in hex and times in ISO 8601, as `pyzoo cli --json` has them."""
    shown: dict[str, Json] = {}
    for name, value in values.items():
        if name in ("ctime", "mtime"):
            shown[name] = iso_text(value)
        else:
            shown[name] = zxid_text(value) if name.endswith("Zxid") or name == "ephemeralOwner" else value
    return shown


def _line_json(line: ChildLine) -> Json:
    if not line.readable:
        return {"path": line.path, "name": line.name, "readable": False}
    return {
        "path": line.path,
        "name": line.name,
        "readable": True,
        "kind": line.kind,
        "children": line.children,
        "dataLength": line.size,
        "mtime": iso_text(line.mtime),
        "ephemeralOwner": zxid_text(line.owner),
    }


def _quota_json(quota: QuotaView) -> Json:
    value: dict[str, Json] = {"path": quota.path}
    for name, use in (("nodes", quota.nodes), ("bytes", quota.bytes)):
        value[name] = None if use is None else {"used": use.used, "soft": use.soft, "hard": use.hard}
    return value


# --- the data as it is


async def download(asked: PageRequest) -> Response:
    """All data of a node, to be saved, whatever it is."""
    path = path_asked(asked)
    await settled(asked, path)
    node = reader_of(asked).readable(path)
    return saved_file(node.data or b"", name_of(path).strip("/") or "root", "application/octet-stream")


def saved_file(content: bytes, name: str, media_type: str) -> Response:
    """An answer that a browser saves under a name."""
    return Response(content, headers={"Content-Type": media_type, "Content-Disposition": disposition(name)})


PAGE: Final = Page(
    (
        Action(URL, show),
        Action(API_URL, as_json),
        Action(DATA_URL, download),
        *tree_edit.ACTIONS,
        *tree_create.ACTIONS,
        *tree_delete.ACTIONS,
        *tree_transfer.ACTIONS,
    ),
    "Tree",
)
