"""Listings: the encoded children of the nodes that were listed lately, for as long as they stay the same."""

from collections import deque
from typing import Final, final

from mypy_extensions import i64

from pyzoo.datatree.children import NO_CHILDREN, Children
from pyzoo.datatree.listing import CROWDED_BUCKETS, CrowdedListing
from pyzoo.datatree.listing_build import NAMES_A_UNIT
from pyzoo.datatree.node import DataNode

BYTES_A_UNIT: Final = 512
"""Bytes that are copied in a unit of work (about 200 ns)."""
CACHED_LISTINGS: Final = 400
"""Nodes whose encoded children are kept, and crowded ones that keep them in pieces."""


@final
class Listings:
    """Those of one tree; the bytes themselves are with the nodes, which drop them with every change."""

    def __init__(self) -> None:
        self._small: deque[Children] = deque()
        self._crowds: dict[Children, None] = {}
        self._last_crowd: Children | None = None

    def clear(self) -> None:
        """Forget all listings: the nodes whose children they name are gone."""
        self._small.clear()
        self._crowds.clear()
        self._last_crowd = None

    def encoded(self, node: DataNode) -> bytes:
        """The names of the children as a jute vector of ustring; kept for nodes that were listed lately."""
        children = node.children
        if children is None or children.count == 0:
            return NO_CHILDREN
        cached = children.cached
        if cached is not None:
            return cached
        if children.buckets >= CROWDED_BUCKETS:
            return self._crowded_listing(children)
        cached = children.encoded()
        children.cached = cached
        small = self._small
        small.append(children)
        if len(small) > CACHED_LISTINGS:
            small.popleft().cached = None
        return cached

    def units(self, node: DataNode) -> i64:
        """About how many units of work `encoded` would be."""
        children = node.children
        if children is None:
            return 0
        cached = children.cached
        if cached is not None:
            return len(cached) // BYTES_A_UNIT
        crowd = crowd_in(children)
        count = children.count
        return 2 * count // NAMES_A_UNIT if crowd is None else crowd.units + count // 10

    def crowd_of(self, node: DataNode) -> CrowdedListing | None:
        """The pieces that a crowded node's listing is kept in, ready or not; None for other nodes."""
        children = node.children
        if children is None or children.buckets < CROWDED_BUCKETS:
            return None
        return self._crowd_of(children)

    def parts(self, node: DataNode) -> list[bytes]:
        """What `encoded` is, in pieces; of a crowded node to be called once its listing is ready."""
        children = node.children
        crowd = None if children is None else crowd_in(children)
        if children is None or crowd is None or children.cached is not None:
            return [self.encoded(node)]
        return crowd.pieces(children.count)

    def _crowd_of(self, children: Children) -> CrowdedListing:
        crowd = crowd_in(children)
        if crowd is None:
            crowd = CrowdedListing(children.nodes(), children.start, children.buckets)
            children.crowd = crowd
            crowds = self._crowds
            crowds.pop(children, None)
            crowds[children] = None
            if len(crowds) > CACHED_LISTINGS:
                self._drop_a_crowd()
        return crowd

    def _drop_a_crowd(self) -> None:
        """The oldest that nobody is working at."""
        for children in self._crowds:
            crowd = crowd_in(children)
            if crowd is None or crowd.readers == 0:
                children.crowd = None
                del self._crowds[children]
                return

    def _crowded_listing(self, children: Children) -> bytes:
        """Put together from pieces; as a whole only the last one is kept."""
        crowd = self._crowd_of(children)
        while not crowd.is_ready:
            crowd.work(crowd.units + 1)
        encoded = b"".join(crowd.pieces(children.count))
        if self._last_crowd is not None:
            self._last_crowd.cached = None
        self._last_crowd = children
        children.cached = encoded
        return encoded


def crowd_in(children: Children) -> CrowdedListing | None:
    """The listing in pieces that there is for these children."""
    crowd = children.crowd
    return crowd if isinstance(crowd, CrowdedListing) else None
