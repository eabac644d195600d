"""Thing: what was recognised, and who has a part in it."""

from typing import Final

from attrs import frozen

HOLDER: Final = "holder"
WAITER: Final = "waiter"
MEMBER: Final = "member"
ITEM: Final = "item"
GONE: Final = "gone"


@frozen
class Part:
    """Somebody who holds, waits or is a member, or an item that is there; with the node that shows it.

    `role` is one of holder, waiter, member, item, or gone: registered, but with no session that says so now. `since` is
    when the node was made, in ms since 1970: who holds has held since then at the earliest. `mode` is exclusive or
    shared where that differs; `label` is what the node says of itself, for people.
    """

    role: str
    path: str
    session: int
    since: int
    czxid: int
    label: str = ""
    mode: str = ""


@frozen
class Thing:
    """A lock, an election, a queue and so on, at a path.

    `parts` are holders first, then who waits in the order in which it is their turn; at most a thousand of the `total`.
    `permits` is how many may hold at once, None where that is not known or makes no sense. `value` is that of counters.
    With `guess` no client has names of just this form: it only looks like that.
    """

    kind: str
    recipe: str
    path: str
    parts: tuple[Part, ...] = ()
    total: int = 0
    permits: int | None = None
    value: str | None = None
    guess: bool = False
    notes: tuple[str, ...] = ()
    #: Nodes below that belong to it and are nothing by themselves.
    claims: tuple[str, ...] = ()

    @property
    def holders(self) -> list[Part]:
        return [part for part in self.parts if part.role == HOLDER]

    @property
    def waiters(self) -> list[Part]:
        return [part for part in self.parts if part.role == WAITER]

    @property
    def others(self) -> list[Part]:
        """Members, items, and who is gone."""
        return [part for part in self.parts if part.role not in (HOLDER, WAITER)]

    @property
    def sessions(self) -> list[int]:
        """Those that have a part in it, each once."""
        return list(dict.fromkeys(part.session for part in self.parts if part.session))
