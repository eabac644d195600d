"""How much is below a node, counted before it is deleted or exported."""

from collections.abc import Callable
from typing import Final

from attrs import define

from pyzoo.console.nodes.child_page import Pause
from pyzoo.console.nodes.reader import Reader
from pyzoo.console.nodes.walks import SortedWalk
from pyzoo.datatree.ephemeral_type import EPHEMERAL

MOST_NODES: Final = 1_000_000
MOST_MS: Final = 3000


@define
class Amount:
    """A node and all below it, as far as it was counted: not to the end where `is_whole` is false."""

    nodes: int = 0
    bytes: int = 0
    ephemerals: int = 0
    refused: int = 0
    """Nodes that these ids may not read; what is below them is not counted."""
    is_whole: bool = True


async def count(reader: Reader, top: str, now_ms: Callable[[], int], pause: Pause) -> Amount:
    """Count, as long as one request may."""
    walk, amount, end_ms = SortedWalk(reader, top), Amount(), now_ms() + MOST_MS
    while not walk.is_over:
        for visit in walk.step():
            amount.nodes += 1
            amount.ephemerals += visit.node.kind == EPHEMERAL
            amount.bytes += len(visit.node.data or b"") if visit.readable else 0
        await pause()
        if not walk.is_over and (amount.nodes >= MOST_NODES or now_ms() >= end_ms):
            amount.is_whole = False
            break
    amount.refused = walk.refused
    return amount
