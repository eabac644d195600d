"""PrepRequestProcessor: checks a write and makes its transaction.

A write is checked against the tree with all changes on their way; what comes out is a header and a
transaction, or an error transaction with the code that the client gets. The order of the checks is the
order of client-protocol: the first that fails decides.
"""

from typing import Final, final

from mypy_extensions import i32, i64

from pyzoo import errors as err
from pyzoo.config.settings import ServerConfig
from pyzoo.datatree.acl import ADMIN, CREATE, DELETE, READ, WRITE
from pyzoo.datatree.digest_parts import parent_part
from pyzoo.datatree.ephemeral_type import CONTAINER_OWNER, EPHEMERAL, MAX_TTL, kind_of, ttl_owner
from pyzoo.datatree.path_hash import hash_of_key, key_of
from pyzoo.datatree.paths import CONFIG, parent_and_validate, validate_for_create, validate_key, validate_path
from pyzoo.errors import KeeperError
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import Record
from pyzoo.jute.records import (
    ACL,
    CheckVersionRequest,
    CheckVersionTxn,
    CloseSessionTxn,
    CreateContainerTxn,
    CreateSessionTxn,
    CreateTTLTxn,
    CreateTxn,
    DeleteRequest,
    DeleteTxn,
    Id,
    SetACLRequest,
    SetACLTxn,
    SetDataRequest,
    SetDataTxn,
)
from pyzoo.server.auth.access_control import AccessControl
from pyzoo.server.metrics import ServerMetrics, top_namespace
from pyzoo.server.requests.change_records import ChangeRecord
from pyzoo.server.requests.outstanding import OutstandingChanges
from pyzoo.server.sessions import SessionTracker

# CreateMode flags
MODE_EPHEMERAL: Final = 1
MODE_PERSISTENT_SEQUENTIAL: Final = 2
MODE_EPHEMERAL_SEQUENTIAL: Final = 3
MODE_CONTAINER: Final = 4
MODE_TTL: Final = 5
MODE_SEQUENTIAL_TTL: Final = 6


def is_ttl_mode(flags: i32) -> bool:
    """Whether the create flags ask for a TTL node."""
    return flags == MODE_TTL or flags == MODE_SEQUENTIAL_TTL


def is_sequential_mode(flags: i32) -> bool:
    """Whether the create flags ask for a number at the end of the name."""
    return flags == MODE_PERSISTENT_SEQUENTIAL or flags == MODE_EPHEMERAL_SEQUENTIAL or flags == MODE_SEQUENTIAL_TTL


def is_ephemeral_mode(flags: i32) -> bool:
    """Whether the create flags ask for an ephemeral."""
    return flags == MODE_EPHEMERAL or flags == MODE_EPHEMERAL_SEQUENTIAL


def sequence_suffix(counter: int) -> str:
    """The number of a sequential node: Java's %010d of a signed int."""
    return f"{counter:010d}"


def check_version(expected: i32, current: i32, path: str) -> i32:
    """The version after a change; raises BADVERSION (checkAndIncVersion)."""
    if expected != -1 and expected != current:
        raise KeeperError(err.BADVERSION, path)
    return -0x80000000 if current == 0x7FFFFFFF else current + 1


@final
class PrepRequestProcessor:
    """Makes transactions; the methods named after operations return the body or raise KeeperError.

    `record` is the node of the last create, delete or setData, and `parent_record` the parent of one that was created
    or deleted, where it is as the tree will have it.
    """

    def __init__(
        self,
        config: ServerConfig,
        outstanding: OutstandingChanges,
        sessions: SessionTracker,
        access: AccessControl,
        metrics: ServerMetrics,
    ) -> None:
        self.tree = outstanding.tree
        self.outstanding = outstanding
        self.sessions = sessions
        self.access = access
        self.metrics = metrics
        self.enforce_quota = config.enforce_quota
        self.extended_types = config.extended_types_enabled
        self.emulate_353_ttl = config.emulate_353_ttl_nodes
        self.reconfig_enabled = config.reconfig_enabled
        self.create2_as_create = config.multi_create2_as_create
        self.zxid: i64 = 0
        self.time_ms: i64 = 0
        self.session_id: i64 = 0
        self.ids: list[Id] = []
        self.stays_local = False
        self.record: ChangeRecord | None = None
        self.parent_record: ChangeRecord | None = None

    def begin(self, zxid: i64, time_ms: i64, session_id: i64, ids: list[Id]) -> None:
        """What the transaction that is made next has in its header; `ids` are the client's."""
        self.zxid = zxid
        self.time_ms = time_ms
        self.session_id = session_id
        self.ids = ids

    # --- what the operations share

    def node(self, path: str) -> ChangeRecord:
        """The node as it will be, or NONODE."""
        record = self.outstanding.get(path)
        if record is None:
            raise KeeperError(err.NONODE, path)
        return record

    def node_of_valid(self, path: str) -> ChangeRecord:
        """The node as it will be, BADARGUMENTS or NONODE; the path of what exists is valid, so it is not looked at."""
        record = self.outstanding.get(path)
        if record is None or len(path) == 0:  # which is another name of the root
            validate_path(path)
            raise KeeperError(err.NONODE, path)
        return record

    def require(self, record: ChangeRecord, permission: i32) -> None:
        """Raise NOAUTH unless the client has this permission on the node."""
        acl = record.acl
        if acl is not None and not self.access.allows(acl, permission, self.ids):
            raise KeeperError(err.NOAUTH, record.path)

    def check_quota(self, path: str, old: bytes | None, new: bytes | None, created: i64) -> None:
        """Raise QUOTAEXCEEDED when a hard limit would be passed; for enforceQuota."""
        old_bytes: i64 = 0 if old is None else len(old)
        new_bytes: i64 = 0 if new is None else len(new)
        try:
            self.tree.quotas.check(path, created, new_bytes - old_bytes)
        except KeeperError as error:
            if error.code == err.QUOTAEXCEEDED:
                self.metrics.quota_exceeded_error_per_namespace.add(top_namespace(path), 1)
            raise

    # --- create, in all its forms

    def create(
        self, op_type: i32, path: str | None, data: bytes | None, acl: list[ACL] | None, flags: i32, ttl: i64
    ) -> Record:
        """create, create2, createContainer, createTTL (pRequest2TxnCreate); ttl is -1 where there is none."""
        self._check_create_mode(op_type, flags, ttl)
        if is_ephemeral_mode(flags) and not self.sessions.is_alive(self.session_id):
            raise KeeperError(err.EPHEMERALONLOCALSESSION if self.stays_local else err.SESSIONEXPIRED)
        if path is None:
            raise KeeperError(err.MARSHALLINGERROR)
        slash = validate_for_create(path)
        fixed = self.access.fixup(acl, self.ids)
        parent = self.node(path[:slash])
        self.require(parent, CREATE)
        if is_sequential_mode(flags):
            path += sequence_suffix(parent.cversion)
        key = key_of(path)
        validate_key(path, key)
        path_hash = hash_of_key(key)
        if self.outstanding.has(path, key, path_hash):
            raise KeeperError(err.NODEEXISTS, path)
        if (
            parent.ephemeral_mode
            or kind_of(parent.ephemeral_owner, self.extended_types, self.emulate_353_ttl) == EPHEMERAL
        ):
            raise KeeperError(err.NOCHILDRENFOREPHEMERALS, path)
        if self.enforce_quota:
            self.check_quota(path, None, data, 1)
        counter: i32 = -0x80000000 if parent.cversion == 0x7FFFFFFF else parent.cversion + 1
        record = ChangeRecord(self.zxid, path, key, None, fixed)
        record.set_data(data)
        record.path_hash = path_hash
        record.ephemeral_owner = self._owner_of(op_type, flags, ttl)
        record.ephemeral_mode = is_ephemeral_mode(flags)
        self._record_create(parent, record, counter)
        if op_type == op.CREATE_CONTAINER:
            return CreateContainerTxn(path, data, fixed, counter)
        if op_type == op.CREATE_TTL:
            return CreateTTLTxn(path, data, fixed, counter, ttl)
        return CreateTxn(path, data, fixed, is_ephemeral_mode(flags), counter)

    def _owner_of(self, op_type: i32, flags: i32, ttl: i64) -> i64:
        if op_type == op.CREATE_CONTAINER:
            return CONTAINER_OWNER
        if op_type == op.CREATE_TTL:
            return ttl_owner(ttl)
        return self.session_id if is_ephemeral_mode(flags) else i64(0)

    def _check_create_mode(self, op_type: i32, flags: i32, ttl: i64) -> None:
        if flags < 0 or flags > MODE_SEQUENTIAL_TTL:
            raise KeeperError(err.BADARGUMENTS)
        if is_ttl_mode(flags):
            if not self.extended_types:
                raise KeeperError(err.UNIMPLEMENTED)
            if ttl <= 0 or ttl > MAX_TTL:
                raise KeeperError(err.BADARGUMENTS)
        elif ttl >= 0 or op_type == op.CREATE_TTL:
            raise KeeperError(err.BADARGUMENTS)

    def _record_create(self, parent: ChangeRecord, record: ChangeRecord, counter: i32) -> None:
        zxid = self.zxid
        pzxid, cversion = parent.pzxid, parent.cversion
        changed = parent.begin(zxid)
        changed.child_count += 1
        changed.cversion = counter
        changed.pzxid = zxid
        self.outstanding.add(changed, parent_part(zxid ^ pzxid, counter ^ cversion))
        record.czxid = zxid
        record.mzxid = zxid
        record.pzxid = zxid
        record.ctime = self.time_ms
        record.mtime = self.time_ms
        self.outstanding.add(record)
        self.record = record
        # At the end of 32 bits the tree leaves the counter as it is.
        self.parent_record = changed if counter > cversion else None

    # --- the other writes

    def delete(self, request: DeleteRequest) -> Record:
        """delete: the permission is the parent's, the version comes before the emptiness."""
        path = request.path
        if path is None:
            raise KeeperError(err.MARSHALLINGERROR)
        parent = self.node(parent_and_validate(path))
        self.require(parent, DELETE)
        record = self.node(path)
        check_version(request.version, record.version, path)
        if record.child_count > 0:
            raise KeeperError(err.NOTEMPTY, path)
        self._record_delete(parent, record)
        return DeleteTxn(path)

    def delete_container(self, path: str | None) -> Record:
        """deleteContainer, sent by the container manager: no session, no permission, only an empty node."""
        if path is None:
            raise KeeperError(err.MARSHALLINGERROR)
        parent_path = parent_and_validate(path)
        record = self.node(path)
        if record.child_count > 0:
            raise KeeperError(err.NOTEMPTY, path)
        if kind_of(record.ephemeral_owner, self.extended_types, self.emulate_353_ttl) == EPHEMERAL:
            raise KeeperError(err.BADVERSION, path)
        self._record_delete(self.node(parent_path), record)
        return DeleteTxn(path)

    def _record_delete(self, parent: ChangeRecord, record: ChangeRecord) -> None:
        pzxid = parent.pzxid
        changed = parent.without_children(1, self.zxid)
        self.outstanding.add(changed, parent_part(changed.pzxid ^ pzxid, 0))
        gone = record.deleted(self.zxid)
        self.outstanding.add(gone)
        self.record = gone
        self.parent_record = changed

    def set_data(self, request: SetDataRequest) -> Record:
        """setData: the quota comes before the version."""
        path = request.path
        if path is None:
            raise KeeperError(err.BADARGUMENTS)
        record = self.node_of_valid(path)
        self.require(record, WRITE)
        if self.enforce_quota:
            self.check_quota(path, record.data, request.data, 0)
        version = check_version(request.version, record.version, path)
        changed = record.begin(self.zxid)
        changed.set_data(request.data)
        changed.version = version
        changed.mtime = self.time_ms
        changed.mzxid = self.zxid
        self.outstanding.add(changed)
        self.record = changed
        return SetDataTxn(path, request.data, version)

    def set_acl(self, request: SetACLRequest) -> Record:
        """setACL: the version is the aversion; nothing else of the Stat moves."""
        path = request.path
        if path is None:
            raise KeeperError(err.BADARGUMENTS)
        validate_path(path)
        fixed = self.access.fixup(request.acl, self.ids)
        record = self.node(path)
        self.require(record, ADMIN)
        version = check_version(request.version, record.aversion, path)
        changed = record.begin(self.zxid)
        changed.acl = fixed
        changed.aversion = version
        self.outstanding.add(changed)
        return SetACLTxn(path, fixed, version)

    def set_config(self, text: bytes) -> Record:
        """reconfig: the new configuration becomes the data of its node; its version stays -1."""
        record = self.node(CONFIG)
        self.require(record, WRITE)
        changed = record.begin(self.zxid)
        changed.set_data(text)
        changed.mtime = self.time_ms
        changed.mzxid = self.zxid
        self.outstanding.add(changed)
        return SetDataTxn(CONFIG, text, -1)

    def check(self, request: CheckVersionRequest) -> Record:
        """check, only inside a multi."""
        path = request.path
        if path is None:
            raise KeeperError(err.MARSHALLINGERROR)
        record = self.node_of_valid(path)
        self.require(record, READ)
        return CheckVersionTxn(path, check_version(request.version, record.version, path))

    # --- sessions

    def create_session(self, timeout_ms: i32) -> Record:
        """createSession: nothing to check."""
        return CreateSessionTxn(timeout_ms)

    def close_session(self, prepared: Record | None) -> Record:
        """closeSession: the session's ephemerals as they will be, which may be in order already."""
        session_id = self.session_id
        txn = prepared
        if txn is None:
            names: list[str | None] = []
            names.extend(self.outstanding.ephemerals(session_id))
            txn = CloseSessionTxn(names)
        self.outstanding.close_session(session_id, self.zxid)
        self.sessions.set_closing(session_id)
        return txn
