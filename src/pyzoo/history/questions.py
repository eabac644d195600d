"""What may be asked of the past beside changes: the tree at a moment, and the difference between two moments."""

from collections.abc import Mapping
from typing import Any, Final

from attrs import asdict, frozen

from pyzoo.errors import HistoryQueryError
from pyzoo.history.query import MOST_ROWS, Cursor, HistoryQuery, check_path

MOST_DEPTH: Final = 100


@frozen
class Moment:
    """Right after a zxid, or after the last transaction that is not later than a time; without both it is now."""

    zxid: int | None = None
    time_ms: int | None = None


@frozen
class TreeQuestion:
    """A node as it was, and those up to `depth` levels below it (0: all), by path after `after`."""

    at: Moment
    path: str = "/"
    depth: int = 1
    limit: int = 100
    after: str = ""

    def __attrs_post_init__(self) -> None:
        check_limit(self.limit)
        check_path(self.path)
        if not 0 <= self.depth <= MOST_DEPTH:
            raise HistoryQueryError(f"depth is 1 to {MOST_DEPTH}, or 0 for all")


@frozen
class DiffQuestion:
    """What became of the nodes at and below `path` from one moment to a later one, by path after `after`."""

    begin: Moment
    end: Moment
    path: str = "/"
    limit: int = 100
    after: str = ""

    def __attrs_post_init__(self) -> None:
        check_limit(self.limit)
        check_path(self.path)


@frozen
class AclQuestion:
    """Which ACLs these nodes had up to a zxid."""

    paths: list[str]
    up_to: int


def check_limit(limit: int) -> None:
    """Raise HistoryQueryError for a page of no rows, or of too many."""
    if not 1 <= limit <= MOST_ROWS:
        raise HistoryQueryError(f"a page has 1 to {MOST_ROWS} rows, not {limit}")


Question = HistoryQuery | TreeQuestion | DiffQuestion | AclQuestion

_KINDS: Final[dict[str, type[Question]]] = {
    "history": HistoryQuery,
    "tree_at": TreeQuestion,
    "diff": DiffQuestion,
    "acls": AclQuestion,
}
_NESTED: Final = {"at": Moment, "begin": Moment, "end": Moment, "before": Cursor}


def question_json(question: Question) -> tuple[str, dict[str, Any]]:
    """The kind of a question, and its fields as JSON has them."""
    kind = next(name for name, cls in _KINDS.items() if isinstance(question, cls))
    return kind, asdict(question)


def question_of(kind: str, fields: Mapping[str, Any]) -> Question:
    """The question that `question_json` was given."""
    values = {
        name: _NESTED[name](**value) if name in _NESTED and value is not None else value
        for name, value in fields.items()
    }
    return _KINDS[kind](**values)
