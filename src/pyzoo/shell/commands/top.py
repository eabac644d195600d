"""The command that shows how busy servers are, and who keeps them so: top."""

import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from pyzoo.shell.busy import Looks, knows_all_rates
from pyzoo.shell.command import ADMIN, Command, Context
from pyzoo.shell.commands.sessions import whole_number
from pyzoo.shell.errors import ShellError
from pyzoo.shell.options import Arguments, Option, Options
from pyzoo.shell.table import table_lines
from pyzoo.subtrees.values import Json

INTERVAL_S: Final = 2
ROWS: Final = 20
MOST_ROWS: Final = 200
ONCE_LOOKS: Final = 5
"""A second apart, until all rates are known: members look at each other every three seconds."""


def top(context: Context, given: Arguments) -> Json:
    rows = whole_number(given, "limit", ROWS, MOST_ROWS)
    interval_s = whole_number(given, "interval", INTERVAL_S, 3600)
    admins = context.admins(given)
    looks = Looks(admins, rows)
    if context.printer.as_json and not given.has("once"):
        while True:
            context.printer.document(looks.look())
            time.sleep(interval_s)
    if given.has("once") or not (sys.stdin.isatty() and sys.stdout.isatty()):
        look = _look_with_rates(looks)
        for line in look_lines(look):
            context.printer.line(line)
        return look
    Screen(looks, interval_s, ", ".join(str(admin.url) for admin in admins)).run()
    return {}


def _look_with_rates(looks: Looks) -> dict[str, Json]:
    look = looks.look()
    for _ in range(ONCE_LOOKS):
        if knows_all_rates(look):
            break
        time.sleep(1)
        look = looks.look()
    return look


def look_lines(look: Mapping[str, Any]) -> list[str]:
    """A look for people."""
    members = [
        (each["id"], each["address"], each["error"] or each["role"], *(each[name] for name in _OF_MEMBER))
        for each in look["members"]
    ]
    members = [(*row[:4], _latency(row[4]), *row[5:]) for row in members]
    sessions = [tuple(each[name] for name in _OF_SESSION) for each in look["sessions"]]
    lines = [f"warning: {text}" for text in look["warnings"]]
    lines += table_lines(_MEMBER_TITLES, members)
    return [*lines, "", *table_lines(_SESSION_TITLES, sessions)]


_OF_MEMBER: Final = ("requests_per_s", "latency_ms", "outstanding", "connections", "behind", "zxid")
_MEMBER_TITLES: Final = (
    "member",
    "address",
    "role",
    "requests/s",
    "latency ms",
    "outstanding",
    "connections",
    "behind",
    "zxid",
)
_OF_SESSION: Final = ("id", "address", "requests_per_s", "requests", "outstanding", "latency_ms", "last_operation")
_SESSION_TITLES: Final = ("session", "address", "requests/s", "requests", "outstanding", "latency ms", "last")


def _latency(latency: Mapping[str, Any] | None) -> str | None:
    if latency is None or latency.get("avg") is None:
        return None
    return "/".join(f"{round(latency[name], 2):g}" for name in ("min", "avg", "max"))


class Screen:
    """The whole terminal, drawn again after each look, until q or Ctrl-C."""

    def __init__(self, looks: Looks, interval_s: float, name: str) -> None:
        self._looks = looks
        self._interval_s = interval_s
        self._name = name
        self._over = threading.Event()
        self._text = "looking ..."

    def run(self) -> None:
        """Returns when somebody has had enough."""
        from prompt_toolkit import Application
        from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
        from prompt_toolkit.layout import FormattedTextControl, Layout, Window

        keys = KeyBindings()

        @keys.add("q")
        @keys.add("c-c")
        def leave(event: KeyPressEvent) -> None:
            event.app.exit()

        application: Application[None] = Application(
            layout=Layout(Window(FormattedTextControl(lambda: self._text))), key_bindings=keys, full_screen=True
        )
        looking = threading.Thread(target=self._look_on, args=(application.invalidate,), daemon=True)
        looking.start()
        try:
            application.run()
        finally:
            self._over.set()

    def _look_on(self, redraw: Any) -> None:
        while True:
            try:
                look = self._looks.look()
                head, lines = f"{self._name}  {look['at']}  q quits", look_lines(look)
            except ShellError as error:
                head, lines = f"{self._name}  q quits", [str(error)]
            self._text = "\n".join([head, "", *lines])
            redraw()
            if self._over.wait(self._interval_s):
                return


COMMANDS: Final = (
    Command(
        "top",
        "[--once] [--interval seconds] [--limit n] [--admin url[,url]]",
        top,
        Options.of(
            Option("once", "Print one look and end", long=True),
            Option("interval", f"Seconds between two looks ({INTERVAL_S})", takes_value=True, long=True),
            Option("limit", f"How many sessions to show at most ({ROWS})", takes_value=True, long=True),
            ADMIN,
        ),
        least=1,
        most=1,
        summary="Show how busy the members are, and which sessions keep them so, until q.",
    ),
)
