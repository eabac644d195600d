"""python -m pyzoo.sim --seed 42 --minutes 2 --seeds 100"""

import time

import click

from pyzoo.sim.options import HARSH
from pyzoo.sim.simulation import run_seed


@click.command()
@click.option("--seed", default=1, help="The first seed.")
@click.option("--seeds", default=1, help="How many seeds, one after the other.")
@click.option("--minutes", default=1.0, help="Virtual minutes of faults in each run.")
@click.option("--harsh", is_flag=True, help="Three members and a fault every second, in place of drawn options.")
@click.option("--keep-going", is_flag=True, help="Go on after a failure.")
@click.option("--verbose", is_flag=True, help="Print the trace while it grows.")
def main(seed: int, seeds: int, minutes: float, harsh: bool, keep_going: bool, verbose: bool) -> None:
    """Simulate ensembles; fails with the trace of the first seed that breaks a rule."""
    begun = time.monotonic()
    virtual_ms = transactions = failed = count = 0
    for number in range(seed, seed + seeds):
        outcome = run_seed(number, minutes, HARSH if harsh else None, verbose)
        count += 1
        virtual_ms += outcome.virtual_ms
        transactions += outcome.transactions
        if outcome.failure is None:
            click.echo(f"seed {number}: {outcome.transactions} transactions, {outcome.events} events")
            continue
        failed += 1
        click.echo(f"seed {number}: {outcome.failure}" if keep_going else outcome.report(minutes))
        if not keep_going:
            break
    seconds = time.monotonic() - begun
    click.echo(
        f"{count} seeds, {failed} failed, {virtual_ms / 3_600_000:.2f} virtual hours, {transactions} transactions "
        f"in {seconds:.1f} s: {virtual_ms / 1000 / max(seconds, 0.001):.0f} times real time"
    )
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
