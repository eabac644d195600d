"""The overview: what this server is, at `/`."""

from starlette.responses import Response

from pyzoo.console.page import Action, Page, PageRequest
from pyzoo.console.rendering import hex_text


async def show(asked: PageRequest) -> Response:
    """The page."""
    return asked.page("overview.html", facts=_facts(asked))


async def as_json(asked: PageRequest) -> Response:
    """The same for programs."""
    return asked.json(_facts(asked))


def _facts(asked: PageRequest) -> dict[str, str | int]:
    server = asked.server()
    return {
        "mode": server.mode,
        "zxid": hex_text(int(server.tree.last_processed_zxid)),
        "nodes": server.tree.node_count,
        "connections": server.connections.alive,
    }


PAGE = Page((Action("/", show), Action("/console/api/overview", as_json)), "Overview")
