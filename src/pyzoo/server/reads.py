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
    SetWatches,
    SetWatches2,
    write_vector_of_acl,
    write_vector_of_ustring,
)
from pyzoo.server.auth import AccessControl
from pyzoo.server.cnxn import ServerCnxn
from pyzoo.server.metrics import ServerMetrics
from pyzoo.server.multi import (
    decode_multi,
    holds_reads,
    write_multi_end,
    write_multi_error,
    write_multi_header,
)
from pyzoo.server.request import Request

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


@final
class Reads:
    """Answers reads of one server."""

    def __init__(self, tree: DataTree, access: AccessControl, metrics: ServerMetrics) -> None:
        self.tree = tree
        self.metrics = metrics
        self.access = access

    def serve(self, request: Request, cnxn: ServerCnxn) -> i32:
        """Write the whole reply; returns its error code."""
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
            self._get_children(type, body, request.ids, cnxn, out)
        elif type == op.PING:
            pass
        elif type == op.SYNC:
            write_ustring(out, body.read_ustring())
        elif type == op.GET_ACL:
            self._get_acl(body, request.ids, out)
        elif type == op.MULTI_READ:
            return self._multi_read(body, request.ids, out)
        elif type == op.GET_EPHEMERALS:
            self._get_ephemerals(body, request.session_id, out)
        elif type == op.GET_ALL_CHILDREN_NUMBER:
            self._get_all_children_number(body, request.ids, out)
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

    def _readable(self, path: str | None, ids: list[Id]) -> DataNode:
        node = self._node(path)
        if node.acl_id != -1 and not self.access.allows(self.tree.acl_of(node), READ, ids):
            raise KeeperError(err.NOAUTH)
        return node

    def _get_data(self, body: InputArchive, ids: list[Id], cnxn: ServerCnxn, out: BytesWriter) -> None:
        path = body.read_ustring()
        watch = body.read_bool()
        node = self._readable(path, ids)
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

    def _get_children(self, type: i32, body: InputArchive, ids: list[Id], cnxn: ServerCnxn, out: BytesWriter) -> None:
        path = body.read_ustring()
        watch = body.read_bool()
        node = self._readable(path, ids)
        if watch and path is not None:
            self.tree.child_watches.add(path, cnxn, STANDARD)
        encoded = self.tree.encoded_children(node)
        # Java counts the names alone: the vector is their bytes, four for each and four for their number.
        self.metrics.path_read(path or "", len(encoded) - 4 * (node.num_children + 1))
        out.write(encoded)
        if type == op.GET_CHILDREN2:
            node.write_stat(out)

    def _get_acl(self, body: InputArchive, ids: list[Id], out: BytesWriter) -> None:
        node = self._node(body.read_ustring())
        acl = self.tree.acl_of(node)
        if not self.access.allows(acl, READ | ADMIN, ids):
            raise KeeperError(err.NOAUTH)
        if not self.access.allows(acl, ADMIN, ids):
            acl = masked_acl(acl)
        write_vector_of_acl(out, acl)
        node.write_stat(out)

    def _get_all_children_number(self, body: InputArchive, ids: list[Id], out: BytesWriter) -> None:
        path = body.read_ustring()
        self._readable(path, ids)
        write_i32_be(out, self.tree.all_children_number(path or ""))

    def _get_ephemerals(self, body: InputArchive, session_id: i64, out: BytesWriter) -> None:
        prefix = body.read_ustring()
        paths = ephemerals_copy_order(self.tree.ephemerals_of(session_id))
        trimmed = "" if prefix is None else prefix.strip(JAVA_BLANKS)
        if prefix is not None and trimmed and trimmed != "/":
            paths = [path for path in paths if path.startswith(prefix)]
        names: list[str | None] = []
        names.extend(paths)
        write_vector_of_ustring(out, names)

    def _who_am_i(self, ids: list[Id], out: BytesWriter) -> None:
        count: i64 = len(ids)
        write_i32_be(out, i32(count))
        for id in ids:
            write_ustring(out, id.scheme)
            write_ustring(out, self.access.user_name(id))

    def _multi_read(self, body: InputArchive, ids: list[Id], out: BytesWriter) -> i32:
        """Errors of single reads are results; a write, or a null path, ends the reply early with -5."""
        ops = decode_multi(body)
        if ops and not holds_reads(ops):
            write_multi_end(out)
            return KEEP_BODY + err.MARSHALLINGERROR
        for part in ops:
            start: i64 = len(out)
            try:
                self._read_part(part.body, ids, out)
            except KeeperError as error:
                out.truncate(start)
                if error.code == err.MARSHALLINGERROR:
                    write_multi_end(out)
                    return KEEP_BODY + err.MARSHALLINGERROR
                write_multi_error(out, error.code)
        write_multi_end(out)
        return 0

    def _read_part(self, body: object, ids: list[Id], out: BytesWriter) -> None:
        if isinstance(body, GetDataRequest):
            node = self._readable(body.path, ids)
            write_multi_header(out, op.GET_DATA, 0)
            write_buffer(out, node.data)
            node.write_stat(out)
        elif isinstance(body, GetChildrenRequest):
            node = self._readable(body.path, ids)
            write_multi_header(out, op.GET_CHILDREN, 0)
            out.write(self.tree.encoded_children(node))

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

        Returns the error code: a null list stops it, with the lists before it already in force.
        """
        try:
            if type == op.SET_WATCHES2:
                two = SetWatches2.decode(body)
                return self._register(
                    cnxn,
                    two.relative_zxid,
                    two.data_watches,
                    two.exist_watches,
                    two.child_watches,
                    two.persistent_watches,
                    two.persistent_recursive_watches,
                )
            one = SetWatches.decode(body)
            none: list[str | None] | None = []
            return self._register(
                cnxn, one.relative_zxid, one.data_watches, one.exist_watches, one.child_watches, none, none
            )
        except MalformedRecord:
            return err.MARSHALLINGERROR

    def _register(
        self,
        cnxn: ServerCnxn,
        relative_zxid: i64,
        data: list[str | None] | None,
        exist: list[str | None] | None,
        child: list[str | None] | None,
        persistent: list[str | None] | None,
        recursive: list[str | None] | None,
    ) -> i32:
        lists = [data, exist, child, persistent, recursive]
        paths: list[list[str]] = []
        broken = False
        for one in lists:
            if one is None:
                broken = True
            known: list[str] = []
            if one is not None and not broken:
                for path in one:
                    if path is None and len(paths) < NODE_LISTS:
                        broken = True
                        break
                    known.append(NULL_PATH if path is None else path)
            paths.append(known)
        self.tree.set_watches(cnxn, relative_zxid, paths[0], paths[1], paths[2], paths[3], paths[4])
        return err.MARSHALLINGERROR if broken else 0


NULL_PATH: Final = chr(0xDC00)
"""Stands for a null path in the tables of watches: no path that can be read looks like it."""
NODE_LISTS: Final = 3
"""The lists of setWatches that look at nodes, which a null path cannot name."""
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
