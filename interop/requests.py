"""Request bodies of the client protocol, written by hand with struct.

Strings may be given as bytes (sent as they are, valid UTF-8 or not) or None (length -1).
"""

import struct
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

CLOSE_SESSION: Final = -11
CREATE_SESSION: Final = -10
CREATE: Final = 1
DELETE: Final = 2
EXISTS: Final = 3
GET_DATA: Final = 4
SET_DATA: Final = 5
GET_ACL: Final = 6
SET_ACL: Final = 7
GET_CHILDREN: Final = 8
SYNC: Final = 9
PING: Final = 11
GET_CHILDREN2: Final = 12
CHECK: Final = 13
MULTI: Final = 14
CREATE2: Final = 15
RECONFIG: Final = 16
CHECK_WATCHES: Final = 17
REMOVE_WATCHES: Final = 18
CREATE_CONTAINER: Final = 19
DELETE_CONTAINER: Final = 20
CREATE_TTL: Final = 21
MULTI_READ: Final = 22
AUTH: Final = 100
SET_WATCHES: Final = 101
SASL: Final = 102
GET_EPHEMERALS: Final = 103
GET_ALL_CHILDREN_NUMBER: Final = 104
SET_WATCHES2: Final = 105
ADD_WATCH: Final = 106
WHO_AM_I: Final = 107

OPCODE_NAMES: Final = {value: name for name, value in globals().items() if isinstance(value, int)}

Text: TypeAlias = str | bytes | None
AclEntry: TypeAlias = tuple[int, Text, Text]

OPEN: Final[Sequence[AclEntry]] = ((31, "world", "anyone"),)
CREATOR: Final[Sequence[AclEntry]] = ((31, "auth", ""),)
READ_ONLY: Final[Sequence[AclEntry]] = ((1, "world", "anyone"),)


def integer(value: int) -> bytes:
    return struct.pack(">i", value)


def long(value: int) -> bytes:
    return struct.pack(">q", value)


def boolean(value: bool) -> bytes:
    return b"\x01" if value else b"\x00"


def text(value: Text) -> bytes:
    """A jute ustring or buffer."""
    if value is None:
        return integer(-1)
    raw = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    return integer(len(raw)) + raw


def vector(items: Iterable[Text] | None) -> bytes:
    if items is None:
        return integer(-1)
    encoded = [text(item) for item in items]
    return integer(len(encoded)) + b"".join(encoded)


def acl(entries: Sequence[AclEntry] | None) -> bytes:
    if entries is None:
        return integer(-1)
    return integer(len(entries)) + b"".join(
        integer(perms) + text(scheme) + text(identity) for perms, scheme, identity in entries
    )


def connect(
    timeout: int = 20000,
    session: int = 0,
    password: bytes | None = bytes(16),
    last_zxid: int = 0,
    version: int = 0,
    read_only: bytes = b"\x00",
) -> bytes:
    return struct.pack(">iqiq", version, last_zxid, timeout, session) + text(password) + read_only


def create(path: Text, data: Text = b"", entries: Sequence[AclEntry] | None = OPEN, flags: int = 0) -> bytes:
    return text(path) + text(data) + acl(entries) + integer(flags)


def create_ttl(
    path: Text, ttl: int, data: Text = b"", entries: Sequence[AclEntry] | None = OPEN, flags: int = 5
) -> bytes:
    return create(path, data, entries, flags) + long(ttl)


def path_version(path: Text, version: int = -1) -> bytes:
    """delete and check."""
    return text(path) + integer(version)


def path_watch(path: Text, watch: bool = False) -> bytes:
    """exists, getData, getChildren, getChildren2."""
    return text(path) + boolean(watch)


def path_int(path: Text, number: int) -> bytes:
    """addWatch (mode), checkWatches and removeWatches (type)."""
    return text(path) + integer(number)


def set_data(path: Text, data: Text, version: int = -1) -> bytes:
    return text(path) + text(data) + integer(version)


def set_acl(path: Text, entries: Sequence[AclEntry] | None, version: int = -1) -> bytes:
    return text(path) + acl(entries) + integer(version)


def auth(scheme: Text, credential: Text) -> bytes:
    return integer(0) + text(scheme) + text(credential)


def set_watches(zxid: int, *lists: Iterable[Text] | None) -> bytes:
    """Three lists for setWatches, five for setWatches2."""
    return long(zxid) + b"".join(vector(paths) for paths in lists)


def multi_header(type: int, done: bool = False, error: int = -1) -> bytes:
    return integer(type) + boolean(done) + integer(error)


MULTI_END: Final = multi_header(-1, True)


def multi(operations: Sequence[tuple[int, bytes]]) -> bytes:
    return b"".join(multi_header(type) + body for type, body in operations) + MULTI_END
