"""Forms that change a node: its data and its ACL, with a version check. A lost race loses nothing that was typed."""

from typing import Any, Final

from attrs import define, frozen
from starlette.responses import Response

from pyzoo.console.nodes.acl_words import ALL_WORDS, acl_line, acl_of_lines, acl_words
from pyzoo.console.nodes.data_text import view_of
from pyzoo.console.nodes.failures import failure_text
from pyzoo.console.nodes.reader import ROOT, parent_path
from pyzoo.console.nodes.typed_data import TEXT, TypedData
from pyzoo.console.page import POST, Action, PageRequest
from pyzoo.console.pages.tree_forms import Refused, check_size, done, form_page, submit_of, tried, version_of
from pyzoo.console.pages.tree_place import not_shown, path_asked, places, reader_of, settled
from pyzoo.console.visitor import Role
from pyzoo.datatree.node import DataNode
from pyzoo.errors import BADVERSION, NONODE, KeeperError, MalformedInput
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import SetACLRequest, SetDataRequest
from pyzoo.zxid import zxid_text

EDIT_URL: Final = "/console/tree/edit"
ACL_URL: Final = "/console/tree/acl"


@frozen
class Looked:
    """What the node was when the form was made: another czxid is another node with the same path."""

    version: int
    czxid: str

    @classmethod
    def at(cls, node: DataNode, opcode: int) -> "Looked":
        """As the node is now, for a change by that operation, which counts up the version of the data or of the ACL."""
        version = node.version if opcode == op.SET_DATA else node.aversion
        return cls(int(version), zxid_text(int(node.czxid)))

    def is_same(self, node: DataNode, opcode: int) -> bool:
        """Whether nobody has been faster."""
        now = Looked.at(node, opcode)
        return self.version in (-1, now.version) and self.czxid in ("", now.czxid)


@define
class Race:
    """How a change that somebody typed has met that of somebody else."""

    lost: bool = False
    gone: bool = False


async def _change(asked: PageRequest, path: str, looked: Looked, race: Race, opcode: int, body: Any) -> None:
    """Send a change of the node that was looked at; BADVERSION and NONODE are a lost race."""
    try:
        node = reader_of(asked).node(path)
        if not looked.is_same(node, opcode):
            raise KeeperError(BADVERSION, path)
        await submit_of(asked)(opcode, body)
    except KeeperError as error:
        if error.code == BADVERSION:
            race.lost = True
        elif error.code == NONODE:
            race.gone = True
        raise


# --- data


async def edit(asked: PageRequest) -> Response:
    """The form with the data as it is."""
    path = path_asked(asked)
    await settled(asked, path)
    try:
        node = reader_of(asked).readable(path)
    except KeeperError as error:
        return not_shown(asked, path, error)
    typed = TypedData.of(node.data or b"", asked.parameters.get("as", ""))
    return _edit_page(asked, path, typed, Looked.at(node, op.SET_DATA), None, Race())


async def save(asked: PageRequest) -> Response:
    """Set the data, unless somebody else was faster: then both versions are shown."""
    path, race = path_asked(asked), Race()
    typed = TypedData(asked.form.get("data", ""), asked.form.get("encoding", TEXT))
    looked = Looked(-1, asked.form.get("czxid", ""))

    async def change() -> None:
        nonlocal looked
        looked = Looked(version_of(asked), looked.czxid)
        data = typed.to_bytes()
        check_size(asked, path, data)
        request = SetDataRequest(path, data, looked.version)
        await _change(asked, path, looked, race, op.SET_DATA, request)

    refused = await tried(asked, change)
    if refused is None:
        return done(asked, path, "saved")
    return _edit_page(asked, path, typed, looked, refused, race)


def _edit_page(
    asked: PageRequest, path: str, typed: TypedData, looked: Looked, refused: Refused | None, race: Race
) -> Response:
    node = reader_of(asked).tree.get_node(path)
    theirs = None
    if race.lost and node is not None:
        if reader_of(asked).may_read(node):
            theirs = view_of(node.data or b"")
        looked = Looked.at(node, op.SET_DATA)
    return form_page(
        asked,
        "tree_edit.html",
        refused,
        **places(path),
        typed=typed,
        looked=looked,
        race=race,
        theirs=theirs,
        theirs_mtime=0 if node is None else int(node.mtime),
        parent=parent_path(path),
        is_null=node is not None and node.data is None,
    )


# --- the ACL


async def edit_acl(asked: PageRequest) -> Response:
    """The form with the ACL as it is."""
    path = path_asked(asked)
    reader = reader_of(asked)
    try:
        node = reader.node(path)
        text = "\n".join(acl_line(entry) for entry in reader.acl(path, node))
    except KeeperError as error:
        return not_shown(asked, path, error)
    return _acl_page(asked, path, text, Looked.at(node, op.SET_ACL), None, Race())


async def save_acl(asked: PageRequest) -> Response:
    """Set the ACL, unless somebody else was faster."""
    path, race, text = path_asked(asked), Race(), asked.form.get("acl", "")
    looked = Looked(-1, asked.form.get("czxid", ""))

    async def change() -> None:
        nonlocal looked
        looked = Looked(version_of(asked), looked.czxid)
        acl, faults = acl_of_lines(text)
        if faults:
            raise MalformedInput(" ".join(faults))
        await _change(asked, path, looked, race, op.SET_ACL, SetACLRequest(path, acl, looked.version))

    refused = await tried(asked, change)
    if refused is None:
        return done(asked, path, "acl")
    return _acl_page(asked, path, text, looked, refused, race)


def _acl_page(
    asked: PageRequest, path: str, text: str, looked: Looked, refused: Refused | None, race: Race
) -> Response:
    reader = reader_of(asked)
    node = reader.tree.get_node(path)
    theirs = None
    if race.lost and node is not None:
        try:
            theirs = acl_words(reader.acl(path, node))
        except KeeperError as error:
            refused = Refused(failure_text(error), 409)
        looked = Looked.at(node, op.SET_ACL)
    return form_page(
        asked,
        "tree_acl.html",
        refused,
        **places(path),
        text=text,
        looked=looked,
        race=race,
        theirs=theirs,
        schemes=sorted(reader.access.providers),
        letters=[(name[0], name) for _, name in ALL_WORDS],
        is_root=path == ROOT,
    )


ACTIONS: Final = (
    Action(EDIT_URL, edit, role=Role.WRITER),
    Action(EDIT_URL, save, POST, Role.WRITER, keeps_form=True),
    Action(ACL_URL, edit_acl, role=Role.WRITER),
    Action(ACL_URL, save_acl, POST, Role.WRITER, keeps_form=True),
)
