"""An ACL in words: whom an entry means, and what it lets them do."""

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from pyzoo.datatree.acl import ADMIN, CREATE, DELETE, READ, WRITE
from pyzoo.jute.records import ACL
from pyzoo.server.auth.access_control import ANYONE, WORLD
from pyzoo.subtrees.acl_text import Acl, parse_acl

ALL_WORDS: Final = ((READ, "read"), (WRITE, "write"), (CREATE, "create"), (DELETE, "delete"), (ADMIN, "administer"))


@frozen
class AclWords:
    """An entry: `who` and `what` in words, and `text` as commands take it."""

    who: str
    what: str
    text: str


def acl_words(acl: Sequence[ACL]) -> list[AclWords]:
    """Each entry."""
    return [AclWords(_who(entry.scheme or "", entry.id or ""), _what(entry.perms), acl_line(entry)) for entry in acl]


def acl_line(entry: ACL) -> str:
    """`scheme:id:perms`."""
    return str(Acl(entry.perms, entry.scheme or "", entry.id or ""))


def _what(perms: int) -> str:
    words = [word for bit, word in ALL_WORDS if perms & bit]
    if len(words) == len(ALL_WORDS):
        return "everything"
    return ", ".join(words) or "nothing"


def _who(scheme: str, id: str) -> str:
    if scheme == WORLD and id == ANYONE:
        return "anyone"
    if scheme == "digest":
        return f"who knows the password of {id.partition(':')[0]}"
    if scheme == "ip":
        return f"who comes from {id}"
    if scheme == "x509":
        return f"who has the certificate of {id}"
    if scheme == "sasl":
        return f"{id}, logged in by SASL"
    return f"{id} by {scheme}"


def acl_of_lines(text: str) -> tuple[list[ACL], list[str]]:
    """The entries that somebody wrote, one a line or with commas between, and what is wrong with them."""
    faults: list[str] = []
    entries: list[ACL] = []
    for line in text.splitlines():
        if line.strip():
            entries += [ACL(entry.perms, entry.scheme, entry.id) for entry in parse_acl(line.strip(), faults.append)]
    if not entries and not faults:
        faults.append("An ACL needs one entry at least: nobody could do anything otherwise.")
    return entries, faults
