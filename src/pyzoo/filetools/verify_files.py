"""Whether a snapshot or a log is what a server wrote, and whether it is whole."""

from contextlib import closing
from enum import Enum
from typing import Final

from attrs import define, field

from pyzoo.datatree.ephemeral_type import EPHEMERAL
from pyzoo.datatree.tree import DataTree
from pyzoo.errors import PyzooError
from pyzoo.persistence.compression import source_for
from pyzoo.persistence.disk import Disk
from pyzoo.persistence.log_format import NO_HEADER, TORN, LogReader, decode_txn
from pyzoo.persistence.names import method_of_name, snapshot_zxid
from pyzoo.persistence.snapshot.file import SnapshotReader
from pyzoo.persistence.snapshot.saved import looks_valid
from pyzoo.zxid import zxid_text


class Soundness(Enum):
    """How good a file is."""

    GOOD = "good"
    TORN = "torn"  # its writer died; a server copes with that
    BAD = "BAD"


@define
class FileReport:
    """What is known of a file, in a few words each."""

    name: str
    soundness: Soundness = Soundness.GOOD
    facts: list[str] = field(factory=list)

    def __str__(self) -> str:
        return f"{self.name}: {self.soundness.value}: {', '.join(self.facts)}\n"

    def found(self, fact: str) -> "FileReport":
        """Add something that makes the file bad."""
        self.soundness = Soundness.BAD
        self.facts.append(fact)
        return self


_UNKNOWN: Final = -1


def verify_snapshot(disk: Disk, path: str) -> FileReport:
    """Read a snapshot as a server does, and look at what a server believes. Raises OSError."""
    name = path.rsplit("/", 1)[-1]
    report = FileReport(name)
    tree = DataTree(extended_types=True)
    with closing(disk.open_read(path)) as file:
        try:
            reader = SnapshotReader(source_for(method_of_name(name), file.read, name), name)
            reader.load(tree)
        except PyzooError as error:
            return report.found(str(error))
    if not looks_valid(disk, path):
        return report.found("its end is not that of a snapshot, so that a server passes it over")
    zxid = snapshot_zxid(name)
    if zxid == _UNKNOWN:
        zxid = reader.last_zxid
    report.facts.append(f"zxid {zxid_text(zxid)}, {reader.node_count} nodes, {len(reader.sessions)} sessions")
    _compare_digest(report, tree, reader, zxid)
    _look_at_nodes(report, tree, reader)
    return report


def _compare_digest(report: FileReport, tree: DataTree, reader: SnapshotReader, zxid: int) -> None:
    """A digest of a later zxid than the snapshot's belongs to the log that follows: such a snapshot is fuzzy."""
    if not reader.has_digest or reader.digest_zxid <= 0 or reader.digest_zxid < zxid:
        report.facts.append("no digest")
    elif reader.digest_zxid > zxid:
        report.facts.append(f"its digest needs the log up to {zxid_text(reader.digest_zxid)}")
    else:
        tree.last_processed_zxid = zxid
        tree.set_snapshot_digest(reader.digest_zxid, reader.digest_version, reader.digest)
        if tree.digests.mismatches:
            report.found(f"its digest is {reader.digest}, but that of its nodes is {tree.tree_digest}")
        else:
            report.facts.append("the digest is right")


def _look_at_nodes(report: FileReport, tree: DataTree, reader: SnapshotReader) -> None:
    for path, node in tree.nodes.items():
        if node.kind == EPHEMERAL and node.num_children > 0:
            report.found(f"the ephemeral node {path} has children")
            break
    orphans = sum(len(paths.paths) for owner, paths in tree.ownership.sessions.items() if owner not in reader.sessions)
    if orphans:
        report.facts.append(f"{orphans} ephemerals of sessions that are not in it")


def verify_log(disk: Disk, path: str) -> FileReport:
    """Read all records of a log. Raises OSError."""
    name = path.rsplit("/", 1)[-1]
    report = FileReport(name)
    file = disk.open_read(path)
    count = 0
    first = last = _UNKNOWN
    reader = LogReader(file.read, name)
    try:
        while (payload := reader.next_payload()) is not None:
            header, _, _ = decode_txn(payload)
            first = header.zxid if count == 0 else first
            last = header.zxid
            count += 1
        behind = reader.find_record_after_torn() if reader.ending == TORN else _UNKNOWN
    except PyzooError as error:
        report.found(str(error))
        behind = _UNKNOWN
    finally:
        file.close()
    if count:
        report.facts.append(f"{count} transactions, {zxid_text(first)} to {zxid_text(last)}")
    elif not report.facts:
        report.facts.append(reader.reason or "no transactions")
    if reader.ending == TORN or (reader.ending == NO_HEADER and disk.size(path) == 0):
        report.soundness = Soundness.TORN
    elif reader.ending == NO_HEADER:
        report.found("no server starts from it")
    if reader.ending == TORN:
        report.facts.append(f"after byte {reader.end_offset} {reader.reason}")
    if behind != _UNKNOWN:
        report.found(f"whole records follow the torn one, from byte {behind} on: no server reads them")
    return report
