"""`pyzoo status`: who serves and who leads, asked with the four-letter words `srvr` and `mntr`."""

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import attrs
import click
from attrs import evolve, frozen

from pyzoo.cli.groups import Seconds
from pyzoo.runtime.four_letters import SERVING_MODES, TIMEOUT_S, ask, mntr_fields, srvr_fields
from pyzoo.shell.tls_probe import TIMEOUT_S as TLS_TIMEOUT_S
from pyzoo.shell.tls_probe import speaks_tls
from pyzoo.zxid import counter_of, epoch_of

DEFAULT_PORT = 2181
MAX_AT_ONCE = 64
NOT_SERVING = "not serving"
NO_ANSWER = "no answer"
WANTS_TLS = "it speaks TLS there: give its port without"
COLUMNS = "server mode zxid epoch counter followers learners connections uptime version".split()


@frozen
class ServerStatus:
    """What one server says of itself; None is what it did not say.

    `mode` is that of `srvr`, "not serving" or "no answer"; `error` is why there is none.
    """

    server: str
    mode: str
    error: str | None = None
    zxid: str | None = None
    epoch: int | None = None
    counter: int | None = None
    #: Of a leader: followers in step, and all that are connected to it, observers too.
    synced_followers: int | None = None
    learners: int | None = None
    connections: int | None = None
    uptime_ms: int | None = None
    version: str | None = None

    @property
    def leads(self) -> bool:
        """Whether writes are ordered here."""
        return self.mode in ("leader", "standalone")


def parse_connect_string(text: str) -> list[tuple[str, int]]:
    """Hosts and ports of `host:port,host:port/chroot`; raises ValueError that says what is wrong."""
    addresses = []
    for part in text.partition("/")[0].split(","):
        address = part.strip()
        host, colon, port = address.rpartition(":")
        if not colon or address.endswith("]") or (":" in host and not host.startswith("[")):
            host, port = address, str(DEFAULT_PORT)
        host = host.removeprefix("[").removesuffix("]")
        if not host or not port.isdecimal() or not 0 < int(port) <= 65535:
            raise ValueError(f"{part!r} is not an address: give host:port, several with commas between")
        addresses.append((host, int(port)))
    return addresses


def whole_number(text: str | None) -> int | None:
    """The number that a server wrote, if it is one; with Prometheus' metrics it is a double."""
    try:
        return None if text is None else int(float(text))
    except (ValueError, OverflowError):
        return None


def status_of(address: tuple[str, int], timeout_s: float) -> ServerStatus:
    """Ask one server; nothing is raised, the status says what went wrong."""
    host, port = address
    name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        answer = ask(host, port, "srvr", timeout_s)
    except OSError as error:
        wants_tls = speaks_tls(host, port, min(timeout_s, TLS_TIMEOUT_S))
        return ServerStatus(name, NO_ANSWER, WANTS_TLS if wants_tls else error.strerror or str(error))
    fields = srvr_fields(answer)
    if not fields:
        return ServerStatus(name, NOT_SERVING, answer.strip() or "the connection was closed")
    status = from_srvr(name, fields)
    try:
        return with_mntr(status, mntr_fields(ask(host, port, "mntr", timeout_s)))
    except OSError:
        return status


def from_srvr(name: str, fields: dict[str, str]) -> ServerStatus:
    """The status without what only `mntr` tells."""
    try:
        zxid = int(fields.get("Zxid", ""), 16)
    except ValueError:
        zxid = None
    return ServerStatus(
        server=name,
        mode=fields["Mode"],
        zxid=None if zxid is None else hex(zxid),
        epoch=None if zxid is None else epoch_of(zxid),
        counter=None if zxid is None else counter_of(zxid),
        connections=whole_number(fields.get("Connections")),
        version=fields.get("Zookeeper version", "").partition("-")[0] or None,
    )


def with_mntr(status: ServerStatus, fields: dict[str, str]) -> ServerStatus:
    """The status with what `mntr` tells, where it is allowed."""
    return evolve(
        status,
        synced_followers=whole_number(fields.get("zk_synced_followers")),
        learners=whole_number(fields.get("zk_learners")),
        uptime_ms=whole_number(fields.get("zk_uptime")),
    )


def all_is_well(statuses: Sequence[ServerStatus]) -> bool:
    """Whether all serve, and exactly one of them orders the writes."""
    return all(status.mode in SERVING_MODES for status in statuses) and sum(each.leads for each in statuses) == 1


def uptime_text(uptime_ms: int | None) -> str:
    """Days, hours, minutes, seconds: the two largest that are not 0."""
    if uptime_ms is None:
        return "?"
    rest, parts = uptime_ms // 1000, []
    for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"


def row_of(status: ServerStatus) -> list[str]:
    """Its line of the table; "?" is what a server did not tell."""
    if status.error is not None:
        return [status.server, f"{status.mode}: {status.error}"]
    of_leader = (status.synced_followers, status.learners) if status.mode == "leader" else ("-", "-")
    values = (status.zxid, status.epoch, status.counter, *of_leader, status.connections)
    texts = ["?" if value is None else str(value) for value in values]
    return [status.server, status.mode, *texts, uptime_text(status.uptime_ms), status.version or "?"]


def table(statuses: Sequence[ServerStatus]) -> str:
    """The table for people; an error is as long as it has to be."""
    rows = [COLUMNS, *(row_of(status) for status in statuses)]
    full = [row for row in rows if len(row) == len(COLUMNS)]
    widths = [max(len(row[at]) for row in full) for at in range(len(COLUMNS))]
    widths[0] = max(len(row[0]) for row in rows)
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=False)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


@click.command()
@click.argument("connect_string", default=f"127.0.0.1:{DEFAULT_PORT}")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.option("--timeout", "timeout_s", type=Seconds(min=0.01), default=TIMEOUT_S, show_default=True)
def status(connect_string: str, as_json: bool, timeout_s: float) -> None:
    """Ask every server of CONNECT_STRING (host:port,host:port) how it is.

    The exit code is 0 when all of them serve and one leads, 1 otherwise. Works with Apache ZooKeeper too. "?" is what
    `mntr` would tell, where 4lw.commands.whitelist does not allow it.
    """
    try:
        addresses = parse_connect_string(connect_string)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    with ThreadPoolExecutor(min(len(addresses), MAX_AT_ONCE)) as threads:
        statuses = list(threads.map(status_of, addresses, [timeout_s] * len(addresses)))
    well = all_is_well(statuses)
    if as_json:
        click.echo(json.dumps({"ok": well, "servers": [attrs.asdict(each) for each in statuses]}, indent=1))
    else:
        click.echo(table(statuses))
    sys.exit(0 if well else 1)
