"""The names of logs and snapshots, which carry the zxid by which they are found (Util.getZxidFromName).

log.<hex zxid of its first record>
snapshot.<hex zxid>[.gz|.snappy]
tmp.<either>, until it is whole and safe
"""

import re
from typing import Final

from pyzoo.persistence.compression import GZ, PLAIN, SNAPPY

LOG_PREFIX: Final = "log"
SNAPSHOT_PREFIX: Final = "snapshot"
TEMPORARY_PREFIX: Final = "tmp."

_HEX: Final = re.compile(r"[0-9a-fA-F]{1,16}\Z")
_MASK: Final = 0xFFFFFFFFFFFFFFFF


def zxid_from_name(name: str, prefix: str) -> int:
    """The zxid in `prefix.<hex>` or `prefix.<hex>.<anything>`; -1 for other names."""
    parts = name.split(".")
    if len(parts) < 2 or parts[0] != prefix or not _HEX.match(parts[1]):
        return -1
    zxid = int(parts[1], 16)
    return zxid if zxid <= 0x7FFFFFFFFFFFFFFF else -1


def log_name(first_zxid: int) -> str:
    """The name of the log whose first record has this zxid."""
    return f"{LOG_PREFIX}.{first_zxid & _MASK:x}"


def log_zxid(name: str) -> int:
    """The zxid of a log's name, -1 for others; unlike in Apache a tool's `log.5.fixed` is not a log."""
    return -1 if name.count(".") != 1 else zxid_from_name(name, LOG_PREFIX)


def snapshot_name(zxid: int, method: str = PLAIN) -> str:
    """The name of a snapshot; `method` as in `compressor_for`."""
    suffix = f".{method}" if method in (GZ, SNAPPY) else ""
    return f"{SNAPSHOT_PREFIX}.{zxid & _MASK:x}{suffix}"


def snapshot_zxid(name: str) -> int:
    """The zxid of a snapshot's name, whatever follows it; -1 for any other name."""
    return zxid_from_name(name, SNAPSHOT_PREFIX)


def method_of_name(name: str) -> str:
    """How a snapshot is compressed, by the last part of its name."""
    suffix = name.rsplit(".", 1)[-1].lower()
    return suffix if suffix in (GZ, SNAPPY) else PLAIN


def is_temporary(name: str) -> bool:
    """Whether a file of this name was never finished."""
    return name.startswith((f"{TEMPORARY_PREFIX}{LOG_PREFIX}.", f"{TEMPORARY_PREFIX}{SNAPSHOT_PREFIX}."))
