"""The ACL that nearly every node gets, which lets everybody do everything: it is known by its bytes."""

from typing import Final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i64

from pyzoo.datatree.acl import OPEN_ACL_UNSAFE
from pyzoo.jute.primitives import InputArchive, write_bool, write_buffer, write_ustring
from pyzoo.jute.records import ACL, CreateRequest, CreateTxn, read_vector_of_acl, write_vector_of_acl

OPEN_ACL: Final = OPEN_ACL_UNSAFE


def _encoded() -> bytes:
    out = BytesWriter()
    write_vector_of_acl(out, OPEN_ACL)
    return out.getvalue()


_ENCODED: Final = _encoded()
_LENGTH: Final[i64] = len(_ENCODED)


def read_create(archive: InputArchive) -> CreateRequest:
    """As CreateRequest.decode; nodes share this ACL."""
    path = archive.read_ustring()
    data = archive.read_buffer()
    pos = archive.pos
    end = pos + _LENGTH
    if end <= archive.end and archive.data[pos:end] == _ENCODED:
        archive.pos = end
        acl: list[ACL] | None = OPEN_ACL
    else:
        acl = read_vector_of_acl(archive)
    return CreateRequest(path, data, acl, archive.read_int())


def write_create(out: BytesWriter, txn: CreateTxn) -> None:
    """As `txn.encode`."""
    if txn.acl is not OPEN_ACL:
        txn.encode(out)
        return
    write_ustring(out, txn.path)
    write_buffer(out, txn.data)
    write_create_end(out, txn)


def write_create_end(out: BytesWriter, txn: CreateTxn) -> None:
    """What is behind the data."""
    if txn.acl is OPEN_ACL:
        out.write(_ENCODED)
    else:
        write_vector_of_acl(out, txn.acl)
    write_bool(out, txn.ephemeral)
    write_i32_be(out, txn.parent_cversion)
