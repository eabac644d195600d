"""The overview: the whole ensemble on one page, at `/`."""

from typing import Any, Final

from attrs import asdict, frozen
from starlette.responses import Response

from pyzoo.console.graphs import Graph, draw
from pyzoo.console.member_words import MemberState
from pyzoo.console.overview import Lag, Overview
from pyzoo.console.page import Action, Page, PageRequest
from pyzoo.console.samples import Sample, SampleRing
from pyzoo.console.times import iso_text
from pyzoo.console.warning_rules import warnings_of
from pyzoo.zxid import zxid_text

ROLE_CLASSES: Final = {"leader": "good", "standalone": "good", "follower": "", "observer": "", "not asked": "muted"}
"""How a role looks; all others are bad."""


@frozen
class MemberView:
    """A member with what the page shows beside it."""

    state: MemberState
    lag: Lag | None
    graphs: tuple[Graph, ...]

    @property
    def role_class(self) -> str:
        """For the style sheet."""
        return ROLE_CLASSES.get(self.state.role, "bad")


async def show(asked: PageRequest) -> Response:
    """The page."""
    overview = await asked.host.looks.overview()
    samples = asked.host.looks.samples
    members: list[MemberView] = []
    for member in overview.members:
        graphs = graphs_of(samples.get(member.id), overview.at_ms)
        members.append(MemberView(member, overview.lags.get(member.id), graphs))
        await asked.host.pause()
    return asked.page("overview.html", overview=overview, members=members, warnings=warnings_of(overview))


def graphs_of(ring: SampleRing | None, now_ms: int) -> tuple[Graph, ...]:
    """The graphs of a member; none of one that never answered."""
    samples = [] if ring is None else ring.samples(now_ms)
    if not samples:
        return ()
    return (
        draw("Requests", "/s", [(each.at_ms, each.requests) for each in samples], now_ms),
        draw("Transactions", "/s", [(each.at_ms, each.txns) for each in samples], now_ms),
        draw("Latency", " ms", [(each.at_ms, each.latency) for each in samples], now_ms),
        draw("Outstanding", "", [(each.at_ms, each.outstanding) for each in samples], now_ms),
        draw("Connections", "", [(each.at_ms, each.connections) for each in samples], now_ms),
    )


# --- for programs


async def as_json(asked: PageRequest) -> Response:
    """The same for programs; with `samples=true` what the graphs show, too."""
    overview = await asked.host.looks.overview()
    answer = overview_json(overview)
    if asked.parameters.get("samples") == "true":
        rings = asked.host.looks.samples
        answer["samples"] = {
            str(sid): [sample_json(sample) for sample in ring.samples(overview.at_ms)] for sid, ring in rings.items()
        }
    return asked.json(answer)


def overview_json(overview: Overview) -> dict[str, Any]:
    """All of it: zxids as hex, times as ISO 8601."""
    own = overview.own
    snapshots = own.snapshots
    return {
        "at": iso_text(overview.at_ms),
        "own_id": overview.own_id,
        "leader_id": overview.leader_id,
        "has_quorum": overview.has_quorum,
        "members": [member_json(member, overview.lags.get(member.id)) for member in overview.members],
        "warnings": [
            {"rule": each.rule, "level": each.level.value, "text": each.text} for each in warnings_of(overview)
        ],
        "disks": [asdict(disk) for disk in own.disks],
        "snapshots": None
        if snapshots is None
        else {
            "count": snapshots.count,
            "newest_zxid": zxid_text(snapshots.zxid) if snapshots.zxid >= 0 else None,
            "newest_at": iso_text(snapshots.saved_ms) if snapshots.saved_ms >= 0 else None,
        },
        "certificates": [asdict(each) for each in own.certificates],
    }


def member_json(member: MemberState, lag: Lag | None) -> dict[str, Any]:
    """One member; its digests are left out."""
    fields = asdict(member, filter=lambda attribute, value: attribute.name not in ("digests", "leaders_epoch"))
    latency = fields.pop("latency")
    for name in ("zxid", "acknowledged"):
        fields[name] = None if fields[name] is None else zxid_text(fields[name])
    fields |= {"epoch": member.epoch, "counter": member.counter}
    fields["latency_ms"] = None if latency is None else dict(zip(("min", "avg", "max"), latency, strict=True))
    fields["lag"] = None if lag is None else {"txns": lag.txns, "ms": lag.ms}
    return fields


def sample_json(sample: Sample) -> dict[str, Any]:
    """One sample; rates are per second."""
    fields = sample._asdict()
    return {"at": iso_text(fields.pop("at_ms")), **fields}


PAGE = Page((Action("/", show), Action("/console/api/overview", as_json)), "Overview")
