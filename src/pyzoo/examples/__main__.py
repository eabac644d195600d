"""python -m pyzoo.examples [NAME [--explain] [--wrong] [--hosts HOST:PORT,...] [--servers N]]"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from kazoo.handlers.threading import KazooTimeoutError

from pyzoo.errors import PyzooError
from pyzoo.examples.catalog import EXAMPLES, Example
from pyzoo.examples.client import connect
from pyzoo.examples.stage import Stage, StageError, load_ahead

TICK_TIME_MS = 100
"""A session takes at least two ticks: this one lets it be short."""


@click.command()
@click.argument("name", required=False, type=click.Choice(list(EXAMPLES)))
@click.option("--explain", is_flag=True, help="Print what it teaches, and run nothing.")
@click.option("--wrong", is_flag=True, help="Leave out what makes it right, to see what that is good for.")
@click.option("--hosts", help="Use this server or ensemble, HOST:PORT,..., and a node of its own there.")
@click.option("--servers", type=click.IntRange(1), default=1, show_default=True, help="So many servers otherwise.")
def main(name: str | None, explain: bool, wrong: bool, hosts: str | None, servers: int) -> None:
    """Show what ZooKeeper is for: run one of the examples, or list them.

    The exit code is 0 if all that the example claims was true, 1 if not.
    """
    if name is None:
        width = max(map(len, EXAMPLES))
        for each in EXAMPLES.values():
            click.echo(f"{each.name:{width}}  {each.summary}")
        click.echo("\nRun one: python -m pyzoo.examples lock")
        return
    example = EXAMPLES[name]
    if explain:
        click.echo(example.text)
        return
    if wrong and not example.has_wrong:
        known = ", ".join(each.name for each in EXAMPLES.values() if each.has_wrong)
        raise click.UsageError(f"{name} cannot be run wrong; these can: {known}")
    if example.own_servers and (hosts or servers != 1):
        raise click.UsageError(f"{name} kills servers, so it makes its own: leave --hosts and --servers away")
    sys.exit(run(example, wrong, hosts, servers))


def run(example: Example, wrong: bool, hosts: str | None, servers: int) -> int:
    """Play it, and say in the last line what was shown; the exit code."""
    logging.getLogger("pyzoo").setLevel(logging.CRITICAL)  # That servers lose each other is what is played.
    load_ahead("pyzoo.examples.catalog")
    try:
        with served(example, hosts, servers) as where, Stage(where, wrong) as stage:
            shown = example.show(stage)
    except PyzooError as error:
        print(f"not shown: {error}", flush=True)
        return 1
    if stage.broken:
        print(f"not shown: {'; '.join(stage.broken)}", flush=True)
        return 1
    print(f"shown: {shown}", flush=True)
    return 0


@contextmanager
def served(example: Example, hosts: str | None, servers: int) -> Iterator[str]:
    """The servers of an example: those that are given, or new ones."""
    if example.own_servers:
        yield ""
    elif hosts is not None:
        with node_of_its_own(hosts, example.name) as node:
            yield hosts + node
    elif servers > 1:
        from pyzoo.testing import EmbeddedEnsemble  # Takes a while to load: not for who needs none.

        with EmbeddedEnsemble(servers, tick_time_ms=TICK_TIME_MS) as ensemble:
            print(f"an ensemble of {servers} servers: {ensemble.connect_string}", flush=True)
            yield ensemble.connect_string
    else:
        from pyzoo.testing import EmbeddedServer

        with EmbeddedServer(tick_time_ms=TICK_TIME_MS) as server:
            print(f"a server in this process: {server.connect_string}", flush=True)
            yield server.connect_string


@contextmanager
def node_of_its_own(hosts: str, name: str) -> Iterator[str]:
    """A node that an example has for its root on servers that are not its own; gone afterwards."""
    try:
        zk = connect(hosts)
    except KazooTimeoutError as error:
        raise StageError(f"{hosts} does not answer: {error}") from error
    node = zk.create(f"/pyzoo-example-{name}-", sequence=True)
    print(f"{hosts}, below {node}", flush=True)
    try:
        yield node
    finally:
        zk.retry(zk.delete, node, recursive=True)
        zk.stop()
        zk.close()


if __name__ == "__main__":
    main()
