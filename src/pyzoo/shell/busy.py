"""How busy servers are: looks at their admin servers, and rates out of two of them.

A look is a document of one shape, whichever server it is from; None is what is not known:

    {"at": "2026-11-30T03:00:00.000Z",
     "members": [{"id": 1, "address": "10.0.0.1:2181", "role": "leader", "error": null, "requests_per_s": 120.5,
                  "latency_ms": {"min": 0, "avg": 0.2, "max": 9}, "outstanding": 0, "connections": 12, "behind": 0,
                  "zxid": "0x10000000a"}],
     "sessions": [{"id": "0x100002f3a0b0000", "address": "10.0.0.7:40312", "requests_per_s": 80.0, "requests": 4711,
                   "outstanding": 0, "latency_ms": 0.2, "last_operation": "GETD"}],
     "warnings": ["..."]}
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pyzoo.shell.admin_port import AdminFailure, AdminPort, AdminUrl, ask_each
from pyzoo.shell.failures import server_text
from pyzoo.shell.render import iso_text
from pyzoo.shell.session_list import is_refusal_of_console, sessions_of
from pyzoo.subtrees.values import Json

MOST_SESSIONS: Final = 20_000

Row = dict[str, Any]


class Looks:
    """Looks at some admin servers, one after another; rates are those since the look before."""

    def __init__(self, admins: Sequence[AdminPort], rows: int) -> None:
        self._admins = admins
        self._rows = rows
        self._before: dict[tuple[str, str], tuple[float, int]] = {}
        self._without_console: set[AdminUrl] = set()

    def look(self) -> dict[str, Json]:
        """Raises AdminFailure."""
        members: list[Row] = []
        sessions: dict[str, Row] = {}
        warnings: list[str] = []
        for seen in ask_each(self._admins, self._look_at, warnings.append):
            known = {(each["id"], each["address"]) for each in members}
            members += [each for each in seen["members"] if (each["id"], each["address"]) not in known]
            sessions |= {each["id"]: each for each in seen["sessions"]}
            warnings += [each for each in seen.get("warnings", ()) if each not in warnings]
        busiest = sorted(sessions.values(), key=lambda each: -(each["requests_per_s"] or 0))
        return {
            "at": iso_text(int(time.time() * 1000)),
            "members": list(members),
            "sessions": list(busiest[: self._rows]),
            "warnings": list(warnings),
        }

    def _look_at(self, admin: AdminPort) -> Mapping[str, Any]:
        if admin.url not in self._without_console:
            try:
                return _from_console(admin, self._rows)
            except AdminFailure as error:
                if not is_refusal_of_console(error):
                    raise
                self._without_console.add(admin.url)
        return self._from_commands(admin)

    def _from_commands(self, admin: AdminPort) -> Mapping[str, Any]:
        """What Apache's server tells, of itself alone."""
        seen = admin.command("monitor")
        found, _ = sessions_of(admin, MOST_SESSIONS)
        here = [each for each in found if each["here"]]
        name = str(admin.url)
        member: Row = {
            "id": None,
            "address": server_text(admin.url.host, admin.url.port),
            "role": seen.get("server_state"),
            "error": None,
            "requests_per_s": self._rate(name, "", seen.get("packets_received")),
            "latency_ms": {each: seen.get(f"{each}_latency") for each in ("min", "avg", "max")},
            "outstanding": seen.get("outstanding_requests"),
            "connections": seen.get("num_alive_connections"),
            "behind": None,
            "zxid": None,
        }
        rows = [
            {
                "id": each["id"],
                "address": each["address"],
                "requests_per_s": self._rate(name, str(each["id"]), each["requests"]),
                "requests": each["requests"],
                "outstanding": each["outstanding"],
                "latency_ms": None if not isinstance(each["latency_ms"], dict) else each["latency_ms"]["avg"],
                "last_operation": each["last_operation"],
            }
            for each in here
        ]
        return {"members": [member], "sessions": rows}

    def _rate(self, server: str, what: str, count: Any) -> float | None:
        """A second, since the look before; None in the first one."""
        if not isinstance(count, int | float):
            return None
        now = time.monotonic()
        at, before = self._before.get((server, what), (now, int(count)))
        self._before[server, what] = now, int(count)
        # A counter that went back was reset in between.
        gained = int(count) - before if count >= before else int(count)
        return None if now <= at else round(gained / (now - at), 1)


def _from_console(admin: AdminPort, rows: int) -> Mapping[str, Any]:
    """What pyzoo tells: of all members, and of the sessions of the one that is asked."""
    overview = admin.console("overview", samples="true")
    samples = overview.get("samples") or {}
    sessions = [
        {
            "id": each["id"],
            "address": server_text(each["address"], each["port"]) if each.get("port") else each.get("address"),
            "requests_per_s": each.get("requests_per_s"),
            "requests": each.get("requests"),
            "outstanding": each.get("outstanding"),
            "latency_ms": each.get("avg_latency_ms"),
            "last_operation": each.get("last_operation"),
        }
        for each in admin.console("top", limit=min(rows, 200)).get("sessions", ())
    ]
    return {
        "members": [_member(each, samples.get(str(each["id"])) or ()) for each in overview.get("members") or ()],
        "sessions": sessions,
        "warnings": [each["text"] for each in overview.get("warnings") or ()],
    }


def _member(member: Row, samples: Sequence[Row]) -> Row:
    lag = member.get("lag") or {}
    return {
        "id": member["id"],
        "address": member.get("address"),
        "role": member.get("role"),
        "error": member.get("error") or None,
        "requests_per_s": round(samples[-1]["requests"], 1) if samples else None,
        "latency_ms": member.get("latency_ms"),
        "outstanding": member.get("outstanding"),
        "connections": member.get("connections"),
        "behind": lag.get("txns"),
        "zxid": member.get("zxid"),
    }


def knows_all_rates(look: Mapping[str, Any]) -> bool:
    """Whether there were looks enough: members that answer, and sessions, have rates."""
    return all(each["requests_per_s"] is not None or each["error"] for each in (*look["members"],)) and all(
        each["requests_per_s"] is not None for each in look["sessions"]
    )
