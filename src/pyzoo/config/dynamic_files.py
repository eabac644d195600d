"""What a member writes beside its zoo.cfg when the ensemble changes: text in, text out.

    zoo.cfg                the static settings; its last line points to the current members
    zoo.cfg.bak            the file as its author wrote it, when it still held the members
    zoo.cfg.dynamic.<hex>  the members of the version in its name
    zoo.cfg.dynamic.next   members that were proposed and may become current; they hold their version

A file appears by temporary name and rename; all are ISO-8859-1. Whoever writes them finds the paths here too.
"""

from collections.abc import Iterator
from typing import Final

from pyzoo.config.membership import Membership, is_membership_key
from pyzoo.config.properties import parse_properties

_BLANKS: Final = " \t\f"
_POINTER: Final = "dynamicConfigFile"
_CLIENT_ADDRESS: Final = ("clientPort", "clientPortAddress")


def dynamic_path(config_path: str, version: int) -> str:
    """Where the members of a version are kept."""
    return f"{config_path}.dynamic.{version:x}"


def next_path(config_path: str) -> str:
    """Where the members are kept that are not current yet."""
    return config_path + ".dynamic.next"


def backup_path(config_path: str) -> str:
    """Where the file is kept that its author wrote."""
    return config_path + ".bak"


def needs_backup(text: str) -> bool:
    """Whether this zoo.cfg still is its author's: it names no dynamic file."""
    return _POINTER not in parse_properties(text)


def dynamic_text(members: Membership) -> str:
    """The content of a dynamic file (QuorumPeerConfig.writeDynamicConfig): sorted lines without the version."""
    return "\n".join(sorted(members.lines()))


def next_text(members: Membership) -> str:
    """The content of the `.next` file: the same with the version, sorted too."""
    return "\n".join(sorted([*members.lines(), f"version={members.version:x}"]))


def edited_static(text: str, dynamic_file: str, members: Membership, my_id: int) -> str:
    """The zoo.cfg that points to `dynamic_file`, an absolute path (QuorumPeerConfig.editStaticConfig).

    Members and peerType go, and so does the client address if the line of `my_id` has one. All else stays as it
    was written: Java drops comments and escapes, and with the client address clientPortListenBacklog.
    """
    me = members.server(my_id)
    client_moves = me is not None and me.client_port is not None
    kept = [lines for key, lines in _settings(text) if not _moves(key, client_moves)]
    while kept and not kept[-1].strip(_BLANKS):
        kept.pop()
    if kept and kept[-1].endswith("\\"):
        kept.append("")  # or the pointer would continue that line
    return "\n".join([*kept, f"{_POINTER}={_escaped(dynamic_file)}", ""])


def _moves(key: str, client_moves: bool) -> bool:
    return is_membership_key(key) or key in (_POINTER, "peerType") or (client_moves and key in _CLIENT_ADDRESS)


def _settings(text: str) -> Iterator[tuple[str, str]]:
    """Each key with all its lines as they are written; comments and empty lines have the key ''."""
    lines: list[str] = []
    has_begun = False
    for natural in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        lines.append(natural)
        line = natural.lstrip(_BLANKS)
        if has_begun or (line and line[0] not in "#!"):
            is_continued = (len(line) - len(line.rstrip("\\"))) % 2 == 1
            has_begun = has_begun or line != "\\"
            if is_continued:
                continue
        yield _key(lines)
        lines, has_begun = [], False
    if lines:
        yield _key(lines)


def _key(lines: list[str]) -> tuple[str, str]:
    text = "\n".join(lines)
    return next(iter(parse_properties(text)), ""), text


def _escaped(value: str) -> str:
    """A value as a properties file in ISO-8859-1 can hold it."""
    units = memoryview(value.replace("\\", "\\\\").encode("utf-16-be"))
    codes = [units[at] << 8 | units[at + 1] for at in range(0, len(units), 2)]
    return "".join(chr(code) if 0x20 <= code <= 0xFF else f"\\u{code:04x}" for code in codes)
