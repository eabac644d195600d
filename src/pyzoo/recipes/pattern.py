"""Pattern: how one recipe of one client looks in the tree, as data."""

import re
from functools import cached_property
from typing import Final

from attrs import field, frozen

from pyzoo.errors import MalformedInput
from pyzoo.recipes.labels import is_label

KINDS: Final = ("lock", "election", "semaphore", "queue", "barrier", "group", "counter", "service")
OF_CHILDREN: Final = {
    "line": "the first of the children holds, the others wait; those that match `shared` share",
    "semaphore": "the children of `leases` hold, those of `queue` wait",
    "items": "the children are a queue; those with a node of the same name in `taken` are being worked on",
    "members": "each child is a member; with `alive`, as long as it has such a child",
    "barrier": "the children wait for each other, until the node `ready` is there",
}
OF_ONE_NODE: Final = {
    "owner": "the session that made the node holds; the children of `standby` wait",
    "value": "the data is a value",
    "flag": "that the node is there is all",
}
FORMS: Final = {**OF_CHILDREN, **OF_ONE_NODE}
"""Each form with what it means."""
ANY_NAME: Final = ".+"
SEQUENCE: Final = r"(?P<sequence>-?[0-9]{10})"
_NUMBER_OF_PERMITS: Final = re.compile(r"[1-9][0-9]{0,5}")


@frozen(slots=False)
class Pattern:
    """One recipe. Regular expressions match whole names and may have the groups `sequence` and `label`.

    `at` are the last parts of the path, with `*` for any characters but a slash. All other paths are seen from the
    node: `x` is below it, `../x` beside it. Those of `needs` have to be there. `ephemeral` is what the children have to
    be, None for either; with `labelled` they have to say what `label` wants. `permits` is how many hold at once: a
    number, `all`, or `data` for what the node itself says. `counts` are lists below an item whose lengths are told.
    """

    name: str
    kind: str
    form: str
    entry: str = ANY_NAME
    shared: str = ""
    at: str = ""
    needs: tuple[str, ...] = ()
    ephemeral: bool | None = None
    label: str = "text"
    labelled: bool = False
    permits: str = "1"
    leases: str = "."
    queue: str = ""
    queue_entry: str = ""
    taken: str = ""
    alive: str = ""
    ready: str = ""
    standby: str = ""
    counts: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    guess: bool = False

    def __attrs_post_init__(self) -> None:
        self._check(self.kind in KINDS, f"kind {self.kind}: choose one of {', '.join(KINDS)}")
        self._check(self.form in FORMS, f"form {self.form}: choose one of {', '.join(FORMS)}")
        self._check(is_label(self.label), f"label {self.label}: give text, or fields of JSON like {{host}}:{{port}}")
        self._check(self._permits_are_right(), f"permits {self.permits}: give a number, all or data")
        self._check(self.form not in OF_ONE_NODE or bool(self.at), f"form {self.form} needs at, the end of the path")
        self._check(self.form != "semaphore" or bool(self.queue), "form semaphore needs queue, where they wait")
        for name in ("entry", "shared", "queue_entry"):
            self._compiled(name)

    def _permits_are_right(self) -> bool:
        return self.permits in ("all", "data") or _NUMBER_OF_PERMITS.fullmatch(self.permits) is not None

    def _check(self, right: bool, fault: str) -> None:
        if not right:
            raise MalformedInput(f"recipe {self.name}: {fault}")

    def _compiled(self, name: str) -> re.Pattern[str]:
        text: str = getattr(self, name)
        try:
            return re.compile(text)
        except re.error as error:
            raise MalformedInput(f"recipe {self.name}: {name} {text} is no regular expression: {error}") from None

    @cached_property
    def entry_re(self) -> re.Pattern[str]:
        """Names of children that count; with `shared`, of those that exclude others."""
        return self._compiled("entry")

    @cached_property
    def shared_re(self) -> re.Pattern[str] | None:
        """Names of children that share."""
        return self._compiled("shared") if self.shared else None

    @cached_property
    def queue_entry_re(self) -> re.Pattern[str]:
        """Names in `queue`."""
        return self._compiled("queue_entry" if self.queue_entry else "entry")

    @cached_property
    def at_re(self) -> re.Pattern[str] | None:
        """What the path ends with; None for any path."""
        if not self.at:
            return None
        return re.compile(".*/" + glob_re(self.at), re.DOTALL)

    @property
    def last_name(self) -> str:
        """The only name that such a node can have; empty where it may have several."""
        return "" if "*" in self.last_part else self.last_part

    @property
    def last_part(self) -> str:
        """The last part of `at`."""
        return self.at.rpartition("/")[2]


def glob_re(at: str) -> str:
    """The regular expression for a pattern with `*` for any characters but a slash."""
    return "[^/]*".join(map(re.escape, at.split("*")))
