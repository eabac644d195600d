"""Everything that is answered from the local tree (the read half of FinalRequestProcessor).

A function of the table writes the reply's body into the connection's buffer, after the header that
`Reads.answer` has begun. A KeeperError replaces what was written by an error reply.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32, i64, u8

from pyzoo import errors as err
from pyzoo.datatree.acl import ADMIN, READ
from pyzoo.datatree.java_order import ephemerals_copy_order
from pyzoo.datatree.listings import BYTES_A_UNIT
from pyzoo.datatree.node import DataNode
from pyzoo.datatree.tree import DataTree
from pyzoo.datatree.watches import PERSISTENT, PERSISTENT_RECURSIVE, STANDARD
from pyzoo.errors import KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive, write_buffer, write_ustring
from pyzoo.jute.records import (
    ACL,
    AddWatchRequest,
    CheckWatchesRequest,
    GetChildrenRequest,
    GetDataRequest,
    Id,
    write_vector_of_acl,
    write_vector_of_ustring,
)
from pyzoo.server.auth import AccessControl
from pyzoo.server.cnxn import OUT_HIGH_WATER, ServerCnxn
from pyzoo.server.metrics import ServerMetrics
from pyzoo.server.multi import (
    decode_multi,
    holds_reads,
    write_multi_end,
    write_multi_error,
    write_multi_header,
)
from pyzoo.server.request import Request
from pyzoo.server.wanted_watches import NULL_PATH, WantedWatches

WATCHER_CHILDREN: Final = 1
WATCHER_DATA: Final = 2
WATCHER_ANY: Final = 3
WATCHER_PERSISTENT: Final = 4
WATCHER_PERSISTENT_RECURSIVE: Final = 5

JAVA_BLANKS: Final = "".join([chr(code) for code in range(33)])
"""What String.trim takes away."""

ADD_WATCH_PERSISTENT: Final = 0
ADD_WATCH_RECURSIVE: Final = 1


def masked_acl(acl: list[ACL]) -> list[ACL]:
    """What a client without ADMIN sees: the hash of a digest id becomes an x (ZOOKEEPER-1392)."""
    masked: list[ACL] = []
    for entry in acl:
        if entry.scheme == "digest" and entry.id is not None and ":" in entry.id:
            masked.append(ACL(entry.perms, entry.scheme, entry.id.split(":", 1)[0] + ":x"))
        else:
            masked.append(entry)
    return masked


def wanted_prefix(asked: str | None) -> str:
    """The beginning that getEphemerals asks for; empty for all."""
    trimmed = "" if asked is None else asked.strip(JAVA_BLANKS)
    return "" if asked is None or trimmed in ("", "/") else asked


@final
class Reads:
    """Answers reads of one server."""

    def __init__(
        self,
        tree: DataTree,
        access: AccessControl,
        metrics: ServerMetrics,
        slice_units: i64,
        multi_read_max_bytes: i64,
    ) -> None:
        """What is more than `slice_units` of work, or too large a multiRead, is not answered here."""
        self.tree = tree
        self._most_units: i64 = slice_units
        self._most_bytes: i64 = min(slice_units * BYTES_A_UNIT, multi_read_max_bytes, OUT_HIGH_WATER)
        self.few_names: i64 = slice_units // _UNITS_A_NAME
        self.metrics = metrics
        self.access = access

    def serve(self, request: Request, cnxn: ServerCnxn) -> i32:
        """Write the whole reply; returns its error code, or TAKES_LONGER, and then nothing has happened."""
        tree = self.tree
        out = cnxn.out
        start: i64 = len(out)
        xid: i32 = PING_XID if request.type == op.PING else request.cxid
        written = cnxn.reply_begin(xid, tree.last_processed_zxid, 0)
        try:
            code = self._dispatch(request, cnxn, out)
        except KeeperError as error:
            code = error.code
        except MalformedRecord:
            code = err.MARSHALLINGERROR
        if code != 0:
            if code == TAKES_LONGER:
                out.truncate(start)
                return code
            if code < KEEP_BODY:
                code -= KEEP_BODY
                patch_error(out, start, code)
            else:
                out.truncate(start)
                written = cnxn.reply_begin(xid, tree.last_processed_zxid, code)
        cnxn.frame_written(written)
        return code

    def _dispatch(self, request: Request, cnxn: ServerCnxn, out: BytesWriter) -> i32:
        type = request.type
        body = request.body
        if type == op.GET_DATA:
            self._get_data(body, request.ids, cnxn, out)
        elif type == op.EXISTS:
            self._exists(body, request.ids, cnxn, out)
        elif type == op.GET_CHILDREN or type == op.GET_CHILDREN2:
            return self._get_children(type, body, request.ids, cnxn, out)
        elif type == op.PING:
            pass
        elif type == op.SYNC:
            write_ustring(out, body.read_ustring())
        elif type == op.GET_ACL:
            self._get_acl(body, request.ids, out)
        elif type == op.MULTI_READ:
            return self._multi_read(body, request.ids, out)
        elif type == op.GET_EPHEMERALS:
            return self._get_ephemerals(body, request.session_id, out)
        elif type == op.GET_ALL_CHILDREN_NUMBER:
            return self._get_all_children_number(body, request.ids, out)
        elif type == op.WHO_AM_I:
            self._who_am_i(request.ids, out)
        else:
            self._watch_request(type, body, cnxn, out)
        return 0

    def _watch_request(self, type: i32, body: InputArchive, cnxn: ServerCnxn, out: BytesWriter) -> None:
        if type == op.ADD_WATCH:
            self._add_watch(body, cnxn, out)
        elif type == op.CHECK_WATCHES:
            self._check_watches(body, cnxn)
        elif type == op.REMOVE_WATCHES:
            self._remove_watches(body, cnxn)
        else:
            raise KeeperError(err.UNIMPLEMENTED)

    # --- nodes

    def _node(self, path: str | None) -> DataNode:
        if path is None:
            raise KeeperError(err.MARSHALLINGERROR)
        node = self.tree.get_node(path)
        if node is None:
            raise KeeperError(err.NONODE, path)
        return node

    def readable(self, path: str | None, ids: list[Id]) -> DataNode:
        """The node, if it is there and these identities may read it; raises KeeperError."""
        node = self._node(path)
        if node.acl_id != -1 and not self.access.allows(self.tree.acl_of(node), READ, ids):
            raise KeeperError(err.NOAUTH)
        return node

    def _get_data(self, body: InputArchive, ids: list[Id], cnxn: ServerCnxn, out: BytesWriter) -> None:
        path = body.read_ustring()
        watch = body.read_bool()
        node = self.readable(path, ids)
        if watch and path is not None:
            self.tree.data_watches.add(path, cnxn, STANDARD)
        data = node.data
        self.metrics.path_read(path or "", 0 if data is None else len(data))
        write_buffer(out, data)
        node.write_stat(out)

    def _exists(self, body: InputArchive, ids: list[Id], cnxn: ServerCnxn, out: BytesWriter) -> None:
        path = body.read_ustring()
        watch = body.read_bool()
        if path is None:
            raise KeeperError(err.MARSHALLINGERROR)
        if "\0" in path:
            raise KeeperError(err.BADARGUMENTS)
        node = self.tree.get_node(path)
        if node is not None and node.acl_id != -1 and not self.access.allows(self.tree.acl_of(node), READ, ids):
            raise KeeperError(err.NOAUTH)
        if watch:
            self.tree.data_watches.add(path, cnxn, STANDARD)
        if node is None:
            raise KeeperError(err.NONODE)
        self.metrics.path_read(path, 0)
        node.write_stat(out)

    def _get_children(self, type: i32, body: InputArchive, ids: list[Id], cnxn: ServerCnxn, out: BytesWriter) -> i32:
        path = body.read_ustring()
        watch = body.read_bool()
        node = self.readable(path, ids)
        if node.num_children > self.few_names and self.tree.listings.units(node) > self._most_units:
            return TAKES_LONGER
        if watch and path is not None:
            self.tree.child_watches.add(path, cnxn, STANDARD)
        encoded = self.tree.listings.encoded(node)
        # Java counts the names alone: the vector is their bytes, four for each and four for their number.
        self.metrics.path_read(path or "", len(encoded) - 4 * (node.num_children + 1))
        out.write(encoded)
        if type == op.GET_CHILDREN2:
            node.write_stat(out)
        return 0

    def children_parts(self, type: i32, path: str | None, watch: bool, ids: list[Id], cnxn: ServerCnxn) -> list[bytes]:
        """The same body in pieces, for a node whose listing is ready; raises KeeperError."""
        node = self.readable(path, ids)
        if watch and path is not None:
            self.tree.child_watches.add(path, cnxn, STANDARD)
        parts = self.tree.listings.parts(node)
        size: i64 = 0
        for part in parts:
            size += len(part)
        self.metrics.path_read(path or "", size - 4 * (node.num_children + 1))
        if type == op.GET_CHILDREN2:
            out = BytesWriter()
            node.write_stat(out)
            parts.append(out.getvalue())
        return parts

    def _get_acl(self, body: InputArchive, ids: list[Id], out: BytesWriter) -> None:
        node = self._node(body.read_ustring())
        acl = self.tree.acl_of(node)
        if not self.access.allows(acl, READ | ADMIN, ids):
            raise KeeperError(err.NOAUTH)
        if not self.access.allows(acl, ADMIN, ids):
            acl = masked_acl(acl)
        write_vector_of_acl(out, acl)
        node.write_stat(out)

    def _get_all_children_number(self, body: InputArchive, ids: list[Id], out: BytesWriter) -> i32:
        asked = body.read_ustring()
        self.readable(asked, ids)
        path = asked or ""
        if len(path) > 1 and self.tree.has_more_below(path, self._most_units // _UNITS_A_NODE):
            return TAKES_LONGER
        write_i32_be(out, self.tree.all_children_number(path))
        return 0

    def _get_ephemerals(self, body: InputArchive, session_id: i64, out: BytesWriter) -> i32:
        prefix = wanted_prefix(body.read_ustring())
        if self.tree.ownership.count_of(session_id) > self.few_names:
            return TAKES_LONGER
        paths = ephemerals_copy_order(self.tree.ephemerals_of(session_id))
        if prefix:
            paths = [path for path in paths if path.startswith(prefix)]
        names: list[str | None] = []
        names.extend(paths)
        write_vector_of_ustring(out, names)
        return 0

    def _who_am_i(self, ids: list[Id], out: BytesWriter) -> None:
        count: i64 = len(ids)
        write_i32_be(out, i32(count))
        for id in ids:
            write_ustring(out, id.scheme)
            write_ustring(out, self.access.user_name(id))

    def _multi_read(self, body: InputArchive, ids: list[Id], out: BytesWriter) -> i32:
        """Errors of single reads are results; a write, or a null path, ends the reply early with -5."""
        if body.end - body.pos > self._most_units * _BODY_BYTES_A_UNIT:
            return TAKES_LONGER
        begun: i64 = len(out)
        left = self._most_units
        ops = decode_multi(body)
        if ops and not holds_reads(ops):
            write_multi_end(out)
            return KEEP_BODY + err.MARSHALLINGERROR
        for part in ops:
            start: i64 = len(out)
            try:
                left -= self._read_part(part.body, ids, out, left)
            except KeeperError as error:
                out.truncate(start)
                if error.code == err.MARSHALLINGERROR:
                    write_multi_end(out)
                    return KEEP_BODY + err.MARSHALLINGERROR
                write_multi_error(out, error.code)
            if left < 0 or len(out) - begun > self._most_bytes:
                return TAKES_LONGER
        write_multi_end(out)
        return 0

    def _read_part(self, body: object, ids: list[Id], out: BytesWriter, most: i64) -> i64:
        """Append the result of one read, unless it is more than `most` units of work; returns how many it is."""
        units: i64 = 0
        if isinstance(body, GetDataRequest):
            node = self.readable(body.path, ids)
            write_multi_header(out, op.GET_DATA, 0)
            write_buffer(out, node.data)
            node.write_stat(out)
        elif isinstance(body, GetChildrenRequest):
            node = self.readable(body.path, ids)
            units = self.tree.listings.units(node)
            if units <= most:
                write_multi_header(out, op.GET_CHILDREN, 0)
                out.write(self.tree.listings.encoded(node))
        return units

    # --- watches

    def _add_watch(self, body: InputArchive, cnxn: ServerCnxn, out: BytesWriter) -> None:
        request = AddWatchRequest.decode(body)
        path = NULL_PATH if request.path is None else request.path
        if request.mode == ADD_WATCH_PERSISTENT:
            self.tree.data_watches.add(path, cnxn, PERSISTENT)
            self.tree.child_watches.add(path, cnxn, PERSISTENT)
        elif request.mode == ADD_WATCH_RECURSIVE:
            self.tree.data_watches.add(path, cnxn, PERSISTENT_RECURSIVE)
        else:
            raise KeeperError(err.MARSHALLINGERROR)
        write_i32_be(out, 0)

    def _check_watches(self, body: InputArchive, cnxn: ServerCnxn) -> None:
        request = CheckWatchesRequest.decode(body)
        path = NULL_PATH if request.path is None else request.path
        type = request.type
        data, child = self.tree.data_watches, self.tree.child_watches
        if type == WATCHER_CHILDREN:
            found = child.contains(path, cnxn, STANDARD)
        elif type == WATCHER_DATA:
            found = data.contains(path, cnxn, STANDARD)
        elif type == WATCHER_ANY:
            found = data.contains(path, cnxn, None) or child.contains(path, cnxn, None)
        elif type == WATCHER_PERSISTENT:
            found = data.contains(path, cnxn, PERSISTENT)
        elif type == WATCHER_PERSISTENT_RECURSIVE:
            found = data.contains(path, cnxn, PERSISTENT_RECURSIVE)
        else:
            raise KeeperError(err.MARSHALLINGERROR)
        if not found:
            raise KeeperError(err.NOWATCHER)

    def _remove_watches(self, body: InputArchive, cnxn: ServerCnxn) -> None:
        request = CheckWatchesRequest.decode(body)
        path = NULL_PATH if request.path is None else request.path
        type = request.type
        data, child = self.tree.data_watches, self.tree.child_watches
        removed = False
        if type == WATCHER_CHILDREN:
            removed = child.remove(path, cnxn, STANDARD)
        elif type == WATCHER_DATA:
            removed = data.remove(path, cnxn, STANDARD)
        elif type == WATCHER_ANY:
            removed = data.remove(path, cnxn, None)
            removed = child.remove(path, cnxn, None) or removed
        elif type == WATCHER_PERSISTENT:
            removed = data.remove(path, cnxn, PERSISTENT)
            removed = child.remove(path, cnxn, PERSISTENT) or removed
        elif type == WATCHER_PERSISTENT_RECURSIVE:
            removed = data.remove(path, cnxn, PERSISTENT_RECURSIVE)
        else:
            raise KeeperError(err.MARSHALLINGERROR)
        if not removed:
            raise KeeperError(err.NOWATCHER)

    def set_watches(self, type: i32, body: InputArchive, cnxn: ServerCnxn) -> i32:
        """setWatches and setWatches2; the events of what changed meanwhile go out before the reply.

        Returns the error code: a null list stops it, with the lists before it already in force. Or TAKES_LONGER.
        """
        if body.end - body.pos > self._most_units * _BODY_BYTES_A_UNIT:
            return TAKES_LONGER
        try:
            wanted = WantedWatches(type, body)
        except MalformedRecord:
            return err.MARSHALLINGERROR
        paths = wanted.paths
        self.tree.set_watches(cnxn, wanted.relative_zxid, paths[0], paths[1], paths[2], paths[3], paths[4])
        return err.MARSHALLINGERROR if wanted.is_broken else 0


TAKES_LONGER: Final = 1
"""In place of an error code: the answer is for a LongRead."""
_BODY_BYTES_A_UNIT: Final = 2
"""Of a request that names many paths; the shortest takes five."""
_UNITS_A_NODE: Final = 2
"""To count it."""
_UNITS_A_NAME: Final = 16
"""More than a name can be in the listing of a node's children: so few need not be looked at."""
PING_XID: Final = -2
"""The xid of every answer to a ping, whatever the request had."""
KEEP_BODY: Final = -1000
"""Added to an error code whose reply keeps the body written so far."""


def patch_error(out: BytesWriter, start: i64, code: i32) -> None:
    """Put an error code into the reply header whose frame begins at `start`."""
    at: i64 = start + 16
    out[at] = u8((code >> 24) & 0xFF)
    out[at + 1] = u8((code >> 16) & 0xFF)
    out[at + 2] = u8((code >> 8) & 0xFF)
    out[at + 3] = u8(code & 0xFF)
