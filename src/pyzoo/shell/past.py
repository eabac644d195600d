"""The past as pyzoo's console tells of it: pieces of answers put together, and made as other documents of the shell.

Apache's server tells nothing of it.
"""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from pyzoo.config.java_numbers import decode_integer
from pyzoo.shell.admin_port import AdminFailure, AdminPort
from pyzoo.shell.errors import MalformedCommand
from pyzoo.shell.paths import without_chroot
from pyzoo.shell.printer import Printer
from pyzoo.shell.render import iso_text
from pyzoo.subtrees.values import Json, data_json
from pyzoo.zxid import zxid_text

PAGE: Final = 200
NOW: Final = "now"
ONLY_PYZOO: Final = (
    "only the console of pyzoo tells of the past; `pyzoo log blame DIR PATH` reads the files of any server"
)


def moment(text: str, option: str) -> str:
    """`zxid` or `time`, which of the two a moment is; raises MalformedCommand for neither."""
    if text == NOW or decode_integer(text, 64) is not None:
        return "zxid"
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise MalformedCommand(
            f"{option} {text}: give a zxid such as 0x10000004a, a time such as 2026-11-30T12:00:00Z, or now"
        ) from None
    return "time"


def time_parameter(text: str, option: str) -> str:
    """A time for the console, with a zone: one without has that of this machine. Raises MalformedCommand."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise MalformedCommand(f"{option} {text}: give a time such as 2026-11-30T12:00:00Z") from None
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Asked:
    """One question to a console: the pieces of its answer, and what it has to say beside."""

    def __init__(self, admin: AdminPort, what: str, **parameters: object) -> None:
        self._admin = admin
        self._what = what
        self._parameters = parameters
        self.first: dict[str, Any] = {}
        self.notes: list[str] = []
        self.hidden = False
        self.is_whole = True

    def items(self, name: str, most: int) -> Iterator[dict[str, Any]]:
        """Those of this name in all pieces, `most` at most. Raises AdminFailure."""
        cursor: str | None = None
        left = most
        while True:
            piece = self._piece(cursor, min(left, PAGE))
            self.first = self.first or piece
            self.notes += [str(each) for each in piece.get("notes") or () if str(each) not in self.notes]
            self.hidden = self.hidden or bool(piece.get("hidden"))
            found = piece.get(name) or []
            yield from found[:left]
            left -= len(found)
            cursor = piece.get("cursor")
            if cursor is None or left <= 0:
                self.is_whole = cursor is None
                return

    def _piece(self, cursor: str | None, limit: int) -> dict[str, Any]:
        try:
            answer = self._admin.console(self._what, **self._parameters, cursor=cursor, limit=limit)
        except AdminFailure as error:
            if error.status == HTTPStatus.NOT_FOUND and "no console" in str(error):
                raise AdminFailure(f"{error}; {ONLY_PYZOO}", error.status) from None
            raise
        return dict(answer)


def iso(at: Any) -> str | None:
    """A time in ms for scripts and people."""
    return None if at is None else iso_text(int(at))


def change_json(change: dict[str, Any], chroot: str) -> dict[str, Json]:
    """A change as a document: without what is not there, its time in ISO 8601, data as everywhere."""
    left = {name: value for name, value in change.items() if value is not None and value is not False}
    path = change.get("path")
    at: dict[str, Json] = {"zxid": change["zxid"], "time": iso(change.get("time")), "change": change.get("kind")}
    if path is not None:
        at["path"] = without_chroot(chroot, path)
    left = {name: value for name, value in left.items() if name not in (*at, *_DATA, "kind")}
    if "acl" in left:
        left["acl"] = acl_texts(left["acl"])
    return {**at, **left, **_content(change)}


def node_json(node: dict[str, Any] | None) -> Json:
    """A node as it was, as a document."""
    if node is None:
        return None
    value = {name: each for name, each in node.items() if name not in _DATA and name != "path"}
    value |= {name: iso(node.get(name)) for name in ("ctime", "mtime")}
    if node.get("acl") is not None:
        value["acl"] = acl_texts(node["acl"])
    return {**value, **_content(node)}


_DATA: Final = frozenset({"data", "text", "data_cut", "data_hidden"})


def _content(item: dict[str, Any]) -> dict[str, Json]:
    """Its data, and whether that is not whole, or not to be read by this client."""
    value: dict[str, Json] = {}
    if item.get("data_hidden"):
        return {"data_hidden": True}
    data = item.get("data")
    if data is not None:
        value |= data_json(base64.b64decode(data))
    if item.get("data_cut"):
        value["data_cut"] = True
    return value


def acl_texts(acl: list[dict[str, str]]) -> list[str]:
    """ACL entries as everywhere."""
    return [f"{each['scheme']}:{each['id']}:{each['perms']}" for each in acl]


def tell_rest(printer: Printer, asked: Asked, more: str) -> None:
    """What is to be said beside an answer."""
    if not asked.is_whole:
        printer.note(more)
    for note in asked.notes:
        printer.note(note)
    if asked.hidden:
        printer.note("what this shell may not read was left out")


def sent_moment(text: str, option: str) -> str:
    """A zxid in hex as it was given, a time with its zone."""
    if moment(text, option) == "time":
        return time_parameter(text, option)
    number = decode_integer(text, 64)
    return text if number is None else zxid_text(number)
