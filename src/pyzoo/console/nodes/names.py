"""NameTest: which names of nodes are meant by what somebody has typed."""

import re
from fnmatch import translate
from typing import Final

_WILD: Final = "*?["
_LITERAL: Final = re.compile(r"[^*?\[\]]+")
_BETWEEN: Final = "\0"
"""In no name: the server takes none that has it."""


class NameTest:
    """A part of a name, or a pattern where there is `*`, `?` or `[`; small and capital letters are the same to it."""

    def __init__(self, typed: str) -> None:
        self._literal = typed.casefold()
        self._pattern: re.Pattern[str] | None = None
        if any(sign in typed for sign in _WILD):
            self._pattern = re.compile(translate(self._literal))
            literals = [] if "[" in typed else _LITERAL.findall(self._literal)
            self._literal = max(literals, key=len, default="")

    def matches(self, name: str) -> bool:
        """Whether the name is meant."""
        folded = name.casefold()
        return self._literal in folded and (self._pattern is None or self._pattern.match(folded) is not None)

    def chosen(self, paths: list[str], above: str) -> list[str]:
        """Those of some brothers whose names are meant; `above` is what all of them begin with, up to the names."""
        joined = (_BETWEEN + _BETWEEN.join(paths)).replace(_BETWEEN + above, _BETWEEN).casefold()
        if self._literal not in joined:
            return []
        literal, pattern = self._literal, self._pattern
        found = [pair for pair in zip(paths, joined.split(_BETWEEN)[1:], strict=True) if literal in pair[1]]
        return [path for path, folded in found if pattern is None or pattern.match(folded) is not None]
