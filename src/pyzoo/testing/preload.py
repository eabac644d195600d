"""What a test finds there already: nodes from a mapping, or from a file such as `pyzoo cli export` writes.

A mapping is flat ({"/app/colour": "red"}), nested ({"app": {"colour": "red"}}), or both. Data is text, bytes or None.
Where nodes are nested, the key "" is the node itself: {"app": {"": "its data", "colour": "red"}}. What `tree()` of a
server gives does as well. A file, JSON or YAML, holds such a mapping, or an export, which goes to the path that it
was exported from.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, NodeExistsError
from kazoo.security import ACL, Id

from pyzoo.errors import MalformedInput, PyzooError
from pyzoo.subtrees.document import FORMAT, SavedNode, format_of, from_document, parsed
from pyzoo.subtrees.paths import check_path, parent_of
from pyzoo.testing.controls.inspection import NodeDict

Tree: TypeAlias = Mapping[str, "str | bytes | Tree | None"]
Preload: TypeAlias = Tree | NodeDict | str | os.PathLike[str]

IN_FLIGHT: Final = 500
_TREE_KEYS: Final = {"data", "ephemeral_owner", "children"}


class PreloadError(PyzooError):
    """Nodes that cannot be read or made; the message says what is wrong where."""


def nodes_of(preload: Preload, directory: Path) -> list[SavedNode]:
    """All nodes with their whole paths, parents first; files are found from `directory`. Raises PreloadError."""
    if isinstance(preload, str | os.PathLike):
        file = directory / preload
        try:
            return _complete(_nodes_of_value(_contents(file)))
        except (MalformedInput, PreloadError) as error:
            raise PreloadError(f"{file}: {error}") from None
    try:
        return _complete(_nodes_of_value(preload))
    except MalformedInput as error:
        raise PreloadError(f"preload: {error}") from None


def load(client: KazooClient, nodes: Sequence[SavedNode]) -> None:
    """Make all nodes, below the chroot of the client; data and ACL of those that are there are set.

    Raises PreloadError.
    """
    for at in range(0, len(nodes), IN_FLIGHT):
        piece = nodes[at : at + IN_FLIGHT]
        answers = [(node, client.create_async(node.path, node.data or b"")) for node in piece]
        for node, answer in answers:
            try:
                answer.get()
            except NodeExistsError:
                _change(client.set, node, node.data or b"")
            except KazooException as error:
                raise _failed(node, error) from None
    # A node may not let anybody make its children: so all are there before.
    for node in reversed(nodes):
        if node.acl is not None:
            _change(client.set_acls, node, [ACL(each.perms, Id(each.scheme, each.id)) for each in node.acl])


def _change(call: Any, node: SavedNode, value: object) -> None:
    try:
        call(node.path, value)
    except KazooException as error:
        raise _failed(node, error) from None


def _failed(node: SavedNode, error: KazooException) -> PreloadError:
    return PreloadError(f"preload: {node.path} cannot be made: {type(error).__name__} {error}".rstrip())


def _contents(file: Path) -> Any:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise PreloadError(f"it cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PreloadError("it is not UTF-8") from None
    return parsed(text, format_of(file.name, None))


def _nodes_of_value(value: Any) -> list[SavedNode]:
    if not isinstance(value, Mapping):
        raise PreloadError("it is neither a mapping of nodes nor what export writes")
    if value.keys() >= _TREE_KEYS and isinstance(value["children"], Mapping):
        return list(_walk_tree("", value))
    if value.get("format") != FORMAT:
        return list(_walk("", value))
    top = value.get("path", "/")
    check_path(top)
    top = top.rstrip("/")
    return [SavedNode(top + node.path.rstrip("/") or "/", node.data, node.acl) for node in from_document(dict(value))]


def _walk(above: str, tree: Mapping[Any, Any]) -> Iterator[SavedNode]:
    for name, value in tree.items():
        if not isinstance(name, str):
            raise PreloadError(f"{name!r}: names of nodes are text")
        path = f"{above}/{name.strip('/')}".rstrip("/") or "/"
        check_path(path)
        if isinstance(value, Mapping):
            if "" not in value:
                yield SavedNode(path)
            yield from _walk(path.rstrip("/"), value)
        else:
            yield SavedNode(path, _data_of(path, value))


def _walk_tree(path: str, node: Mapping[str, Any]) -> Iterator[SavedNode]:
    """What `tree()` shows, without ephemerals."""
    yield SavedNode(path or "/", node["data"])
    for name, child in node["children"].items():
        if not child["ephemeral_owner"]:
            yield from _walk_tree(f"{path}/{name}", child)


def _data_of(path: str, value: object) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise PreloadError(f"{path}: {value!r} is no data: give text, bytes or None")
    return value.encode("utf-8", "surrogateescape")


def _complete(nodes: Sequence[SavedNode]) -> list[SavedNode]:
    """With the parents that nobody named, and all in their order; the last of two for the same path counts."""
    found: dict[str, SavedNode] = {}
    for node in nodes:
        if found.get(node.path) is None or node.data is not None or node.acl is not None:
            found[node.path] = node
    for path in list(found):
        while (path := parent_of(path)) not in found:
            found[path] = SavedNode(path)
    # The root is always there, and has no data to lose.
    if found.get("/") == SavedNode("/"):
        del found["/"]
    return sorted(found.values(), key=lambda node: node.path.split("/") if node.path != "/" else [])
