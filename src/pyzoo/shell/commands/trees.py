"""Commands that look at a whole subtree: tree, find."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

from attrs import frozen

from pyzoo.config.java_numbers import decode_integer, parse_decimal
from pyzoo.shell.client import Node
from pyzoo.shell.command import ADMIN, Command, Context
from pyzoo.shell.errors import MalformedCommand, ShellError
from pyzoo.shell.options import Arguments, Option, Options
from pyzoo.shell.past import Asked, iso, moment, sent_moment, tell_rest
from pyzoo.shell.paths import without_chroot
from pyzoo.subtrees.paths import check_path, child_of, name_of, parent_of
from pyzoo.subtrees.values import Json

MOST_THEN: Final = 1_000_000
"""Nodes that are drawn of the past."""

Test = Callable[[Node], bool]


@frozen
class Drawn:
    """A node as it is drawn."""

    is_ephemeral: bool
    size: int
    children: tuple[str, ...]


def tree(context: Context, given: Arguments) -> Json:
    path = given.words[1] if len(given.words) > 1 else "/"
    depth = _whole_number(given, "depth")
    if given.has("at"):
        return _tree_at(context, given, path, depth)
    walk = context.zk.walk(path, depth=depth)
    nodes = {
        node.path: Drawn(node.stat.ephemeralOwner != 0, node.stat.dataLength, tuple(node.children)) for node in walk
    }
    _draw(context, nodes, path)
    return _tree_json(nodes, path)


def _tree_at(context: Context, given: Arguments, path: str, depth: int | None) -> Json:
    """The tree as it was, which the console of pyzoo tells."""
    check_path(path)
    at = given.value("at")
    kind = moment(at, "--at")
    session = context.zk.session
    asked = Asked(
        context.admin(given),
        "tree_at",
        path=session.server_path(path),
        # All levels are 0 there, and none is not asked for.
        depth=0 if depth is None else max(depth, 1),
        **{kind: sent_moment(at, "--at")},
    )
    below = list(asked.items("nodes", MOST_THEN if depth != 0 else 1))
    if not asked.first.get("exists"):
        raise ShellError(f"{path} was not there at {at}")
    found = {path: asked.first["node"] or {}}
    if depth != 0:
        found |= {without_chroot(session.chroot, each["path"]): each for each in below}
    children: dict[str, list[str]] = {}
    for each in list(found)[1:]:
        children.setdefault(parent_of(each), []).append(name_of(each))
    nodes = {
        each: Drawn(node.get("kind") == "ephemeral", node.get("size") or 0, tuple(children.get(each, ())))
        for each, node in found.items()
    }
    _draw(context, nodes, path)
    tell_rest(context.printer, asked, f"the first {len(nodes)} nodes")
    moments: dict[str, Json] = {"zxid": asked.first.get("zxid"), "time": iso(asked.first.get("time"))}
    tree = _tree_json(nodes, path)
    assert isinstance(tree, dict)
    beside: dict[str, Json] = {"verified": asked.first.get("verified"), "whole": asked.is_whole}
    return {**tree, **moments, **beside, "hidden": asked.hidden, "notes": list(asked.notes)}


def _draw(context: Context, nodes: Mapping[str, Drawn], path: str) -> None:
    for line in _tree_lines(nodes, path, context.printer.styled):
        context.printer.line(line)
    context.printer.line(f"{len(nodes)} node{'' if len(nodes) == 1 else 's'}")


def _children_in(nodes: Mapping[str, Drawn], path: str) -> list[str]:
    """The children that were read too, sorted."""
    return [child for name in sorted(nodes[path].children) if (child := child_of(path, name)) in nodes]


def _tree_lines(nodes: Mapping[str, Drawn], top: str, styled: Callable[[str, str], str]) -> Iterator[str]:
    """One line a node; what is not persistent, and how many bytes it holds, stands behind its name."""
    waiting: list[tuple[str, str, str]] = [(top, "", "")]
    while waiting:
        path, begin, below = waiting.pop()
        node = nodes[path]
        notes = ["ephemeral"] if node.is_ephemeral else []
        notes += [f"{node.size} byte{'' if node.size == 1 else 's'}"] if node.size else []
        tail = styled(f"  ({', '.join(notes)})", "dim") if notes else ""
        yield f"{begin}{styled(path if path == top else name_of(path), 'node')}{tail}"
        children = _children_in(nodes, path)
        for at, child in reversed(list(enumerate(children, 1))):
            last = at == len(children)
            waiting.append((child, below + ("└── " if last else "├── "), below + ("    " if last else "│   ")))


def _tree_json(nodes: Mapping[str, Drawn], top: str) -> Json:
    """Nested as the nodes are; made from the leaves up, so no depth is too deep."""
    made: dict[str, dict[str, Json]] = {}
    for path in reversed(list(nodes)):
        node = nodes[path]
        children: list[Json] = [made.pop(child) for child in _children_in(nodes, path)]
        made[path] = {
            "path": path,
            "ephemeral": node.is_ephemeral,
            "dataLength": node.size,
            "children": children,
        }
    return made[top]


def find(context: Context, given: Arguments) -> Json:
    tests = list(_tests(given))
    found = sorted(
        node.path
        for node in context.zk.walk(given.words[1], data=given.has("data"))
        if all(test(node) for test in tests)
    )
    for path in found:
        context.printer.line(path)
    return {"paths": list(found)}


def _tests(given: Arguments) -> Iterable[Test]:
    """All that a node has to pass; raises MalformedCommand."""
    if given.has("name"):
        yield lambda node: fnmatchcase(name_of(node.path), given.value("name"))
    if given.has("data"):
        yield _data_test(given.value("data"))
    if given.has("ephemeral"):
        yield lambda node: node.stat.ephemeralOwner != 0
    if given.has("owner"):
        yield _owner_test(given.value("owner"))
    larger = _whole_number(given, "larger")
    if larger is not None:
        yield lambda node: node.stat.dataLength > larger
    if given.has("childless"):
        yield lambda node: not node.children


def _data_test(text: str) -> Test:
    try:
        pattern = re.compile(text.encode("utf-8", "surrogateescape"))
    except re.error as error:
        raise MalformedCommand(f"--data {text}: this is no regular expression: {error}") from None
    return lambda node: pattern.search(node.data or b"") is not None


def _owner_test(text: str) -> Test:
    """The owner as stat prints it: the unsigned pattern in hex."""
    owner = decode_integer(text, 65)
    if owner is None:
        raise MalformedCommand(f"--owner {text}: give the session id, as 0x1000a2b3c4d0001")
    return lambda node: (node.stat.ephemeralOwner - owner) % (1 << 64) == 0


def _whole_number(given: Arguments, option: str) -> int | None:
    if not given.has(option):
        return None
    number = parse_decimal(given.value(option))
    if number is None or number < 0:
        raise MalformedCommand(f"--{option} {given.value(option)}: give a whole number, 0 or more")
    return number


COMMANDS: Final = (
    Command(
        "tree",
        "[--depth n] [--at zxid|time] [--admin url] [path]",
        tree,
        Options.of(
            Option("depth", "How many levels to show", takes_value=True, long=True),
            Option("at", "As it was at this zxid or time", takes_value=True, long=True),
            ADMIN,
        ),
        least=1,
        most=2,
        summary="Draw a node and all below it.",
    ),
    Command(
        "find",
        "path [--name glob] [--data regex] [--ephemeral] [--owner session] [--larger bytes] [--childless]",
        find,
        Options.of(
            Option("name", "The last part of the path matches, with * ? [abc]", takes_value=True, long=True),
            Option("data", "The data holds a match of the regular expression", takes_value=True, long=True),
            Option("ephemeral", "It is ephemeral", long=True),
            Option("owner", "It belongs to the session with this id", takes_value=True, long=True),
            Option("larger", "It has more bytes of data than this", takes_value=True, long=True),
            Option("childless", "It has no children", long=True),
        ),
        most=2,
        summary="List the nodes below a path that pass all tests.",
    ),
)
