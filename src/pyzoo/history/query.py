"""HistoryQuery: which changes somebody wants to see, and the place in a history where a page ended."""

from typing import Final

from attrs import frozen

from pyzoo.datatree.paths import validate_path
from pyzoo.errors import HistoryQueryError, KeeperError
from pyzoo.history.change import Change
from pyzoo.history.log_walk import NO_SESSION, Wanted
from pyzoo.jute.opcodes import ERROR
from pyzoo.jute.primitives import encode_ustring
from pyzoo.zxid import zxid_text

MOST_ROWS: Final = 200
"""Of a page."""
NEWEST: Final = 0x7FFFFFFFFFFFFFFF
_MOST_INDEX: Final = 0x7FFFFFFF


@frozen(order=True)
class Cursor:
    """A change, to go on behind it: what is older than this one comes next."""

    zxid: int
    index: int

    def __str__(self) -> str:
        return f"{zxid_text(self.zxid)}.{self.index}"

    @staticmethod
    def parse(text: str) -> "Cursor":
        """Raises HistoryQueryError."""
        zxid, _, index = text.partition(".")
        try:
            cursor = Cursor(int(zxid, 16), int(index))
        except ValueError:
            cursor = Cursor(-1, -1)
        if not (0 <= cursor.zxid <= NEWEST and 0 <= cursor.index <= _MOST_INDEX):
            raise HistoryQueryError("that is no cursor: give back the one that came with the page before")
        return cursor


@frozen
class HistoryQuery:
    """All that is given has to be true of a change; zxids and times (ms since 1970) count as within.

    `subtree` means the node and all below it. `with_void` asks also for what changed nothing, such as errors.
    `before` is the last change of the page before.
    """

    path: str | None = None
    subtree: bool = False
    session: int | None = None
    from_zxid: int = 0
    to_zxid: int = NEWEST
    since_ms: int | None = None
    until_ms: int | None = None
    with_void: bool = False
    limit: int = 100
    before: Cursor | None = None

    def __attrs_post_init__(self) -> None:
        if not 1 <= self.limit <= MOST_ROWS:
            raise HistoryQueryError(f"a page has 1 to {MOST_ROWS} rows, not {self.limit}")
        if self.path is not None:
            check_path(self.path)

    @property
    def whole_tree(self) -> bool:
        """Whether every path will do."""
        return self.path is None or (self.subtree and self.path == "/")

    @property
    def last_zxid(self) -> int:
        """The newest that may be on this page."""
        return self.to_zxid if self.before is None else min(self.to_zxid, self.before.zxid)

    def wanted(self) -> Wanted:
        """What of it can be seen without decoding a transaction."""
        wanted = Wanted(self.from_zxid, self.last_zxid)
        if self.since_ms is not None:
            wanted.since = self.since_ms
        if self.until_ms is not None:
            wanted.until = self.until_ms
        wanted.session = NO_SESSION if self.session is None else self.session
        if not self.with_void:
            wanted.without_type = ERROR
        return wanted

    def needle(self) -> bytes | None:
        """Bytes that are in every record that is wanted; None when there are none such."""
        if self.path is not None and not self.whole_tree:
            path = encode_ustring(self.path)
            return path if self.subtree else len(path).to_bytes(4, "big") + path
        if self.session is not None:
            return self.session.to_bytes(8, "big", signed=True)
        return None

    def matches(self, change: Change) -> bool:
        """Whether a change of a wanted record is wanted, and on this page or later."""
        if change.is_void and not self.with_void:
            return False
        if self.before is not None and (change.zxid, change.index) >= (self.before.zxid, self.before.index):
            return False
        if self.path is None:
            return True
        return change.path is not None and is_within(change.path, self.path, self.subtree)


def is_within(path: str, top: str, subtree: bool = True) -> bool:
    """Whether a path is this node, or with `subtree` one below it."""
    if path == top:
        return True
    return subtree and (top == "/" or path.startswith(top + "/"))


def check_path(path: str) -> None:
    """Raise HistoryQueryError for what cannot be the path of a node."""
    try:
        validate_path(path)
    except KeeperError:
        raise HistoryQueryError(f"{path!r} is no path: it begins with / and does not end with one") from None
