"""How many nodes and bytes are below each node of a snapshot (SnapshotRecursiveSummary)."""

from collections.abc import Iterator

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import ToolError
from pyzoo.filetools.snapshot_tree import SnapshotTree, children_of, data_length, node_at


def summary(snapshot: SnapshotTree, start: str, max_depth: int) -> Iterator[str]:
    """Every node with children from `start` down to `max_depth` levels below it, 0 for all levels.

    Raises ToolError when there is no such node.
    """
    tree = snapshot.tree
    if tree.get_node(start) is None:
        raise ToolError(f"The snapshot has no node {start}")
    totals = _totals(tree, start)
    waiting = [(start, 0)]
    while waiting:
        path, level = waiting.pop()
        children = children_of(node_at(tree, path))
        if not children:
            continue
        if max_depth == 0 or level <= max_depth:
            dashes = "--" * level
            nodes, size = totals[path]
            yield f"{dashes} {path}\n{dashes}   children: {nodes - 1}\n{dashes}   data: {size}\n"
            waiting.extend((child, level + 1) for child in reversed(children))
    yield "\n"


def _totals(tree: DataTree, start: str) -> dict[str, tuple[int, int]]:
    """Nodes, the node itself too, and bytes by path, of all nodes with children."""
    order = []
    waiting = [start]
    while waiting:
        path = waiting.pop()
        children = node_at(tree, path).children
        if children is not None and children.count:
            order.append(path)
            waiting.extend(children.paths)
    totals: dict[str, tuple[int, int]] = {}
    for path in reversed(order):
        node = node_at(tree, path)
        nodes, size = 1, data_length(node)
        for child in node.children.paths if node.children is not None else ():
            below = totals.get(child) or (1, data_length(node_at(tree, child)))
            nodes += below[0]
            size += below[1]
        totals[path] = nodes, size
    return totals
