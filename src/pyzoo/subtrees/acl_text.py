"""ACLs as people write them: `scheme:id:perms`, several with commas between (AclParser)."""

from collections.abc import Callable, Sequence
from typing import Final

from attrs import frozen

_PERMS: Final = {"r": 1, "w": 2, "c": 4, "d": 8, "a": 16}
_SHOWN: Final = "cdrwa"


@frozen
class Acl:
    """Who (`scheme`, `id`) may do what (`perms`, a sum of 1 read, 2 write, 4 create, 8 delete, 16 admin)."""

    perms: int
    scheme: str
    id: str

    @property
    def perms_text(self) -> str:
        """Its letters, in the order in which ZooKeeper prints them."""
        return "".join(letter for letter in _SHOWN if self.perms & _PERMS[letter])

    def __str__(self) -> str:
        return f"{self.scheme}:{self.id}:{self.perms_text}"


OPEN_ACL: Final = (Acl(31, "world", "anyone"),)


def perms_of(letters: str) -> int:
    """The sum that these letters stand for; others count for nothing."""
    return sum(_PERMS[letter] for letter in set(letters) & _PERMS.keys())


def parse_acl(text: str, complain: Callable[[str], None]) -> list[Acl]:
    """The entries that can be read; what cannot is told to `complain` and left out, as zkCli does."""
    entries = []
    for part in _split_as_java(text):
        scheme, _, rest = part.partition(":")
        id, colon, letters = rest.rpartition(":")
        if not colon:
            complain(f"{part} does not have the form scheme:id:perm")
            continue
        for letter in letters:
            if letter not in _PERMS:
                complain(f"Unknown perm type: {letter}")
        entries.append(Acl(perms_of(letters), scheme, id))
    return entries


def _split_as_java(text: str) -> list[str]:
    """String.split: empty parts at the end do not count, unless the text is empty."""
    parts = text.split(",")
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return [] if len(parts) == 1 and text and not parts[0] else parts


def acl_texts(entries: Sequence[Acl]) -> list[str]:
    """The written form of each entry."""
    return [str(entry) for entry in entries]
