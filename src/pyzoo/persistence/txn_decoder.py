"""Transactions taken apart one after the other, for whoever has very many of them and keeps none."""

from typing import Final, final

from librt.strings import read_i32_be, read_i64_be
from mypy_extensions import i32, i64

from pyzoo.datatree.acl import OPEN_ACL_UNSAFE, is_open
from pyzoo.errors import MalformedRecord
from pyzoo.jute.opcodes import CREATE, CREATE2, DELETE, SET_DATA
from pyzoo.jute.primitives import InputArchive, Record, text_of
from pyzoo.jute.records import ACL, CreateTxn, DeleteTxn, SetDataTxn, TxnDigest, TxnHeader, read_vector_of_acl
from pyzoo.persistence.log_format import DIGEST_LENGTH, TXN_HEADER_LENGTH, decode_txn

_SHORTEST_ACL: Final = 4


@final
class TxnDecoder:
    """Does what `decode_txn` does; `header`, `txn` and `digest` are what it found last.

    Of a create or set `key` is the path as it is logged and `body` the rest, for who needs no `txn`, whose path is a
    text; for all else, and a path that is null, `key` is None. The next call fills the same records anew, those of the
    usual kinds, so nobody may keep them: half of the cost of a transaction would be to make them. Equal ACLs that
    follow each other are one list.
    """

    def __init__(self) -> None:
        self.header = TxnHeader(0, 0, 0, 0, 0)
        self.key: bytes | None = None
        self.body: Record | None = None
        self.digest: TxnDigest | None = None
        self._archive = InputArchive(b"")
        self._create = CreateTxn(None, None, None, False, 0)
        self._set_data = SetDataTxn(None, None, 0)
        self._delete = DeleteTxn(None)
        self._digest = TxnDigest(0, 0)
        self._acl: list[ACL] | None = None
        self._acl_bytes = b""

    @property
    def txn(self) -> Record | None:
        """The body; None only for a closeSession without one."""
        body, key = self.body, self.key
        if key is not None:
            if isinstance(body, CreateTxn):
                body.path = text_of(key)
            elif isinstance(body, SetDataTxn):
                body.path = text_of(key)
        return body

    def decode(self, payload: bytes) -> None:
        """Take a payload apart; raises MalformedRecord as `decode_txn` does."""
        size: i64 = len(payload)
        kind: i32 = read_i32_be(payload, TXN_HEADER_LENGTH - 4) if size >= TXN_HEADER_LENGTH else i32(0)
        archive = self._archive
        archive.data = payload
        archive.pos = TXN_HEADER_LENGTH
        archive.end = size
        self.key = None
        if kind == SET_DATA:
            set_data = self._set_data
            set_data.path = None
            key = archive.read_buffer()
            set_data.data = archive.read_buffer()
            set_data.version = archive.read_int()
            self.key = key
            self.body = set_data
        elif (kind == CREATE or kind == CREATE2) and self._is_create():
            self.body = self._create
        elif kind == DELETE:
            self._delete.path = archive.read_ustring()
            self.body = self._delete
        else:
            self.header, self.body, self.digest = decode_txn(payload)
            return
        header = self.header
        header.client_id = read_i64_be(payload, 0)
        header.cxid = read_i32_be(payload, 8)
        header.zxid = read_i64_be(payload, 12)
        header.time = read_i64_be(payload, 20)
        header.type = kind
        pos = archive.pos
        if size - pos < DIGEST_LENGTH:
            self.digest = None
            return
        digest = self._digest
        digest.version = read_i32_be(payload, pos)
        digest.tree_digest = read_i64_be(payload, pos + 4)
        self.digest = digest

    def _is_create(self) -> bool:
        """Read the body of a create; False where it is none of today."""
        archive = self._archive
        create = self._create
        try:
            key = archive.read_buffer()
            create.data = archive.read_buffer()
            create.acl = self._read_acl()
            create.ephemeral = archive.read_bool()
            create.parent_cversion = archive.read_int()
        except MalformedRecord:
            return False
        create.path = None
        self.key = key
        return True

    def _read_acl(self) -> list[ACL] | None:
        archive = self._archive
        start = archive.pos
        known = self._acl_bytes
        end: i64 = start + len(known)
        if len(known) >= _SHORTEST_ACL and end <= archive.end and archive.data[start:end] == known:
            archive.pos = end
            return self._acl
        acl = read_vector_of_acl(archive)
        self._acl = OPEN_ACL_UNSAFE if acl is not None and is_open(acl) else acl
        self._acl_bytes = archive.data[start : archive.pos]
        return self._acl
