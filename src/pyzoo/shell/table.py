"""Tables for people: columns as wide as they have to be, numbers at the right."""

from collections.abc import Sequence
from typing import Final

BETWEEN: Final = "  "
UNKNOWN: Final = "-"


def table_lines(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """A line for the titles and one for each row; None is shown as a dash."""
    texts = [[UNKNOWN if value is None else str(value) for value in row] for row in rows]
    numeric = [
        all(isinstance(row[at], int | float) or row[at] is None for row in rows) and bool(rows)
        for at in range(len(titles))
    ]
    lines = [list(titles), *texts]
    widths = [max(len(line[at]) for line in lines) for at in range(len(titles))]
    return [
        BETWEEN.join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    ]
