"""`python -m benchmarks`: starts single servers, measures, prints the tables."""

import click

from benchmarks import report
from benchmarks.options import CACHE, Wanted, list_of, takes_wanted
from benchmarks.resources import MEASUREMENTS, QUICK, Scale
from benchmarks.sections import measure_sections
from benchmarks.throughput import OPS, TLS_OPS, Pace, cells_of, measure_throughput
from benchmarks.tls import TlsFiles
from benchmarks.zkload import Zkload

SECTIONS = ("throughput", *MEASUREMENTS)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@takes_wanted(SECTIONS, 3, "A few minutes: fewer cells, one short run each, small sizes.")
@click.option(
    "--ops",
    default="",
    callback=list_of((*OPS, "word")),
    help=f"Rows of the load table.  [default: {','.join(OPS)}; with --tls {','.join(TLS_OPS)}]",
)
@click.option("--tls", "over_tls", is_flag=True, help="The load table over TLS 1.3 with client certificates, alone.")
def main(wanted: Wanted, ops: tuple[str, ...], over_tls: bool) -> None:
    """Measure pyzoo beside Apache ZooKeeper 3.9.5 on this machine."""
    quick = wanted.quick
    pace = Pace(wanted.seconds or (1 if quick else 3), 0.5 if quick else 1, 3 if quick else 5,
                wanted.runs or (1 if quick else 3))  # fmt: skip
    scale = QUICK if quick else Scale()
    results = wanted.results(pace, scale)
    zkload = Zkload.build(CACHE, over_tls)
    with wanted.workplace(results) as workplace:
        tls = TlsFiles.create(workplace / "tls") if over_tls else None
        if "throughput" in wanted.only:
            cells = cells_of(ops or (TLS_OPS if over_tls else OPS), quick)
            measure_throughput(
                wanted.contestants, cells, pace, zkload, workplace, results, lambda: wanted.save(results), tls
            )
        sections = [section for section in MEASUREMENTS if section in wanted.only and not over_tls]
        measure_sections(MEASUREMENTS, sections, wanted.contestants, zkload, workplace, scale, results)
    wanted.tell(report.markdown(results))
