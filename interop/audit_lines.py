"""Lines of the audit log, as servers of both kinds write them into their output."""

import re
import time
from collections.abc import Sequence

from interop.server import Server, ServerFailed

WAIT_SECONDS = 60.0
_EVENT = re.compile(r"^.*(?P<level>INFO|ERROR) +\[?Slf4jAuditLogger\]?(?: -)? (?P<event>\S.*)$")
#: Apache's server leaves out the control characters below these only.
_LATER_CONTROLS = re.compile("[\x7f-\x9f\u2028\u2029]")
_SESSION = re.compile(r"session=0x[0-9a-f]+")


def audit_lines(server: Server, after: int = 0) -> list[str]:
    """Level and event of every line that was written after so many of them, as pyzoo writes what is in them."""
    lines = _LATER_CONTROLS.sub("", server.output()).split("\n")
    found = [match for line in lines if (match := _EVENT.match(line))]
    return [f"{match['level']} {match['event']}" for match in found][after:]


def audit_lines_until(server: Server, mark: str, after: int = 0) -> list[str]:
    """The lines up to one that holds `mark`. Raises ServerFailed when it does not come."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        lines = audit_lines(server, after)
        for at, line in enumerate(lines):
            if mark in line:
                return lines[: at + 1]
        time.sleep(0.03)
    raise ServerFailed(f"no audit line with {mark} from {server.kind}\n{server.output()}")


def without_sessions(lines: Sequence[str]) -> list[str]:
    """The lines with sessions numbered in the order of their appearance."""
    seen: dict[str, str] = {}
    return [_SESSION.sub(lambda match: seen.setdefault(match[0], f"session={len(seen) + 1}"), line) for line in lines]
