"""Commands that take a subtree out to a file, and bring it in: export, import."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import define, field

from pyzoo import errors as codes
from pyzoo.errors import KeeperError, MalformedDocument
from pyzoo.shell.client import IN_FLIGHT, NewNode, Node, ZooKeeper, create_missing
from pyzoo.shell.command import Command, Context
from pyzoo.shell.errors import MalformedCommand, ShellError, keeper_text
from pyzoo.shell.files import ask_before_overwriting, write_file
from pyzoo.shell.options import Arguments, Option, Options
from pyzoo.shell.paths import ZOOKEEPER_NODE
from pyzoo.subtrees.acl_text import OPEN_ACL, Acl
from pyzoo.subtrees.document import SavedNode, document_of, format_of, from_text, to_text
from pyzoo.subtrees.paths import check_path, parent_of
from pyzoo.subtrees.plan import CREATE_AND_ADMIN, EXISTING, Planned, path_below, planned
from pyzoo.subtrees.values import Json

STREAM: Final = "-"
NAMED: Final = 3
"""How many nodes an error message names."""


def export(context: Context, given: Arguments) -> Json:
    path, file = given.words[1], given.words[2] if len(given.words) > 2 else STREAM
    format = format_of(file, given.value("format") if given.has("format") else None)
    if file != STREAM and not given.has("force"):
        ask_before_overwriting(file)
    kept, left_out = [], []
    for node in context.zk.walk(path, data=True, acl=not given.has("no-acl")):
        if path == "/" and (node.path == ZOOKEEPER_NODE or node.path.startswith(ZOOKEEPER_NODE + "/")):
            continue
        if node.stat.ephemeralOwner:
            left_out.append(node.path)
        else:
            kept.append(_saved_node(node, path, with_acl=not given.has("no-acl")))
    if left_out:
        context.printer.error(f"{_are(left_out)} ephemeral and left out: {_some(left_out)}")
    kept.sort(key=lambda each: each.path.split("/") if each.path != "/" else [])
    document = document_of(path, kept)
    if file == STREAM:
        if not context.printer.as_json:
            sys.stdout.write(to_text(document, format))
        return document
    write_file(file, to_text(document, format))
    context.printer.line(f"exported {_nodes(kept)} of {path} to {file}")
    return {"file": file, "nodes": len(kept), "left_out": list(left_out)}


def _saved_node(node: Node, top: str, with_acl: bool) -> SavedNode:
    """What is kept of a node."""
    return SavedNode(path_below(node.path, top), node.data, node.acl if with_acl else None)


def import_(context: Context, given: Arguments) -> Json:
    file, path = given.words[1], given.words[2]
    check_path(path)
    existing = given.value("existing") if given.has("existing") else "fail"
    if existing not in EXISTING:
        raise MalformedCommand(f"--existing {existing}: choose {', '.join(EXISTING)}")
    format = format_of(file, given.value("format") if given.has("format") else None)
    try:
        nodes = from_text(_read_file(file), format)
    except (ShellError, MalformedDocument) as error:
        raise ShellError(f"{file}: {error}") from None
    plan = [planned(node, path, with_acl=not given.has("no-acl")) for node in nodes]
    if existing == "fail":
        _refuse_existing(context.zk, [each.path for each in plan])
    result = Importing(context.zk, overwrites=existing == "overwrite")
    result.run(plan)
    counts: dict[str, Json] = {
        "created": result.created,
        "overwritten": result.overwritten,
        "skipped": result.skipped,
    }
    told = ", ".join(f"{number} {what}" for what, number in counts.items())
    context.printer.line(f"imported {file} to {path}: {told}")
    return {"path": path, **counts}


def _read_file(file: str) -> str:
    try:
        return sys.stdin.read() if file == STREAM else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise ShellError(f"it cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ShellError("it is not UTF-8") from None


def _refuse_existing(zk: ZooKeeper, paths: Sequence[str]) -> None:
    """Nothing is written when any of the nodes is there; the root always is, and does not count."""
    there = [node.path for node in zk.read_many([path for path in paths if path != "/"]) if node is not None]
    if there:
        raise ShellError(
            f"{_are(there)} there already: {_some(there)}; nothing was imported. "
            "Choose --existing skip or --existing overwrite"
        )


@define
class Importing:
    """One import under way, and what it has done.

    A node may have children that its ACL does not let this session create. So an ACL that is not open gets, until
    all is there, one more entry, by which this client's address alone may create and administer.
    """

    zk: ZooKeeper
    overwrites: bool
    created: int = 0
    overwritten: int = 0
    skipped: int = 0
    closing: list[Planned] = field(factory=list)

    def run(self, plan: Sequence[Planned]) -> None:
        """Make all nodes; raises ShellError at the first failure, with how many are there then."""
        try:
            try:
                self._make_all(plan)
            finally:
                for each in reversed(self.closing):
                    self.zk.set_acl(each.path, each.acl or OPEN_ACL)
        except KeeperError as error:
            done = self.created + self.overwritten
            raise ShellError(f"{keeper_text(error)}; {done} of {len(plan)} nodes were imported") from None

    def _make_all(self, plan: Sequence[Planned]) -> None:
        create_missing(self.zk, parent_of(plan[0].path))
        parents = {parent_of(each.path) for each in plan}
        ours = self._own_entry() if any(each.acl for each in plan) else None
        for at in range(0, len(plan), IN_FLIGHT):
            self._make(plan[at : at + IN_FLIGHT], parents, ours)

    def _own_entry(self) -> Acl:
        """This client as the server sees it; servers before 3.7 cannot be asked, then it is anyone."""
        try:
            users = dict(self.zk.who_am_i())
        except KeeperError as error:
            if error.code != codes.UNIMPLEMENTED:
                raise
            users = {}
        return Acl(CREATE_AND_ADMIN, "ip", users["ip"]) if "ip" in users else Acl(CREATE_AND_ADMIN, "world", "anyone")

    def _make(self, plan: Sequence[Planned], parents: set[str], ours: Acl | None) -> None:
        """Create nodes at once; the server carries them out in their order."""
        new = []
        for each in plan:
            acl = each.acl or OPEN_ACL
            if each.acl is not None and ours is not None and each.path in parents and tuple(acl) != OPEN_ACL:
                acl = (*acl, ours)
            new.append(NewNode(each.path, each.saved.data, acl))
        failure: KeeperError | None = None
        for each, made, code in zip(plan, new, self.zk.create_many(new), strict=True):
            if code == codes.OK:
                self.created += 1
                if each.acl is not None and tuple(made.acl) != each.acl:
                    self.closing.append(each)
            elif code == codes.NODEEXISTS:
                self._meet(each)
            else:
                failure = failure or KeeperError(code, each.path)
        if failure is not None:
            raise failure

    def _meet(self, existing: Planned) -> None:
        """A node is there already; the root's own data and ACL are left alone."""
        if not self.overwrites or existing.path == "/":
            self.skipped += 1
            return
        self.zk.set_data(existing.path, existing.saved.data)
        if existing.acl is not None:
            self.closing.append(existing)
        self.overwritten += 1


def _nodes(nodes: Sequence[object]) -> str:
    return f"{len(nodes)} node{'' if len(nodes) == 1 else 's'}"


def _are(nodes: Sequence[object]) -> str:
    return f"{_nodes(nodes)} {'is' if len(nodes) == 1 else 'are'}"


def _some(paths: Sequence[str]) -> str:
    return ", ".join(paths[:NAMED]) + (", ..." if len(paths) > NAMED else "")


FORMAT_OPTION: Final = Option("format", "json or yaml; else the file's name tells", takes_value=True, long=True)
COMMANDS: Final = (
    Command(
        "export",
        "path [file] [--format json|yaml] [--no-acl] [--force]",
        export,
        Options.of(
            FORMAT_OPTION,
            Option("no-acl", "Leave ACLs out", long=True),
            Option("force", "Overwrite a file that is there already", long=True),
        ),
        most=3,
        summary="Write a node and all below it to a file, or to standard output.",
    ),
    Command(
        "import",
        "file path [--existing fail|skip|overwrite] [--format json|yaml] [--no-acl]",
        import_,
        Options.of(
            Option("existing", "What to do with nodes that are there already (fail)", takes_value=True, long=True),
            FORMAT_OPTION,
            Option("no-acl", "Give new nodes an open ACL, leave those of others alone", long=True),
        ),
        least=3,
        most=3,
        summary="Make the nodes that export wrote, below a path; - is standard input.",
    ),
)
