"""What the shell prints of nodes: stats, data, events; as zkCli prints them, and as JSON."""

from datetime import UTC, datetime
from time import localtime
from typing import Final

from kazoo.protocol.states import ZnodeStat

from pyzoo.subtrees.values import Json
from pyzoo.zxid import zxid_text

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ROW: Final = 16
_RULE: Final = "+" + "-" * 8 + "+" + "-" * 49 + "+" + "-" * 16 + "+"


def date_text(milliseconds: int) -> str:
    """java.util.Date.toString in the local time zone, English in every locale."""
    at = localtime(milliseconds // 1000)
    clock = f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02}"
    return f"{_DAYS[at.tm_wday]} {_MONTHS[at.tm_mon - 1]} {at.tm_mday:02} {clock} {at.tm_zone} {at.tm_year}"


def iso_text(milliseconds: int) -> str:
    """The time for scripts: ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stat_lines(stat: ZnodeStat) -> list[str]:
    """The stat block (StatPrinter)."""
    return [
        f"cZxid = {zxid_text(stat.czxid)}",
        f"ctime = {date_text(stat.ctime)}",
        f"mZxid = {zxid_text(stat.mzxid)}",
        f"mtime = {date_text(stat.mtime)}",
        f"pZxid = {zxid_text(stat.pzxid)}",
        f"cversion = {stat.cversion}",
        f"dataVersion = {stat.version}",
        f"aclVersion = {stat.aversion}",
        f"ephemeralOwner = {zxid_text(stat.ephemeralOwner)}",
        f"dataLength = {stat.dataLength}",
        f"numChildren = {stat.numChildren}",
    ]


def stat_json(stat: ZnodeStat) -> dict[str, Json]:
    """The same for scripts: ids in hex as in the block, times in ISO 8601."""
    return {
        "cZxid": zxid_text(stat.czxid),
        "ctime": iso_text(stat.ctime),
        "mZxid": zxid_text(stat.mzxid),
        "mtime": iso_text(stat.mtime),
        "pZxid": zxid_text(stat.pzxid),
        "cversion": stat.cversion,
        "dataVersion": stat.version,
        "aclVersion": stat.aversion,
        "ephemeralOwner": zxid_text(stat.ephemeralOwner),
        "dataLength": stat.dataLength,
        "numChildren": stat.numChildren,
    }


def hex_dump(data: bytes) -> str:
    """The box that Netty's ByteBufUtil.prettyHexDump draws; nothing for no bytes."""
    if not data:
        return ""
    head = " " * 9 + "+" + "-" * 49 + "+"
    columns = " " * 9 + "|" + "".join(f"  {digit:x}" for digit in range(_ROW)) + " |"
    rows = [_hex_row(at, data[at : at + _ROW]) for at in range(0, len(data), _ROW)]
    return "\n".join([head, columns, _RULE, *rows, _RULE])


def _hex_row(at: int, part: bytes) -> str:
    digits = "".join(f" {byte:02x}" for byte in part).ljust(3 * _ROW)
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part).ljust(_ROW)
    return f"|{at:08x}|{digits} |{text}|"


def event_text(state: str, type: str, path: str | None, zxid: int) -> str:
    """WatchedEvent.toString."""
    return f"WatchedEvent state:{state} type:{type} path:{path or 'null'} zxid: {zxid}"
