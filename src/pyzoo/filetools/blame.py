"""Who changed a node, and when, as lines for people: one for each change, newest first."""

from collections.abc import Iterator
from typing import Any, Final

from attrs import evolve

from pyzoo.errors import ToolError
from pyzoo.filetools.dates import Dates
from pyzoo.history.answers import answer_history
from pyzoo.history.query import MOST_ROWS, Cursor, HistoryQuery
from pyzoo.persistence.directories import VERSION_DIRECTORY, Directories
from pyzoo.persistence.disk import Disk
from pyzoo.persistence.txnlog import list_logs

_SHOWN: Final = 60
"""Characters of data on a line."""


def directories_of(disk: Disk, directory: str, log_dir: str | None) -> Directories:
    """Where the files are: in version-2 of this directory, or in this very one. Raises ToolError and OSError."""
    found = Directories(_above_version_2(directory), _above_version_2(log_dir or directory))
    for path in dict.fromkeys((found.snapshots, found.logs)):
        if not disk.exists(path):
            raise ToolError(f"{path[: -len(VERSION_DIRECTORY)]} is no data directory: it has no {VERSION_DIRECTORY}")
    if not list_logs(disk, found.logs):
        raise ToolError(f"there are no logs in {found.logs}; where they are elsewhere, say it with --data-log-dir")
    return found


def _above_version_2(directory: str) -> str:
    directory = directory.rstrip("/") or "/"
    return directory.removesuffix("/" + VERSION_DIRECTORY) or "/"


def answers(disk: Disk, directories: Directories, query: HistoryQuery, most: int | None) -> Iterator[dict[str, Any]]:
    """Pages, as answers of the history, up to so many changes in all. Raises OSError."""
    left = most
    while True:
        limit = MOST_ROWS if left is None else min(left, MOST_ROWS)
        answer = answer_history(disk, directories, evolve(query, limit=limit))
        yield answer
        if left is not None:
            left -= len(answer["changes"])
        if answer["cursor"] is None or left == 0:
            return
        query = evolve(query, before=Cursor.parse(answer["cursor"]))


def blame_text(pages: Iterator[dict[str, Any]], path: str, dates: Dates) -> Iterator[str]:
    """A line for each change, and what there is to say at the end."""
    count = 0
    notes: dict[str, None] = {}
    for page in pages:
        notes.update(dict.fromkeys(page["notes"]))
        for change in page["changes"]:
            count += 1
            yield line_of(change, path, dates)
    if count == 0:
        yield f"no change of {path} is in the logs\n"
    if page["cursor"] is not None:
        yield "there are older ones: --limit has left them out\n"
    for note in notes:
        yield f"{note}\n"


def line_of(change: dict[str, Any], path: str, dates: Dates) -> str:
    """Time, zxid, session, cxid, kind, and what it did; the path only where it is another one."""
    words = [dates.short(change["time"]), change["zxid"], "session", change["session"], f"cxid {change['cxid']}"]
    words.append(change["kind"])
    if change["path"] not in (None, path):
        words.append(change["path"])
    if change["parts"]:
        words.append(f"(part {change['part']} of {change['parts']})")
    if change["cause"]:
        words.append(f"by {change['cause']}")
    if change["error"]:
        words.append(change["error"])
    if change["ephemeral"]:
        words.append("ephemeral")
    if change["version"] is not None:
        words.append(f"version {change['version']}")
    if change["size"] is not None:
        words.append(f"{change['size']} bytes")
        words.append(_shown(change))
    if change["acl"] is not None and change["size"] is None:
        words.append(" ".join(f"{entry['scheme']}:{entry['id']}:{entry['perms']}" for entry in change["acl"]))
    return " ".join(word for word in words if word) + "\n"


def _shown(change: dict[str, Any]) -> str:
    """The begin of the data, if it is text."""
    text: str | None = change["text"]
    if not text:
        return ""
    cut = text[:_SHOWN]
    return repr(cut) + ("..." if change["data_cut"] or len(text) > len(cut) else "")
