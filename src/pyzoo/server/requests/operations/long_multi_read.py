"""LongMultiRead: a multiRead of very many reads, or with a very large reply.

What is large in the reply is not copied before it is written: a thousand reads of one node cost no more than one. What
does not fit into the limit is refused, result by result; but the first result always fits, as it would alone.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32, i64

from pyzoo import errors as err
from pyzoo.datatree.acl import READ
from pyzoo.datatree.node import DataNode
from pyzoo.jute import opcodes as op
from pyzoo.jute.records import GetChildrenRequest, GetDataRequest
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.long_reads import LongRead, LongReadOwner
from pyzoo.server.requests.multi import MULTI_END, MultiOp, write_multi_error, write_multi_header
from pyzoo.server.requests.operations.parts import check_parts, decode_part, holds_reads
from pyzoo.server.requests.reads import PathsRead

_UNITS_A_PART: Final = 5
"""To decode a part of the request."""
_COPIED_BYTES: Final = 4096
"""Data up to this size is copied among the other results, larger data stays where it is."""
_RESULT_BYTES: Final = 81
"""A result of getData without the data: header, length, Stat."""


@final
class _Listing:
    """The encoded children of a node, as of one `pzxid`; their number tells too, where versions are used up."""

    def __init__(self, node: DataNode, parts: list[bytes]) -> None:
        self.node = node
        self.pzxid: i64 = node.pzxid
        self.count: i64 = node.num_children
        self.parts = parts
        self.size: i64 = 0
        for part in parts:
            self.size += len(part)

    def is_of(self, node: DataNode) -> bool:
        """Whether the children are still these."""
        return self.node is node and self.pzxid == node.pzxid and self.count == node.num_children


@final
class LongMultiRead(LongRead):
    """Decodes the reads, gets the listings ready that they need, and then makes all results in one step."""

    def __init__(self, owner: LongReadOwner, request: Request, cnxn: ServerCnxn) -> None:
        super().__init__(owner, request, cnxn)
        self._most: i64 = self.reads.multi_read_max_bytes
        self._ops: list[MultiOp] = []
        self._is_decoded = False
        self._next: i64 = 0
        self._listings: dict[str, _Listing] = {}
        self._begin()

    def _begin(self) -> None:
        """Begin with the results."""
        self._size: i64 = 0
        self._filled = False
        self._readable: dict[int, bool] = {}
        self._read = PathsRead()

    # --- what comes before

    def prepare(self, units: i64) -> i64:
        done: i64 = 0
        while done < units and not self._is_decoded:
            if decode_part(self.request.body, self._ops):
                done += _UNITS_A_PART
            else:
                self._is_decoded = True
                check_parts(self._ops)
                if self._ops and not holds_reads(self._ops):
                    self.answer([MULTI_END], err.MARSHALLINGERROR)
                    return done
        if not self._is_decoded:
            return done
        while done < units and self._next < len(self._ops):
            done += 1 + self._get_ready(self._ops[self._next], units - done)
        if self._next == len(self._ops):
            done += self._make_results()
        return done

    def _get_ready(self, part: MultiOp, units: i64) -> i64:
        """Have the listing of a read ready, or some of it; then go on with the next read."""
        body = part.body
        done: i64 = 0
        if isinstance(body, GetChildrenRequest):
            node = self._node(body.path)
            if node is not None and self._fits(node.num_children * 4):
                if self._listing_of(body.path, node) is None:
                    done = self._list(body.path, node, units)
                    if self._crowd is not None:
                        return done
                listing = self._listing_of(body.path, node)
                self._count(_RESULT_BYTES if listing is None else listing.size)
            else:
                # It was there when its listing was begun with.
                self.keep(None)
        elif isinstance(body, GetDataRequest):
            node = self._node(body.path)
            if node is not None:
                self._count(_size_of(node))
        self._next += 1
        return done

    def _list(self, path: str | None, node: DataNode, units: i64) -> i64:
        tree = self.reads.tree
        done = tree.listings.units(node)
        crowd = tree.listings.crowd_of(node)
        if crowd is not None and not crowd.is_ready:
            self.keep(crowd)
            done = crowd.work(units)
            if not crowd.is_ready:
                return done
        self.keep(None)
        self._listings[path or ""] = _Listing(node, tree.listings.parts(node))
        return done

    # --- nodes

    def _node(self, path: str | None) -> DataNode | None:
        """A node that may be read, or None."""
        node = None if path is None else self.reads.tree.get_node(path)
        if node is None or node.acl_id == -1:
            return node
        readable = self._readable.get(node.acl_id)
        if readable is None:
            reads = self.reads
            readable = reads.access.allows(reads.tree.acl_of(node), READ, self.request.ids)
            self._readable[node.acl_id] = readable
        return node if readable else None

    def _listing_of(self, path: str | None, node: DataNode) -> _Listing | None:
        listing = self._listings.get(path or "")
        return listing if listing is not None and listing.is_of(node) else None

    def _fits(self, size: i64) -> bool:
        return not self._filled or self._size + size <= self._most

    def _count(self, size: i64) -> bool:
        """Whether a result of so many bytes gets into the reply."""
        if not self._fits(size):
            return False
        self._size += size
        self._filled = True
        return True

    # --- the results

    def _make_results(self) -> i64:
        """Make the reply as the tree is now; or see that a listing has changed, and go back to that."""
        self._begin()
        parts: list[bytes] = []
        out = BytesWriter()
        code: i32 = 0
        at: i64 = 0
        for part in self._ops:
            body = part.body
            if isinstance(body, GetDataRequest):
                path = body.path
                out = self._read_data(path, parts, out)
            elif isinstance(body, GetChildrenRequest):
                path = body.path
                node = self._node(path)
                listing = None if node is None else self._listing_of(path, node)
                if node is not None and listing is None and self._fits(node.num_children * 4):
                    self._next = at
                    return at
                out = self._read_children(path, listing, parts, out)
            else:
                path = None
            if path is None:
                code = err.MARSHALLINGERROR
                break
            at += 1
        out.write(MULTI_END)
        parts.append(out.getvalue())
        self._ops = []
        self._listings.clear()
        self._read.count(self.reads.metrics)
        self.answer(parts, code)
        return at

    def _read_data(self, path: str | None, parts: list[bytes], out: BytesWriter) -> BytesWriter:
        """Append a result; returns where the next one goes."""
        node = self._node(path)
        if node is None:
            self._write_error(path, out)
            return out
        if not self._count(_size_of(node)):
            write_multi_error(out, err.MARSHALLINGERROR)
            return out
        data = node.data
        self._read.add(path, 0 if data is None else len(data))
        write_multi_header(out, op.GET_DATA, 0)
        if data is None:
            write_i32_be(out, -1)
        else:
            length: i64 = len(data)
            write_i32_be(out, i32(length))
            if length <= _COPIED_BYTES:
                out.write(data)
            else:
                parts.append(out.getvalue())
                parts.append(data)
                out = BytesWriter()
        node.write_stat(out)
        return out

    def _read_children(
        self, path: str | None, listing: _Listing | None, parts: list[bytes], out: BytesWriter
    ) -> BytesWriter:
        if listing is None:
            self._write_error(path, out)
            return out
        if not self._count(listing.size):
            write_multi_error(out, err.MARSHALLINGERROR)
            return out
        self._read.add(path, listing.size - 4 * (listing.count + 1))
        write_multi_header(out, op.GET_CHILDREN, 0)
        if listing.size <= _COPIED_BYTES:
            for part in listing.parts:
                out.write(part)
            return out
        parts.append(out.getvalue())
        parts.extend(listing.parts)
        return BytesWriter()

    def _write_error(self, path: str | None, out: BytesWriter) -> None:
        """There is no such node, or it may not be read, or its listing does not fit."""
        if path is None:
            return
        node = self.reads.tree.get_node(path)
        code: i32 = err.NONODE
        if node is not None:
            code = err.MARSHALLINGERROR if self._node(path) is not None else err.NOAUTH
        write_multi_error(out, code)


def _size_of(node: DataNode) -> i64:
    """The bytes of a result of getData."""
    return _RESULT_BYTES + node.data_length
