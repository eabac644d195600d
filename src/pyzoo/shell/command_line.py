"""The words of `pyzoo cli` itself, and how a line is cut into words (ZooKeeperMain.MyCommandOptions)."""

import re
from collections.abc import Sequence
from ipaddress import IPv6Address
from typing import Final

from attrs import define, frozen

from pyzoo.config.java_numbers import parse_decimal
from pyzoo.shell.errors import MalformedCommand
from pyzoo.subtrees.paths import check_path

DEFAULT_SERVER: Final = "localhost:2181"
DEFAULT_TIMEOUT_MS: Final = 30000
_WORD: Final = re.compile(r"""\s*([^"']\S*|"[^"]*"|'[^']*')\s*""", re.ASCII)
_SERVER: Final = re.compile(r"(?P<host>\[[^\]]+\]|[^:\[\]\s]+)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)
# Without brackets the last colon is the port's (ConnectStringParser).
_IPV6_SERVER: Final = re.compile(r"(?P<host>[0-9a-fA-F:.]*:[0-9a-fA-F:.]+|::):(?P<port>[0-9]{1,5})", re.ASCII)
JSON: Final = "--json"
_HELP: Final = ("-h", "-help", "--help")


@frozen
class Invocation:
    """What `pyzoo cli` was called with; `command` is empty for an interactive shell."""

    server: str = DEFAULT_SERVER
    timeout_ms: int = DEFAULT_TIMEOUT_MS
    read_only: bool = False
    client_configuration: str | None = None
    wait_for_connection: bool = False
    json: bool = False
    #: Print what zkCli.sh prints, and where it does.
    compatible: bool = False
    #: Where the admin server is, where it does not tell itself.
    admin: str | None = None
    help: bool = False
    command: tuple[str, ...] = ()
    #: Options that nobody knows; they are passed over, as zkCli does.
    unknown: tuple[str, ...] = ()


@define
class _Reading:
    words: list[str]

    def value_of(self, option: str, joined: str | None) -> str:
        """The value of an option, after `=` or the next word."""
        if joined is not None:
            return joined
        if not self.words:
            raise MalformedCommand(f"Error: no argument found for option {option}")
        return self.words.pop(0)


def parse_invocation(words: Sequence[str]) -> Invocation:
    """Options up to the first word without a dash, which is the command; raises MalformedCommand.

    Each option may be written with one dash, as zkCli does, or two, then also with `=`.
    """
    reading = _Reading(list(words))
    found: dict[str, object] = {}
    unknown: list[str] = []
    while reading.words:
        word = reading.words.pop(0)
        if not word.startswith("-"):
            found["command"] = (word, *reading.words)
            break
        name, equals, value = word.removeprefix("--").removeprefix("-").partition("=")
        joined = value if equals and word.startswith("--") else None
        match name:
            case "server":
                found["server"] = reading.value_of(word, joined)
            case "timeout":
                found["timeout_ms"] = _milliseconds(reading.value_of(word, joined))
            case "client-configuration":
                found["client_configuration"] = reading.value_of(word, joined)
            case "r" | "readonly":
                found["read_only"] = True
            case "waitforconnection":
                found["wait_for_connection"] = True
            case "json":
                found["json"] = True
            case "admin":
                found["admin"] = reading.value_of(word, joined)
            case "compatible":
                found["compatible"] = True
            case _ if word in _HELP:
                found["help"] = True
            case _:
                unknown.append(word)
    return Invocation(**found, unknown=tuple(unknown))  # type: ignore[arg-type]


def _milliseconds(text: str) -> int:
    number = parse_decimal(text)
    if number is None or number <= 0:
        raise MalformedCommand(f"-timeout {text}: give a session timeout in milliseconds, for example 30000")
    return number


def connect_string(text: str) -> str:
    """`host:port[,host:port][/chroot]` with every IPv6 address in brackets; raises MalformedCommand, MalformedPath."""
    servers, slash, chroot = text.partition("/")
    if slash and chroot:
        check_path(slash + chroot)
    return ",".join([_server(server) for server in servers.split(",")]) + slash + chroot


def _server(text: str) -> str:
    server = text.strip()
    match = _SERVER.fullmatch(server)
    if match is None and (match := _IPV6_SERVER.fullmatch(server)) is not None:
        try:
            server = f"[{IPv6Address(match['host'])}]:{match['port']}"
        except ValueError:
            match = None
    if match is None or (match["port"] and not 0 < int(match["port"]) <= 65535):
        raise MalformedCommand(f"{text!r} is no server: give host:port, several with commas between")
    return server


def without_json(words: Sequence[str]) -> tuple[list[str], bool]:
    """The words of a command but for `--json` before any `--`, and whether that was there."""
    end = words.index("--") if "--" in words else len(words)
    return [word for at, word in enumerate(words) if word != JSON or at > end], JSON in words[1:end]


def split_line(line: str) -> list[str]:
    """The words of a line; `'...'` and `"..."` at the beginning of a word keep blanks together."""
    words = []
    for match in _WORD.finditer(line):
        word = match[1]
        if len(word) > 1 and word[0] in "'\"" and word[-1] == word[0]:
            word = word[1:-1]
        words.append(word)
    return words
