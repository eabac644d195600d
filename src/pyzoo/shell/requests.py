"""Requests that kazoo does not have, those that leave watches, and those with ACLs; in the shape of kazoo's own.

A request has `type`, the operation code, `serialize()`, and `deserialize(bytes, offset)` for its answer; one that may
leave a watch has `watching(error)`. What kazoo writes for an empty string is null; here it is an empty string, as Java
clients send it.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from attrs import frozen
from kazoo.protocol.serialization import (
    int_struct,
    long_struct,
    multiheader_struct,
    read_buffer,
    read_string,
    stat_struct,
)
from kazoo.protocol.states import ZnodeStat

from pyzoo.errors import NONODE, OK
from pyzoo.shell.watches import WatcherType, Watching
from pyzoo.subtrees.acl_text import Acl

FLAGS: Final = {
    "persistent": 0,
    "ephemeral": 1,
    "persistent sequential": 2,
    "ephemeral sequential": 3,
    "container": 4,
    "ttl": 5,
    "ttl sequential": 6,
}
"""CreateMode.toFlag."""

_ERROR_RESULT: Final = -1
_DELETE: Final = 2


def text_bytes(text: str | None) -> bytes:
    """A string of the wire; None is null."""
    if text is None:
        return bytes(int_struct.pack(-1))
    raw = text.encode("utf-8", "surrogateescape")
    return bytes(int_struct.pack(len(raw)) + raw)


def buffer_bytes(data: bytes | None) -> bytes:
    """A buffer of the wire; None is null."""
    return bytes(int_struct.pack(-1) if data is None else int_struct.pack(len(data)) + data)


def texts_bytes(texts: Sequence[str]) -> bytes:
    """A vector of strings."""
    return bytes(int_struct.pack(len(texts)) + b"".join(map(text_bytes, texts)))


def acl_bytes(entries: Sequence[Acl]) -> bytes:
    """A vector of ACL entries."""
    each = [int_struct.pack(entry.perms) + text_bytes(entry.scheme) + text_bytes(entry.id) for entry in entries]
    return bytes(int_struct.pack(len(entries)) + b"".join(each))


def read_texts(data: bytes, offset: int) -> tuple[list[str], int]:
    """A vector of strings and where it ends; null is empty."""
    (count,) = int_struct.unpack_from(data, offset)
    offset += int_struct.size
    found = []
    for _ in range(count):
        text, offset = read_string(data, offset)
        found.append(text)
    return found, offset


def read_stat(data: bytes, offset: int) -> ZnodeStat:
    """A Stat record."""
    return ZnodeStat._make(stat_struct.unpack_from(data, offset))


@frozen
class Create:
    """create, createContainer or createTTL, as the flags demand; the answer is the path."""

    path: str
    data: bytes | None
    acl: Sequence[Acl]
    flags: int = 0
    ttl_ms: int | None = None

    @property
    def type(self) -> int:
        if self.ttl_ms is not None:
            return 21
        return 19 if self.flags == FLAGS["container"] else 1

    def serialize(self) -> bytes:
        body = (
            text_bytes(self.path) + buffer_bytes(self.data) + acl_bytes(self.acl) + bytes(int_struct.pack(self.flags))
        )
        return body if self.ttl_ms is None else body + bytes(long_struct.pack(self.ttl_ms))

    def deserialize(self, data: bytes, offset: int) -> str:
        path: str = read_string(data, offset)[0]
        return path


@frozen
class _Read:
    """A read that may leave a watch, `way`."""

    path: str
    watch: bool = False
    way: ClassVar = Watching.DATA

    def watching(self, error: int) -> Watching | None:
        """The watch that the server has set, given its error code."""
        return self.way if self.watch and not error else None

    def serialize(self) -> bytes:
        return text_bytes(self.path) + bytes([self.watch])


@frozen
class GetData(_Read):
    """getData; the answer is the data, None for null, and the stat."""

    type = 4

    def deserialize(self, data: bytes, offset: int) -> tuple[bytes | None, ZnodeStat]:
        content, offset = read_buffer(data, offset)
        return content, read_stat(data, offset)


@frozen
class Exists(_Read):
    """exists; the answer is the stat."""

    type = 3

    def watching(self, error: int) -> Watching | None:
        """The watch that the server has set: for a node that is missing it waits for its creation."""
        ways = {OK: Watching.DATA, NONODE: Watching.EXISTS}
        return ways.get(error) if self.watch else None

    def deserialize(self, data: bytes, offset: int) -> ZnodeStat:
        return read_stat(data, offset)


@frozen
class GetChildren(_Read):
    """getChildren2; the answer is the names and the stat."""

    type = 12
    way = Watching.CHILD

    def deserialize(self, data: bytes, offset: int) -> tuple[list[str], ZnodeStat]:
        names, offset = read_texts(data, offset)
        return names, read_stat(data, offset)


@frozen
class _OfPath:
    """A request that is a path, and no more."""

    path: str

    def serialize(self) -> bytes:
        return text_bytes(self.path)


@frozen
class GetAcl(_OfPath):
    """getACL; the answer is the entries and the stat."""

    type = 6

    def deserialize(self, data: bytes, offset: int) -> tuple[list[Acl], ZnodeStat]:
        (count,) = int_struct.unpack_from(data, offset)
        offset += int_struct.size
        entries = []
        for _ in range(count):
            (perms,) = int_struct.unpack_from(data, offset)
            scheme, offset = read_string(data, offset + int_struct.size)
            id, offset = read_string(data, offset)
            entries.append(Acl(perms, scheme or "", id or ""))
        return entries, read_stat(data, offset)


@frozen
class SetAcl:
    """setACL; the answer is the stat."""

    path: str
    acl: Sequence[Acl]
    version: int = -1
    type = 7

    def serialize(self) -> bytes:
        return text_bytes(self.path) + acl_bytes(self.acl) + bytes(int_struct.pack(self.version))

    def deserialize(self, data: bytes, offset: int) -> ZnodeStat:
        return read_stat(data, offset)


@frozen
class DeleteMany:
    """One multi that deletes nodes, all of them or none, whatever their versions.

    The answer is the code of the first delete that failed, 0 when all were carried out.
    """

    paths: Sequence[str]
    type = 14

    def serialize(self) -> bytes:
        each = [
            multiheader_struct.pack(_DELETE, False, -1) + text_bytes(path) + int_struct.pack(-1) for path in self.paths
        ]
        return b"".join(each) + bytes(multiheader_struct.pack(-1, True, -1))

    def deserialize(self, data: bytes, offset: int) -> int:
        first = 0
        while True:
            type, done, _ = multiheader_struct.unpack_from(data, offset)
            offset += multiheader_struct.size
            if done:
                return first
            if type == _ERROR_RESULT:
                (code,) = int_struct.unpack_from(data, offset)
                offset += int_struct.size
                first = first or code


@frozen
class GetEphemerals(_OfPath):
    """getEphemerals of this session below a prefix; the answer is the paths."""

    type = 103

    def deserialize(self, data: bytes, offset: int) -> list[str]:
        return read_texts(data, offset)[0]


@frozen
class GetAllChildrenNumber(_OfPath):
    """getAllChildrenNumber; the answer is how many nodes are below the path."""

    type = 104

    def deserialize(self, data: bytes, offset: int) -> int:
        number: int = int_struct.unpack_from(data, offset)[0]
        return number


@frozen
class AddWatch:
    """addWatch: a persistent watch, recursive or not."""

    path: str
    way: Watching
    type = 106

    def watching(self, error: int) -> Watching | None:
        """The watch that the server has set, given its error code."""
        return self.way if error in (OK, NONODE) else None

    def serialize(self) -> bytes:
        mode = 1 if self.way == Watching.RECURSIVE else 0
        return text_bytes(self.path) + bytes(int_struct.pack(mode))

    def deserialize(self, data: bytes, offset: int) -> None:
        return None


@frozen
class RemoveWatches:
    """removeWatches: all watches of this session of a type on a path."""

    path: str
    watcher_type: WatcherType
    type = 18

    def serialize(self) -> bytes:
        return text_bytes(self.path) + bytes(int_struct.pack(self.watcher_type))

    def deserialize(self, data: bytes, offset: int) -> None:
        return None


@frozen
class SetWatches:
    """setWatches, or setWatches2 where there are persistent ones: the watches, on a new connection.

    The server answers with events for what has changed since `zxid`.
    """

    zxid: int
    paths: Sequence[Sequence[str]]

    @property
    def _lists(self) -> Sequence[Sequence[str]]:
        persistent = any(self.paths[Watching.PERSISTENT :])
        return self.paths if persistent else self.paths[: Watching.PERSISTENT]

    @property
    def type(self) -> int:
        return 105 if len(self._lists) > Watching.PERSISTENT else 101

    def serialize(self) -> bytes:
        return bytes(long_struct.pack(self.zxid)) + b"".join(map(texts_bytes, self._lists))


@frozen
class WhoAmI:
    """whoAmI; the answer is pairs of scheme and user."""

    type = 107

    def serialize(self) -> bytes:
        return b""

    def deserialize(self, data: bytes, offset: int) -> list[tuple[str, str]]:
        (count,) = int_struct.unpack_from(data, offset)
        offset += int_struct.size
        found = []
        for _ in range(count):
            scheme, offset = read_string(data, offset)
            user, offset = read_string(data, offset)
            found.append((scheme, user))
        return found


def batches_of(watches: Iterable[tuple[Watching, str]], limit: int) -> list[list[list[str]]]:
    """Paths by way of watching, in pieces of about `limit` characters each: a request has a largest size."""
    pieces: list[list[list[str]]] = []
    size = limit
    for way, path in watches:
        if size >= limit:
            pieces.append([[] for _ in Watching])
            size = 0
        pieces[-1][way].append(path)
        size += len(path)
    return pieces
