"""Questions about the past and their answers, as JSON, out of the files of a server."""

from collections.abc import Iterator, Mapping
from heapq import nsmallest
from json import dumps
from typing import Any, Final

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import HistoryError, HistoryQueryError
from pyzoo.history.difference import Difference, NodeDifference, state_of
from pyzoo.history.json_form import Json, acl_json, change_json, difference_json, node_json
from pyzoo.history.page import GoesOn, always, read_page
from pyzoo.history.playback import CheckTime, newest_zxid, zxid_at
from pyzoo.history.query import MOST_ROWS, Cursor, HistoryQuery
from pyzoo.history.questions import AclQuestion, DiffQuestion, Moment, TreeQuestion, question_of
from pyzoo.history.reach import NO_ZXID
from pyzoo.history.tree_at import PastTree, tree_at
from pyzoo.persistence.directories import Directories
from pyzoo.persistence.disk import Disk
from pyzoo.persistence.snapshot.saved import list_snapshots
from pyzoo.zxid import zxid_text

MOST_BYTES: Final = 1 << 20
"""Of the rows of an answer: the server reads it in one go."""
_LOOK_EVERY: Final = 10_000


def answer_question(
    disk: Disk,
    directories: Directories,
    kind: str,
    question: Mapping[str, Any],
    goes_on: GoesOn = always,
    extended_types: bool = True,
) -> Json:
    """The answer to a question as `question_json` makes it. Raises HistoryError and OSError."""
    match question_of(kind, question):
        case HistoryQuery() as query:
            return answer_history(disk, directories, query, goes_on)
        case TreeQuestion() as asked:
            return answer_tree_at(disk, directories, asked, goes_on, extended_types)
        case DiffQuestion() as asked:
            return answer_diff(disk, directories, asked, goes_on, extended_types)
        case AclQuestion() as asked:
            return answer_acls(disk, directories, asked, goes_on)


def answer_history(disk: Disk, directories: Directories, query: HistoryQuery, goes_on: GoesOn = always) -> Json:
    """A page of changes. Raises OSError."""
    page = read_page(disk, directories, query, goes_on)
    notes = list(page.notes)
    if page.cursor is None and not page.reach.is_whole:
        notes.append(str(page.reach))
    if page.stopped_early:
        notes.append("it took too long: ask again with the cursor for what is older")
    rows = fitting([change_json(change, page.acl_then(change)) for change in page.changes])
    cursor = page.cursor
    if len(rows) < len(page.changes):
        last = page.changes[len(rows) - 1]
        cursor = Cursor(last.zxid, last.index)
    return {
        "changes": rows,
        "cursor": None if cursor is None else str(cursor),
        "first_zxid": None if page.reach.first_zxid == NO_ZXID else zxid_text(page.reach.first_zxid),
        "first_time": page.reach.first_time_ms,
        "reaches_back": page.reach.is_whole,
        "hidden": False,
        "stopped_early": page.stopped_early,
        "notes": notes,
    }


def answer_acls(disk: Disk, directories: Directories, question: AclQuestion, goes_on: GoesOn = always) -> Json:
    """By path, newest first: the zxid of each change of the ACL with the new one, null where the node was deleted."""
    found: Json = {}
    for path in question.paths:
        page = read_page(disk, directories, HistoryQuery(path, to_zxid=question.up_to, limit=MOST_ROWS), goes_on)
        told = [change for change in (*page.changes, *page.older) if change.sets_acl or change.is_delete]
        rows = [(change.zxid, acl_json(change.acl)) for change in told]
        # Behind a hole nobody knows.
        rows += [(hole + 1, None) for hole in page.holes]
        found[path] = sorted(rows, key=lambda row: row[0], reverse=True)
    return found


def answer_tree_at(
    disk: Disk, directories: Directories, question: TreeQuestion, goes_on: GoesOn = always, extended_types: bool = True
) -> Json:
    """A node and what was below it. Raises HistoryError and OSError."""
    check_time = _check_time(goes_on)
    past = tree_at(disk, directories, _zxid_of(disk, directories, question.at), check_time, extended_types)
    tree, path = past.tree, question.path
    below = _below(tree, path, question.depth, check_time)
    paths = nsmallest(
        question.limit + 1, (found for found in below if _order(found) > _order(question.after)), key=_order
    )
    rows = fitting([{"path": found, **(node_json(state_of(tree, found)) or {})} for found in paths[: question.limit]])
    return {
        "zxid": zxid_text(past.zxid),
        "time": past.time_ms,
        "path": path,
        "exists": tree.get_node(path) is not None,
        "node": node_json(state_of(tree, path)),
        "nodes": rows,
        "cursor": rows[-1]["path"] if len(paths) > len(rows) else None,
        "hidden": False,
        **_source(past),
    }


def answer_diff(
    disk: Disk, directories: Directories, question: DiffQuestion, goes_on: GoesOn = always, extended_types: bool = True
) -> Json:
    """What is different. Raises HistoryError and OSError."""
    check_time = _check_time(goes_on)
    first, last = (_zxid_of(disk, directories, moment) for moment in (question.begin, question.end))
    if first > last:
        raise HistoryQueryError(f"{zxid_text(first)} is behind {zxid_text(last)}: ask the other way round")
    past = tree_at(disk, directories, first, check_time, extended_types)
    begin = {"zxid": zxid_text(first), "time": past.time_ms}
    difference = Difference(question.path)
    past.advance(disk, directories.logs, last, check_time, difference.watch)
    counts = {"added": 0, "removed": 0, "changed": 0, "recreated": 0}
    found: list[NodeDifference] = []
    for row in difference.between(past.tree):
        counts[row.change] += 1
        if row.path > question.after and len(found) <= question.limit:
            found.append(row)
    rows = fitting([difference_json(row) for row in found[: question.limit]])
    return {
        "from": begin,
        "to": {"zxid": zxid_text(last), "time": past.time_ms},
        "path": question.path,
        "changes": rows,
        "counts": counts,
        "cursor": rows[-1]["path"] if len(found) > len(rows) else None,
        "hidden": False,
        **_source(past),
    }


def fitting(rows: list[Json]) -> list[Json]:
    """As many of the rows as an answer should have at the most, by their size; one at least."""
    size = 0
    for count, row in enumerate(rows):
        size += len(dumps(row))
        if size > MOST_BYTES and count > 0:
            return rows[:count]
    return rows


def _source(past: PastTree) -> Json:
    """What a tree was made of."""
    return {
        "snapshot": past.snapshot or None,
        "txns": past.txn_count,
        "verified": past.is_verified,
        "notes": past.notes,
    }


def _check_time(goes_on: GoesOn) -> CheckTime:
    def check() -> None:
        if not goes_on():
            raise HistoryError(
                "it took too long: ask for a zxid that is nearer to a snapshot, or use the tools on files"
            )

    return check


def _zxid_of(disk: Disk, directories: Directories, moment: Moment) -> int:
    if moment.zxid is not None:
        return moment.zxid
    if moment.time_ms is not None:
        return zxid_at(disk, directories.logs, moment.time_ms)
    snapshots = list_snapshots(disk, directories.snapshots)
    return max(newest_zxid(disk, directories.logs), snapshots[0][0] if snapshots else 0)


def _order(path: str) -> list[str]:
    """By which paths are in the order of a walk through the tree."""
    return path.split("/")


def _below(tree: DataTree, path: str, depth: int, check_time: CheckTime) -> Iterator[str]:
    """The paths of all nodes up to so many levels below this one, 0 for all, in no order."""
    waiting = [(path, depth)]
    count = 0
    while waiting:
        above, left = waiting.pop()
        node = tree.get_node(above)
        if node is None or node.children is None:
            continue
        for child in node.children.paths:
            count += 1
            if count % _LOOK_EVERY == 0:
                check_time()
            yield child
            if left != 1:
                waiting.append((child, left - 1))
