"""A subtree as a document, in JSON or YAML: what `export` writes and `import` reads. Text in, values out.

    {"format": "pyzoo-subtree-1", "path": "/app", "nodes": [{"path": "/", "data": "x", "acl": ["world:anyone:cdrwa"]},
     {"path": "/a/b", "data": "AAE=", "encoding": "base64", "acl": ["ip:10.0.0.1:r"]}]}

Paths of nodes are below the exported one, which is "/"; parents stand before their children. `data` is null for a
node without data, `acl` is left out where it was not asked for. Containers and times to live are not in it: servers
do not tell clients of them.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from attrs import frozen

from pyzoo.errors import MalformedDocument, MalformedPath
from pyzoo.subtrees.acl_text import Acl, parse_acl
from pyzoo.subtrees.paths import check_path, parent_of
from pyzoo.subtrees.values import Json, data_json

FORMAT: Final = "pyzoo-subtree-1"
FORMATS: Final = ("json", "yaml")
_KEYS: Final = frozenset({"path", "data", "encoding", "acl"})


@frozen
class SavedNode:
    """A node of a document; `path` is below its top, `acl` is None where the document has none."""

    path: str
    data: bytes | None = None
    acl: tuple[Acl, ...] | None = None


def format_of(name: str, chosen: str | None) -> str:
    """json or yaml: what was chosen, else what the end of the file's name says, else json. Raises MalformedDocument."""
    if chosen is not None:
        if chosen not in FORMATS:
            raise MalformedDocument(f"--format {chosen}: choose json or yaml")
        return chosen
    return "yaml" if name.lower().endswith((".yaml", ".yml")) else "json"


def document_of(path: str, nodes: Iterable[SavedNode]) -> dict[str, Json]:
    """The document of an export."""
    return {"format": FORMAT, "path": path, "nodes": [node_json(node) for node in nodes]}


def node_json(node: SavedNode) -> Json:
    """A node as the list of nodes has it."""
    value: dict[str, Json] = {"path": node.path, **data_json(node.data)}
    if node.acl is not None:
        value["acl"] = [str(entry) for entry in node.acl]
    return value


def to_text(document: Json, format: str) -> str:
    """The document, with a newline at its end."""
    if format == "yaml":
        return _to_yaml(document)
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def from_text(text: str, format: str) -> list[SavedNode]:
    """The nodes of a document, parents first; raises MalformedDocument that says what is wrong where."""
    return from_document(parsed(text, format))


def parsed(text: str, format: str) -> Any:
    """What JSON or YAML says, a document or anything else; raises MalformedDocument."""
    try:
        return _from_yaml(text) if format == "yaml" else json.loads(text)
    except ValueError as error:
        raise MalformedDocument(f"this is no {format.upper()}: {error}") from None


def from_document(document: Any) -> list[SavedNode]:
    """The nodes of a document that was parsed already, parents first; raises MalformedDocument."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise MalformedDocument(f"this was not written by export: it has no format {FORMAT}")
    entries = document.get("nodes")
    if not isinstance(entries, list) or not entries:
        raise MalformedDocument("nodes must be a list with the exported node first")
    nodes = [_read_node(entry, number) for number, entry in enumerate(entries, 1)]
    _check_order(nodes)
    return nodes


def _to_yaml(document: Json) -> str:
    """By libyaml where PyYAML has it: large trees need it."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(document, Dumper=dumper, sort_keys=False, allow_unicode=True))


def _from_yaml(text: str) -> Any:
    """Raises ValueError."""
    import yaml

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ValueError(str(error).replace("\n", " ")) from None


def _check_order(nodes: Sequence[SavedNode]) -> None:
    if nodes[0].path != "/":
        raise MalformedDocument('the first of nodes must have the path "/", which stands for the exported node')
    seen = {"/"}
    for number, node in enumerate(nodes[1:], 2):
        if node.path in seen:
            raise MalformedDocument(f"node {number}: {node.path} is there twice")
        if parent_of(node.path) not in seen:
            raise MalformedDocument(f"node {number}: {node.path} must come after its parent {parent_of(node.path)}")
        seen.add(node.path)


def _read_node(entry: Any, number: int) -> SavedNode:
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
        raise MalformedDocument(f"node {number}: it must be a mapping with a path")
    where = f"node {number}, {entry['path']}"
    unknown = sorted(map(str, entry.keys() - _KEYS))
    if unknown:
        raise MalformedDocument(f"{where}: {unknown[0]} is not known here")
    try:
        check_path(entry["path"])
    except MalformedPath as error:
        raise MalformedDocument(f"{where}: {error}") from None
    return SavedNode(entry["path"], _read_data(entry, where), _read_acl(entry, where))


def _read_data(entry: dict[str, Any], where: str) -> bytes | None:
    data, encoding = entry.get("data"), entry.get("encoding")
    if encoding not in (None, "base64"):
        raise MalformedDocument(f"{where}: encoding must be base64, or left out for text")
    if data is None:
        return None
    if not isinstance(data, str):
        raise MalformedDocument(f"{where}: data must be text; in YAML, put it in quotes")
    if encoding is None:
        return data.encode("utf-8", "surrogateescape")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedDocument(f"{where}: data is not base64") from None


def _read_acl(entry: dict[str, Any], where: str) -> tuple[Acl, ...] | None:
    texts = entry.get("acl")
    if texts is None:
        return None
    faults: list[str] = []
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise MalformedDocument(f"{where}: acl must be a list of texts like world:anyone:cdrwa")
    acl = [parsed for text in texts for parsed in parse_acl(text, faults.append)]
    if faults or not acl:
        raise MalformedDocument(f"{where}: acl: {faults[0] if faults else 'at least one entry is needed'}")
    return tuple(acl)
