"""Which names somebody may have meant who typed one that there is not."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

MOST: Final = 3
SIMILAR: Final = 0.6
"""How much of two names has to agree, from 0 to 1."""


def nearest_names(typed: str, known: Iterable[str], elsewhere: Mapping[str, str]) -> list[str]:
    """At most three of `known`, the likeliest first: what begins so, what is similar.

    Or the one that is called so `elsewhere` (its keys are in lower case). Upper and lower case do not matter.
    """
    names = {name.lower(): name for name in known}
    word = typed.lower()
    if elsewhere.get(word, "").partition(" ")[0].lower() in names:
        return [elsewhere[word]]
    if word in names:
        return [names[word]]
    longer = sorted(name for name in names if len(word) > 1 and name.startswith(word))
    similar = get_close_matches(word, names, n=MOST, cutoff=SIMILAR)
    found = [names.get(name, name) for name in (*longer, *similar)]
    return list(dict.fromkeys(found))[:MOST]


def or_list(names: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " or ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
