"""Records in the two forms that the generated codec and Construct have of them."""

from typing import Any

from librt.strings import BytesWriter

from pyzoo.jute.primitives import Record
from pyzoo.jute.records import TxnDigest, TxnHeader
from pyzoo.jute.schema.records import RECORDS
from pyzoo.persistence.log_format import append_record


def as_plain(value: Any) -> Any:
    """A generated record as the dictionaries that Construct builds from."""
    if isinstance(value, list):
        return [as_plain(element) for element in value]
    name = type(value).__name__
    if name in RECORDS:
        return {sub.name: as_plain(getattr(value, sub.name)) for sub in RECORDS[name].subcons}
    return value


def from_container(value: Any) -> Any:
    """What Construct parsed, without its bookkeeping."""
    if isinstance(value, list):
        return [from_container(element) for element in value]
    if isinstance(value, dict):
        return {key: from_container(inner) for key, inner in value.items() if not key.startswith("_")}
    return value


def encoded(record: Any) -> bytes:
    """The bytes of a generated record."""
    out = BytesWriter()
    record.encode(out)
    return out.getvalue()


def encode_txn(header: TxnHeader, txn: Record | None, digest: TxnDigest | None) -> bytes:
    """The payload of a record; an error txn carries no digest, everything else does when digests are on."""
    return b"".join(encoded(part) for part in (header, txn, digest) if part is not None)


def encode_record(payload: bytes) -> bytes:
    """A whole record of a log: checksum, length, payload, end mark."""
    out = BytesWriter()
    append_record(out, payload)
    return out.getvalue()
