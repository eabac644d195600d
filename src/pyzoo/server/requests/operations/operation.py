"""Operation: all that a server knows of one opcode.

What a class does not say is as here. A method gets what it may touch as an argument: the preparation of writes, the
tree as reads see it, or bytes.
"""

from typing import Final, final

from librt.strings import BytesWriter
from mypy_extensions import i32, i64

from pyzoo.datatree.long_txn import LongTxn
from pyzoo.datatree.txn_result import ProcessTxnResult
from pyzoo.errors import UNIMPLEMENTED, KeeperError, MalformedRecord
from pyzoo.jute.primitives import InputArchive, Record
from pyzoo.jute.records import ACL
from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.long_reads import LongRead, LongReadOwner
from pyzoo.server.requests.multi import MultiOp
from pyzoo.server.requests.prep import PrepRequestProcessor
from pyzoo.server.requests.reads import Reads

UNKNOWN: Final = 0
READ: Final = 1
WRITE: Final = 2
NO_FLAGS: Final = -1


@final
class Wanted:
    """The node that decides over a write, the permission that is needed there, and the ACL that it would set."""

    def __init__(self, path: str | None, permission: i32, acl: list[ACL] | None, sets_acl: bool) -> None:
        self.path = path
        self.permission: i32 = permission
        self.acl = acl
        self.sets_acl = sets_acl


@final
class Asked:
    """What a write names, for the audit log: `flags` are those of a create, else -1."""

    def __init__(self, path: str | None, flags: i32 = NO_FLAGS, acl: list[ACL] | None = None) -> None:
        self.path = path
        self.flags: i32 = flags
        self.acl = acl


class Operation:
    """One opcode; the texts are an interface.

    `kind` is READ, WRITE, or UNKNOWN for what no client may ask for. `name` is ZooKeeper's, `short_name` that in the
    words stat and cons, `audit_name` that in the audit log, empty for what is not written there.
    """

    def __init__(self, opcode: i32, kind: i32, name: str, short_name: str, audit_name: str = "") -> None:
        self.opcode: i32 = opcode
        self.kind: i32 = kind
        self.name = name
        self.short_name = short_name
        self.audit_name = audit_name
        # Only a leader can do it, so a server that is read-only refuses it.
        self.needs_leader = kind == WRITE
        # Its session has to be alive, and used through the member that owns it.
        self.needs_session = True
        self.may_be_throttled = True
        # A body that cannot be read becomes a failed transaction all the same.
        self.unreadable_takes_zxid = False
        # What it sets off is sent before the reply, which has no body.
        self.events_first = False

    # --- writes

    def check(self, body: InputArchive) -> None:
        """Raise MalformedRecord or KeeperError for what no leader should get to see: its client would wait for ever."""

    def make_txn(self, prep: PrepRequestProcessor, request: Request, now_ms: i64) -> Record:
        """The body of the transaction.

        Raises KeeperError for a check that fails, MalformedRecord for a body that cannot be read. With
        `request.error` set the failure takes no zxid.
        """
        raise KeeperError(UNIMPLEMENTED)

    def write_reply(self, request: Request, result: ProcessTxnResult, out: BytesWriter) -> None:
        """The body of the reply to a write that went well."""

    def wanted(self, body: InputArchive) -> Wanted | None:
        """What may be judged before a leader hears of it; None for nothing. Raises as `check`."""
        return None

    def asked(self, body: InputArchive) -> Asked:
        """What the audit log tells of it. Raises as `check`."""
        return Asked(None)

    def makes_ephemeral(self, body: InputArchive) -> bool:
        """Whether it makes its session a global one. Raises as `check`."""
        return False

    # --- parts of a multi

    def decode_part(self, archive: InputArchive) -> MultiOp:
        """This as a part of a multi or multiRead; raises MalformedRecord or KeeperError."""
        raise MalformedRecord(f"operation {self.opcode} cannot be part of a multi")

    def write_result(self, part: ProcessTxnResult, out: BytesWriter) -> None:
        """The result of a part that went well, after its header."""

    # --- reads

    def answer(self, reads: Reads, request: Request, cnxn: ServerCnxn, out: BytesWriter) -> i32:
        """Write the body of the reply, whose header is there.

        Returns 0, an error code with KEEP_BODY added to keep the body, or TAKES_LONGER when nothing has happened.
        Raises KeeperError and MalformedRecord, which replace what was written by an error reply.
        """
        raise KeeperError(UNIMPLEMENTED)

    def may_take_long(self, reads: Reads, request: Request) -> bool:
        """Whether a read that has to wait may turn out to be long: nothing of its connection comes behind it then."""
        return False

    def long_read(self, owner: LongReadOwner, request: Request, cnxn: ServerCnxn) -> LongRead:
        """What answers it bit by bit."""
        raise NotImplementedError(self.name)

    def sees(self, closing: LongTxn, request: Request) -> bool:
        """Whether it may see nodes that are just being deleted, or their parents."""
        return True
