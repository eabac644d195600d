"""The patterns in the order in which they are tried: the first that fits says what a node is."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from pyzoo.recipes.client_patterns import CLIENT_PATTERNS, GUESSES
from pyzoo.recipes.pattern import ANY_NAME, OF_ONE_NODE, Pattern, glob_re
from pyzoo.recipes.system_patterns import SYSTEM_PATTERNS

PATTERNS: Final = (*SYSTEM_PATTERNS, *CLIENT_PATTERNS, *GUESSES)
_GROUP: Final = re.compile(r"\(\?P<\w+>")
NAMES_TO_SEE: Final = 2000
"""Children that are looked at to see which patterns may fit: the nodes of recipes have hardly any others."""
NAMES_TO_TRY: Final = 100
"""Of those that fit some pattern, how many are held against each."""


class PatternTable:
    """All patterns, found fast: most nodes are nothing."""

    def __init__(self, more: Iterable[Pattern] = (), guesses: bool = True) -> None:
        """`more` come before those that are built in. Without `guesses` nothing is said of what only looks like one."""
        self.patterns: Final = tuple(pattern for pattern in (*more, *PATTERNS) if guesses or not pattern.guess)
        self._rank = {id(pattern): rank for rank, pattern in enumerate(self.patterns)}
        self._by_name: dict[str, list[Pattern]] = defaultdict(list)
        self._anywhere: list[Pattern] = []
        self._leaves_anywhere: list[Pattern] = []
        for pattern in self.patterns:
            if pattern.last_name:
                self._by_name[pattern.last_name].append(pattern)
            elif pattern.form in OF_ONE_NODE:
                self._leaves_anywhere.append(pattern)
            else:
                self._anywhere.append(pattern)
        self._leaf_names = re.compile("|".join(glob_re(pattern.last_part) for pattern in self._leaves_anywhere))
        plain = [text for pattern in self._anywhere for text in _names(pattern)]
        self._any_entry = re.compile("|".join(f"(?:{_GROUP.sub('(?:', text)})" for text in plain))

    def knows_leaf(self, name: str) -> bool:
        """Whether a node of this name without children may be something."""
        return name in self._by_name or self._leaf_names.fullmatch(name) is not None

    def candidates(self, name: str, children: Sequence[str]) -> list[Pattern]:
        """What a node of this name may be, with these children, some of all; the first that fits counts."""
        found = list(self._by_name.get(name, ()))
        if self._leaf_names.fullmatch(name):
            found += self._leaves_anywhere
        if children:
            known = [child for child in children if self._any_entry.fullmatch(child)][:NAMES_TO_TRY]
            found += [pattern for pattern in self._anywhere if _may_be(pattern, known)]
        return sorted(found, key=lambda pattern: self._rank[id(pattern)])


def _names(pattern: Pattern) -> list[str]:
    return [] if _fits_any(pattern) else [text for text in (pattern.entry, pattern.shared) if text]


def _fits_any(pattern: Pattern) -> bool:
    """Whether names of children say nothing."""
    return pattern.form == "semaphore" or pattern.entry == ANY_NAME


def _may_be(pattern: Pattern, known: Sequence[str]) -> bool:
    if _fits_any(pattern):
        return True
    if any(pattern.entry_re.fullmatch(name) for name in known):
        return True
    return pattern.shared_re is not None and any(pattern.shared_re.fullmatch(name) for name in known)
