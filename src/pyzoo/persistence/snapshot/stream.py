"""The snapshot on the wire, without sockets: a body and the signature behind it; see layout.py.

It is as fuzzy as a file: what the tree became meanwhile follows as proposals.
"""

from collections.abc import Iterator
from typing import final

from mypy_extensions import i64

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import MalformedRecord
from pyzoo.persistence.snapshot.layout import SIGNATURE, SLICE_NODES
from pyzoo.persistence.snapshot.nodes import BodyReader, body_chunks


def stream_chunks(tree: DataTree, sessions: dict[int, int]) -> Iterator[bytes]:
    """The stream of a snapshot of `tree`, a slice of nodes at a time; `sessions` maps ids to timeouts in ms.

    The tree may change between two chunks. The zxid of the SNAP is the tree's when this is first asked for a
    chunk; whatever comes after that has to follow as proposals.
    """
    yield from body_chunks(tree, sessions, SLICE_NODES)
    yield SIGNATURE


@final
class SnapshotStreamReader:
    """Fills a DataTree from a stream that arrives in pieces of any size.

    It clears the tree at once; `feed` what arrives until it returns True, then go on with `rest`. After a
    MalformedRecord, or when the stream never ends, the tree is half loaded and must be cleared. `limit` is the
    most bytes that a string or buffer may have, and the most entries of an ACL.
    """

    def __init__(self, tree: DataTree, limit: i64) -> None:
        self.sessions: dict[int, int] = {}
        self._body = BodyReader(tree, self.sessions, limit)
        self._is_complete = False

    @property
    def node_count(self) -> i64:
        """How many nodes there were so far."""
        return self._body.node_count

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; True when the stream is complete. Raises MalformedRecord."""
        if self._body.feed(data) and not self._is_complete:
            signature = self._body.rest()[: len(SIGNATURE)]
            if not SIGNATURE.startswith(signature):
                raise MalformedRecord("a snapshot without its signature")
            self._is_complete = len(signature) == len(SIGNATURE)
        return self._is_complete

    def rest(self) -> bytes:
        """What came behind the stream, once that is complete, or the unfinished piece of it before."""
        rest = self._body.rest()
        return rest[len(SIGNATURE) :] if self._is_complete else rest
