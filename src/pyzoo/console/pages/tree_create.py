"""The form that creates a node, of every kind that outlives the request."""

from typing import Final

from attrs import frozen
from starlette.responses import Response

from pyzoo.console.nodes.acl_words import acl_of_lines
from pyzoo.console.nodes.reader import child_path
from pyzoo.console.nodes.typed_data import TEXT, TypedData
from pyzoo.console.page import POST, Action, PageRequest
from pyzoo.console.pages.tree_forms import Refused, check_size, done, form_page, submit_of, tried
from pyzoo.console.pages.tree_place import not_shown, path_asked, places, reader_of
from pyzoo.console.visitor import Role
from pyzoo.datatree.ephemeral_type import MAX_TTL
from pyzoo.errors import KeeperError, MalformedInput
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import ACL, CreateRequest, CreateTTLRequest
from pyzoo.server.requests.prep import (
    MODE_CONTAINER,
    MODE_PERSISTENT_SEQUENTIAL,
    MODE_SEQUENTIAL_TTL,
    MODE_TTL,
)
from pyzoo.subtrees.paths import check_path

CREATE_URL: Final = "/console/tree/create"
OPEN_TEXT: Final = "world:anyone:cdrwa"
PERSISTENT: Final = "persistent"


@frozen
class Kind:
    """A kind of node that the form offers."""

    name: str
    words: str
    opcode: int
    flags: int

    @property
    def is_sequential(self) -> bool:
        """Whether the server puts a number behind the name."""
        return self.flags in (MODE_PERSISTENT_SEQUENTIAL, MODE_SEQUENTIAL_TTL)

    @property
    def has_ttl(self) -> bool:
        """Whether it goes when its time is over."""
        return self.opcode == op.CREATE_TTL


KINDS: Final = (
    Kind(PERSISTENT, "persistent", op.CREATE2, 0),
    Kind("sequential", "persistent, with a number behind its name", op.CREATE2, MODE_PERSISTENT_SEQUENTIAL),
    Kind("container", "container: goes when its last child has gone", op.CREATE_CONTAINER, MODE_CONTAINER),
    Kind("ttl", "with a time to live", op.CREATE_TTL, MODE_TTL),
    Kind("ttl-sequential", "with a time to live and a number behind its name", op.CREATE_TTL, MODE_SEQUENTIAL_TTL),
)
BY_NAME: Final = {kind.name: kind for kind in KINDS}


NOTHING: Final = TypedData("", TEXT)


@frozen
class Typed:
    """What stands in the form."""

    name: str = ""
    kind: str = PERSISTENT
    ttl_ms: str = "60000"
    acl: str = OPEN_TEXT
    data: TypedData = NOTHING

    @classmethod
    def of(cls, asked: PageRequest) -> "Typed":
        """As it was sent."""
        form = asked.form
        data = TypedData(form.get("data", ""), form.get("encoding", TEXT))
        return cls(
            form.get("name", ""), form.get("kind", PERSISTENT), form.get("ttl_ms", ""), form.get("acl", OPEN_TEXT), data
        )

    def chosen_kind(self) -> Kind:
        """Raises MalformedInput."""
        kind = BY_NAME.get(self.kind)
        if kind is None:
            raise MalformedInput(f"Nodes of the kind {self.kind!r} are not made here.")
        return kind

    def path(self, parent: str, kind: Kind) -> str:
        """The path of the node, without its number. Raises MalformedInput."""
        if "/" in self.name:
            raise MalformedInput("A name has no slash: create the node above first.")
        if not self.name and not kind.is_sequential:
            raise MalformedInput("The node needs a name.")
        path = child_path(parent, self.name)
        check_path(path, kind.is_sequential)
        return path

    def ttl(self) -> int:
        """The time to live. Raises MalformedInput."""
        if not self.ttl_ms.isascii() or not self.ttl_ms.isdigit() or not 1 <= int(self.ttl_ms[:20]) <= MAX_TTL:
            raise MalformedInput(f"The time to live is a number of milliseconds from 1 to {MAX_TTL}.")
        return int(self.ttl_ms)

    def entries(self) -> list[ACL]:
        """The ACL. Raises MalformedInput."""
        acl, faults = acl_of_lines(self.acl)
        if faults:
            raise MalformedInput(" ".join(faults))
        return acl


async def form(asked: PageRequest) -> Response:
    """The form; `name` may be given, and whatever a node that is gone had."""
    path = path_asked(asked)
    try:
        reader_of(asked).node(path)
    except KeeperError as error:
        return not_shown(asked, path, error)
    return _page(asked, path, Typed(name=asked.parameters.get("name", "")), None)


async def create(asked: PageRequest) -> Response:
    """Create the node."""
    parent, typed = path_asked(asked), Typed.of(asked)
    created = ""

    async def change() -> None:
        nonlocal created
        kind = typed.chosen_kind()
        path, data, acl = typed.path(parent, kind), typed.data.to_bytes(), typed.entries()
        check_size(asked, path, data)
        body: CreateTTLRequest | CreateRequest
        if kind.has_ttl:
            body = CreateTTLRequest(path, data, acl, kind.flags, typed.ttl())
        else:
            body = CreateRequest(path, data, acl, kind.flags)
        reply = await submit_of(asked)(kind.opcode, body)
        created = reply.read_ustring() or path

    refused = await tried(asked, change)
    return done(asked, created, "created") if refused is None else _page(asked, parent, typed, refused)


def _page(asked: PageRequest, path: str, typed: Typed, refused: Refused | None) -> Response:
    extended = asked.server().config.extended_types_enabled
    kinds = [kind for kind in KINDS if extended or not kind.has_ttl]
    return form_page(
        asked, "tree_create.html", refused, **places(path), typed=typed, kinds=kinds, has_ttl=extended, max_ttl=MAX_TTL
    )


ACTIONS: Final = (
    Action(CREATE_URL, form, role=Role.WRITER),
    Action(CREATE_URL, create, POST, Role.WRITER, keeps_form=True),
)
