"""The tables of the documentation that come from tables of the code; run as a program it writes them into their pages.

They stand between `<!-- NAME: begin -->` and `<!-- NAME: end -->`.
"""

import re
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

from pyzoo.config.key_table import key_reference
from pyzoo.metric_table import METRICS, Kind, Metric, Owner
from pyzoo.server.requests.operations.operation import READ, UNKNOWN, WRITE, Operation
from pyzoo.server.requests.operations.parts import PARTS
from pyzoo.server.requests.operations.table import OPERATIONS

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


def table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(columns)
    lines = ["| " + " | ".join(line) + " |" for line in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]]).replace("|  |", "| |").replace("|  |", "| |")


def together(metrics: Iterable[Metric]) -> list[tuple[str, Metric]]:
    """Neighbours that have one meaning, as their names and one of them."""
    grouped = [list(group) for _, group in groupby(metrics, key=lambda metric: metric.meaning)]
    return [(", ".join(f"`{metric.name}`" for metric in group), group[0]) for group in grouped]


def counted(type: str) -> list[Metric]:
    """Those of Apache's that are counted here, of a type of Prometheus."""
    return [metric for metric in METRICS if metric.kind.type == type and metric.owner not in (Owner.NOBODY, Owner.OWN)]


def plain(type: str) -> str:
    return table(("metric", "meaning"), ((names, one.meaning) for names, one in together(counted(type))))


def summaries() -> str:
    rows = (
        (names, "p" if one.kind in (Kind.ADVANCED, Kind.ADVANCED_SET) else "", one.meaning)
        for names, one in together(counted("summary"))
    )
    return table(("metric", "", "meaning"), rows)


def idle() -> str:
    none = [metric for metric in METRICS if metric.owner is Owner.NOBODY]
    return table(("metric", "why"), ((names, one.meaning) for names, one in together(none)))


def own() -> str:
    rows = ((f"`{one.name}`", one.kind.type, one.meaning) for one in METRICS if one.owner is Owner.OWN)
    return table(("metric", "type", "meaning"), rows)


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def part_of(operation: Operation) -> str:
    if operation not in PARTS:
        return ""
    return "multiRead" if operation.kind == READ else "multi"


def operations() -> str:
    kinds = {READ: "read", WRITE: "write", UNKNOWN: "not for clients alone"}
    rows = (
        (
            str(int(each.opcode)),
            each.name,
            kinds[int(each.kind)],
            code(each.short_name),
            code(each.audit_name),
            part_of(each),
        )
        for each in sorted(OPERATIONS, key=lambda each: int(each.opcode))
    )
    return table(("op", "name", "kind", "in `stat`, `cons`", "in the audit log", "part of"), rows)


TABLES: dict[str, tuple[str, Callable[[], str]]] = {
    "keys": ("configuration.md", lambda: key_reference().rstrip("\n")),
    "gauges": ("metrics.md", lambda: plain("gauge")),
    "counters": ("metrics.md", lambda: plain("counter")),
    "summaries": ("metrics.md", summaries),
    "idle": ("metrics.md", idle),
    "operations": ("compatibility.md", operations),
    "own": ("metrics.md", own),
}
"""The page and the text of each, by name."""


def with_table(page: str, name: str, text: str) -> str:
    """A page with this text in its place, which has to be there."""
    place = re.compile(rf"(<!-- {name}: begin -->\n\n).*?(\n\n<!-- {name}: end -->)", re.DOTALL)
    assert place.search(page), f"there is no place for {name}"
    return place.sub(lambda found: found[1] + text + found[2], page)


def main() -> None:
    for name, (page, text) in TABLES.items():
        path = DOCS / page
        path.write_text(with_table(path.read_text(encoding="utf-8"), name, text()), encoding="utf-8")


if __name__ == "__main__":
    main()
