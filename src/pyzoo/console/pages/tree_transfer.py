"""Export and import of a node with all below it, as the document that `pyzoo cli export` and `import` have."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from attrs import frozen
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pyzoo.console.nodes.counting import count
from pyzoo.console.nodes.exporting import exported
from pyzoo.console.nodes.importing import Importing, missing_above
from pyzoo.console.nodes.reader import ROOT, name_of
from pyzoo.console.page import POST, Action, PageError, PageRequest
from pyzoo.console.pages.tree_forms import Refused, form_page, submit_of, tried
from pyzoo.console.pages.tree_place import disposition, not_shown, path_asked, places, reader_of
from pyzoo.console.visitor import Role
from pyzoo.errors import KeeperError, MalformedInput
from pyzoo.subtrees.document import FORMATS, from_text
from pyzoo.subtrees.paths import check_path
from pyzoo.subtrees.plan import EXISTING, Planned, planned

EXPORT_URL: Final = "/console/tree/export"
FILE_URL: Final = "/console/tree/export/file"
IMPORT_URL: Final = "/console/tree/import"
MEDIA_TYPES: Final = {"json": "application/json", "yaml": "application/yaml"}
MOST_JSON: Final = 1 << 20
MOST_YAML: Final = 128 << 10
"""Bytes of a document: it is read as a whole, and everybody else waits for that. YAML takes much longer."""
NAMED: Final = 5


# --- out


async def export(asked: PageRequest) -> Response:
    """What an export would hold, and links to it."""
    path = path_asked(asked)
    try:
        reader = reader_of(asked)
        reader.readable(path)
        amount = await count(reader, path, lambda: int(asked.server().now_ms), asked.host.pause)
    except KeeperError as error:
        return not_shown(asked, path, error)
    return asked.page("tree_export.html", **places(path), amount=amount, file_url=FILE_URL)


async def export_file(asked: PageRequest) -> Response:
    """The document. Parameters: `format` (json, yaml), `acl=0` to leave ACLs out."""
    path, format = path_asked(asked), asked.parameters.get("format", "json")
    if format not in FORMATS:
        raise PageError(400, "The format is json or yaml.")
    reader = reader_of(asked)
    reader.readable(path)
    pieces = exported(reader, path, format, asked.parameters.get("acl") != "0", asked.host.pause)
    name = "root" if path == ROOT else name_of(path)
    return _Pieces(pieces, MEDIA_TYPES[format], disposition(f"{name}.{format}"))


class _Pieces(Response):
    """A file that is made while it is sent."""

    def __init__(self, pieces: AsyncGenerator[bytes], media_type: str, disposition: str) -> None:
        super().__init__(headers={"Content-Type": media_type, "Content-Disposition": disposition})
        del self.headers["content-length"]
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._pieces) as pieces:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


# --- in


@frozen
class Typed:
    """What stands in the form: the document, where it goes, and what becomes of nodes that are there."""

    target: str
    document: str = ""
    existing: str = "fail"
    with_acl: bool = True

    def plan(self) -> list[Planned]:
        """The nodes to be made. Raises MalformedInput."""
        check_path(self.target)
        if self.existing not in EXISTING:
            raise MalformedInput(f"Choose what becomes of nodes that are there: {', '.join(EXISTING)}.")
        text = self.document
        is_json = text.lstrip().startswith("{")
        size, most = len(text.encode("utf-8", "replace")), MOST_JSON if is_json else MOST_YAML
        if size > most:
            raise MalformedInput(
                f"The document has {size:,} bytes, and may have {most:,} here ({MOST_JSON:,} as JSON). "
                "`pyzoo cli import` takes larger ones."
            )
        return [planned(node, self.target, self.with_acl) for node in from_text(text, "json" if is_json else "yaml")]


async def import_form(asked: PageRequest) -> Response:
    """The form."""
    path = path_asked(asked)
    try:
        reader_of(asked).node(path)
    except KeeperError as error:
        return not_shown(asked, path, error)
    return _import_page(asked, path, Typed(path), None, None)


async def import_document(asked: PageRequest) -> Response:
    """Make the nodes of the document."""
    path, form = path_asked(asked), asked.form
    typed = Typed(
        form.get("target") or path, form.get("document", ""), form.get("existing", "fail"), bool(form.get("with_acl"))
    )
    result: Importing | None = None

    async def change() -> None:
        nonlocal result
        plan, reader = typed.plan(), reader_of(asked)
        if typed.existing == "fail":
            there = [each.path for each in plan if each.path != ROOT and reader.tree.get_node(each.path) is not None]
            if there:
                named = ", ".join(there[:NAMED]) + (", …" if len(there) > NAMED else "")
                raise MalformedInput(
                    f"{len(there)} of the nodes are there already, so nothing was imported: {named}. "
                    "Choose to leave them alone, or to overwrite them."
                )
        importing = Importing(submit_of(asked), asked.visitor.ids, typed.existing == "overwrite")
        await importing.run(plan, missing_above(reader, typed.target))
        result = importing

    refused = await tried(asked, change)
    if result is not None and result.problem:
        refused = Refused(result.problem, 409)
    return _import_page(asked, path, typed, refused, result)


def _import_page(
    asked: PageRequest, path: str, typed: Typed, refused: Refused | None, result: Importing | None
) -> Response:
    return form_page(
        asked,
        "tree_import.html",
        refused,
        **places(path),
        typed=typed,
        result=result,
        most_json=MOST_JSON,
        most_yaml=MOST_YAML,
    )


ACTIONS: Final = (
    Action(EXPORT_URL, export),
    Action(FILE_URL, export_file),
    Action(IMPORT_URL, import_form, role=Role.WRITER),
    Action(IMPORT_URL, import_document, POST, Role.WRITER, keeps_form=True),
)
