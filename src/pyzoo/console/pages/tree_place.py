"""What every page about a node needs: the path asked for, the tree as the visitor sees it, and the way there."""

from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response

from pyzoo.console.nodes.reader import ROOT, Reader, name_of, parent_path
from pyzoo.console.page import PageError, PageRequest
from pyzoo.errors import NOAUTH, NONODE, KeeperError
from pyzoo.server.modes import NOT_SERVING

MOST_CRUMBS: Final = 12
"""Names of a path that are links of their own."""
BUILT_IN: Final = ("/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config")
"""No server deletes these."""


def reader_of(asked: PageRequest) -> Reader:
    """The tree as the visitor may see it now. Raises PageError where no client would be served."""
    server = asked.server()
    if server.mode == NOT_SERVING:
        raise PageError(503, "This server has no quorum now, so it serves no nodes. Ask again, or ask another member.")
    return Reader.of(server, asked.visitor.ids)


async def settled(asked: PageRequest, path: str) -> None:
    """Wait while a transaction that is applied over several turns may have changed half of the node, as reads wait."""
    while (closing := asked.server().tree.closing) is not None and closing.hides(path):
        await asked.host.pause()


def path_asked(asked: PageRequest) -> str:
    """The path of a node in the parameters, or the form; the root where there is none. Raises PageError."""
    path = asked.form.get("path") or asked.parameters.get("path") or ROOT
    if not path.startswith("/"):
        raise PageError(400, "A path begins with a slash.")
    return path.rstrip("/") or ROOT


def not_shown(asked: PageRequest, path: str, error: KeeperError) -> Response:
    """A page for a node that is not there, or not for this visitor; it leads to the nearest one that is."""
    if error.code not in (NONODE, NOAUTH):
        raise error
    reader, above = reader_of(asked), parent_path(path)
    while above != ROOT and reader.tree.get_node(above) is None:
        above = parent_path(above)
    status = 404 if error.code == NONODE else 403
    return asked.page("tree_not_shown.html", status, **places(path), gone=error.code == NONODE, above=above)


def places(path: str) -> dict[str, Any]:
    """What every page about a node shows of its place: the path, its name, and the nodes above it."""
    parts = path.split("/")[1:] if path != ROOT else []
    crumbs = [(ROOT, ROOT)]
    crumbs += [(part, "/" + "/".join(parts[: at + 1])) for at, part in enumerate(parts)]
    skipped = len(crumbs) > MOST_CRUMBS
    if skipped:
        crumbs = [crumbs[0], *crumbs[1 - MOST_CRUMBS :]]
    return {"node_path": path, "name": name_of(path), "crumbs": crumbs, "crumbs_skipped": skipped}


def disposition(name: str) -> str:
    """The header that has a browser save what it gets; names of nodes may have any characters (RFC 6266)."""
    plain = "".join(
        character if (character.isascii() and character.isalnum()) or character in "-_." else "_" for character in name
    )
    return f"attachment; filename=\"{plain[:100]}\"; filename*=UTF-8''{quote(name[:100], safe='')}"
