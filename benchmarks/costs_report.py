"""The report on costly scenes: a table for each server that is compared with the original."""

from benchmarks.costs import SIZES, TITLES
from benchmarks.report import better_by, ratio_text, rival_of, table
from benchmarks.results import Results
from benchmarks.stage import Sizes

COLUMNS = (
    ("s", "time, s", 2),
    ("mib", "more memory, MiB", 0),
    ("get_p99_ms", "others' get p99, ms", 1),
    ("get_max_ms", "longest get, ms", 0),
    ("set_p99_ms", "others' set p99, ms", 1),
    ("set_max_ms", "longest set, ms", 0),
)


def _row(results: Results, scene: str, names: list[str]) -> list[str]:
    row = []
    for key, _, digits in COLUMNS:
        values = [results.measures.get(name, {}).get(f"{scene}_{key}") for name in names]
        row += ["-" if value is None else f"{value:,.{digits}f}" for value in values]
        if len(values) == 2:
            real, own = values
            row.append("-" if real is None or own is None else ratio_text(better_by(real, own, False)))
    return row


def costs_markdown(results: Results) -> str:
    """The whole report."""
    sizes = Sizes(results.settings["scale"])
    shown = {name: sizes.of(count) for name, count in SIZES.items()}
    lines = [f"# What single requests cost, {results.date}", ""]
    lines += [f"- {name}: {description}" for name, description in results.servers.items()]
    lines += [f"- {key}: {value}" for key, value in results.machine.items()]
    lines += ["", "Others: a get every 2 ms and a set every 10 ms. A ratio says how many times better pyzoo is."]
    rival = rival_of(results)
    for own in [name for name in results.servers if name != rival] or [""]:
        names = list(filter(None, [rival, own]))
        header = ["scene"]
        for _, title, _ in COLUMNS:
            header += [f"{title} {name}" for name in names] + ["ratio"] * (len(names) - 1)
        rows = [
            [title.format(**shown), *_row(results, scene, names)]
            for scene, title in TITLES.items()
            if any(f"{scene}_s" in figures for figures in results.measures.values())
        ]
        lines += ["", f"## {' and '.join(names)}", "", *table(header, rows)]
    if results.failures:
        lines += ["", "## Failed scenes", "", *(f"- {failure}" for failure in results.failures)]
    return "\n".join(lines) + "\n"
