"""The records of zookeeper.jute, in its order and grouping; field names in snake_case.

ACL's embedded Id is written out (perms, scheme, id), which is the same on the wire.
"""

import construct as c

from pyzoo.jute.schema.types import Bool, Buffer, Int, Long, OptionalTail, UString, Vector

RECORDS: dict[str, c.Struct] = {}
DOCS: dict[str, str] = {}


def record(name: str, doc: str, *fields: c.Construct) -> c.Struct:
    """Define one record and keep it under its name for the generator."""
    struct = c.Struct(*fields)
    struct.name = name
    RECORDS[name] = struct
    DOCS[name] = doc
    return struct


# --- data

Id = record("Id", "An identity: a scheme and what the scheme calls somebody.", "scheme" / UString, "id" / UString)
ACL = record("ACL", "One entry of an access control list.", "perms" / Int, "scheme" / UString, "id" / UString)
Stat = record(
    "Stat",
    "The 68 bytes that a client sees of a node beside its data.",
    "czxid" / Long,
    "mzxid" / Long,
    "ctime" / Long,
    "mtime" / Long,
    "version" / Int,
    "cversion" / Int,
    "aversion" / Int,
    "ephemeral_owner" / Long,
    "data_length" / Int,
    "num_children" / Int,
    "pzxid" / Long,
)
StatPersisted = record(
    "StatPersisted",
    "The 60 bytes that a snapshot keeps of a node; cversion counts creates only.",
    "czxid" / Long,
    "mzxid" / Long,
    "ctime" / Long,
    "mtime" / Long,
    "version" / Int,
    "cversion" / Int,
    "aversion" / Int,
    "ephemeral_owner" / Long,
    "pzxid" / Long,
)
ClientInfo = record("ClientInfo", "One identity of a connection.", "auth_scheme" / UString, "user" / UString)

# --- proto

record(
    "ConnectRequest",
    "The first frame of a client; clients up to 3.3 send no read_only.",
    "protocol_version" / Int,
    "last_zxid_seen" / Long,
    "time_out" / Int,
    "session_id" / Long,
    "passwd" / Buffer,
    "read_only" / OptionalTail(Bool),
)
record(
    "ConnectResponse",
    "The answer to it; read_only is there when the request had it.",
    "protocol_version" / Int,
    "time_out" / Int,
    "session_id" / Long,
    "passwd" / Buffer,
    "read_only" / OptionalTail(Bool),
)
record(
    "SetWatches",
    "Watches that a client registers again after a reconnect.",
    "relative_zxid" / Long,
    "data_watches" / Vector(UString),
    "exist_watches" / Vector(UString),
    "child_watches" / Vector(UString),
)
record(
    "SetWatches2",
    "SetWatches with the persistent kinds.",
    "relative_zxid" / Long,
    "data_watches" / Vector(UString),
    "exist_watches" / Vector(UString),
    "child_watches" / Vector(UString),
    "persistent_watches" / Vector(UString),
    "persistent_recursive_watches" / Vector(UString),
)
record("RequestHeader", "What precedes every request.", "xid" / Int, "type" / Int)
record("MultiHeader", "What precedes every part of a multi.", "type" / Int, "done" / Bool, "err" / Int)
record("AuthPacket", "Credentials of one scheme.", "type" / Int, "scheme" / UString, "auth" / Buffer)
record("ReplyHeader", "What precedes every reply.", "xid" / Int, "zxid" / Long, "err" / Int)
record("GetDataRequest", "Body of getData.", "path" / UString, "watch" / Bool)
record("SetDataRequest", "Body of setData.", "path" / UString, "data" / Buffer, "version" / Int)
record(
    "ReconfigRequest",
    "Body of reconfig.",
    "joining_servers" / UString,
    "leaving_servers" / UString,
    "new_members" / UString,
    "cur_config_id" / Long,
)
record("SetDataResponse", "Reply to setData.", "stat" / Stat)
record("GetSASLRequest", "Body of sasl.", "token" / Buffer)
record("SetSASLRequest", "Body of the unused setSASL.", "token" / Buffer)
record("SetSASLResponse", "Reply to sasl.", "token" / Buffer)
record(
    "CreateRequest",
    "Body of create, create2 and createContainer.",
    "path" / UString,
    "data" / Buffer,
    "acl" / Vector(ACL),
    "flags" / Int,
)
record(
    "CreateTTLRequest",
    "Body of createTTL; ttl in ms.",
    "path" / UString,
    "data" / Buffer,
    "acl" / Vector(ACL),
    "flags" / Int,
    "ttl" / Long,
)
record("DeleteRequest", "Body of delete.", "path" / UString, "version" / Int)
record("GetChildrenRequest", "Body of getChildren.", "path" / UString, "watch" / Bool)
record("GetAllChildrenNumberRequest", "Body of getAllChildrenNumber.", "path" / UString)
record("GetChildren2Request", "Body of getChildren2.", "path" / UString, "watch" / Bool)
record("CheckVersionRequest", "A check inside a multi.", "path" / UString, "version" / Int)
record("GetMaxChildrenRequest", "Unused by servers.", "path" / UString)
record("GetMaxChildrenResponse", "Unused by servers.", "max" / Int)
record("SetMaxChildrenRequest", "Unused by servers.", "path" / UString, "max" / Int)
record("SyncRequest", "Body of sync.", "path" / UString)
record("SyncResponse", "Reply to sync.", "path" / UString)
record("GetACLRequest", "Body of getACL.", "path" / UString)
record("SetACLRequest", "Body of setACL.", "path" / UString, "acl" / Vector(ACL), "version" / Int)
record("SetACLResponse", "Reply to setACL.", "stat" / Stat)
record("AddWatchRequest", "Body of addWatch.", "path" / UString, "mode" / Int)
record("WatcherEvent", "A watch notification.", "type" / Int, "state" / Int, "path" / UString)
record("ErrorResponse", "An error code as a body.", "err" / Int)
record("CreateResponse", "Reply to create.", "path" / UString)
record("Create2Response", "Reply to the creates that give a Stat.", "path" / UString, "stat" / Stat)
record("ExistsRequest", "Body of exists.", "path" / UString, "watch" / Bool)
record("ExistsResponse", "Reply to exists.", "stat" / Stat)
record("GetDataResponse", "Reply to getData.", "data" / Buffer, "stat" / Stat)
record("GetChildrenResponse", "Reply to getChildren.", "children" / Vector(UString))
record("GetAllChildrenNumberResponse", "Reply to getAllChildrenNumber.", "total_number" / Int)
record("GetChildren2Response", "Reply to getChildren2.", "children" / Vector(UString), "stat" / Stat)
record("GetACLResponse", "Reply to getACL.", "acl" / Vector(ACL), "stat" / Stat)
record("CheckWatchesRequest", "Body of checkWatches.", "path" / UString, "type" / Int)
record("RemoveWatchesRequest", "Body of removeWatches.", "path" / UString, "type" / Int)
record("GetEphemeralsRequest", "Body of getEphemerals.", "prefix_path" / UString)
record("GetEphemeralsResponse", "Reply to getEphemerals.", "ephemerals" / Vector(UString))
record("WhoAmIResponse", "Reply to whoAmI.", "client_info" / Vector(ClientInfo))

# --- quorum

record(
    "LearnerInfo",
    "What a learner says of itself.",
    "serverid" / Long,
    "protocol_version" / Int,
    "config_version" / Long,
)
record(
    "QuorumPacket",
    "The packet between a leader and its learners.",
    "type" / Int,
    "zxid" / Long,
    "data" / Buffer,
    "authinfo" / Vector(Id),
)
record("QuorumAuthPacket", "SASL between servers.", "magic" / Long, "status" / Int, "token" / Buffer)

# --- persistence

record("FileHeader", "The start of a log or snapshot.", "magic" / Int, "version" / Int, "dbid" / Long)

# --- txn

record("TxnDigest", "The digest of the tree after a transaction.", "version" / Int, "tree_digest" / Long)
record(
    "TxnHeader",
    "What precedes every transaction; time in ms since 1970.",
    "client_id" / Long,
    "cxid" / Int,
    "zxid" / Long,
    "time" / Long,
    "type" / Int,
)
record(
    "CreateTxnV0",
    "A create of servers before 3.4.",
    "path" / UString,
    "data" / Buffer,
    "acl" / Vector(ACL),
    "ephemeral" / Bool,
)
record(
    "CreateTxn",
    "create and create2; parent_cversion is the parent's stored counter after it.",
    "path" / UString,
    "data" / Buffer,
    "acl" / Vector(ACL),
    "ephemeral" / Bool,
    "parent_cversion" / Int,
)
record(
    "CreateTTLTxn",
    "createTTL; ttl in ms.",
    "path" / UString,
    "data" / Buffer,
    "acl" / Vector(ACL),
    "parent_cversion" / Int,
    "ttl" / Long,
)
record(
    "CreateContainerTxn",
    "createContainer.",
    "path" / UString,
    "data" / Buffer,
    "acl" / Vector(ACL),
    "parent_cversion" / Int,
)
record("DeleteTxn", "delete and deleteContainer.", "path" / UString)
record(
    "SetDataTxn",
    "setData and reconfig; version after it.",
    "path" / UString,
    "data" / Buffer,
    "version" / Int,
)
record("CheckVersionTxn", "A check in a multi; the version it found plus one.", "path" / UString, "version" / Int)
record("SetACLTxn", "setACL; aversion after it.", "path" / UString, "acl" / Vector(ACL), "version" / Int)
record("SetMaxChildrenTxn", "Never written.", "path" / UString, "max" / Int)
record("CreateSessionTxn", "createSession; the negotiated timeout in ms.", "time_out" / Int)
record("CloseSessionTxn", "closeSession and the ephemerals that go with it.", "paths2_delete" / Vector(UString))
record("ErrorTxn", "A request that failed after it had got a zxid.", "err" / Int)
Txn = record("Txn", "A part of a multi, its body encoded.", "type" / Int, "data" / Buffer)
record("MultiTxn", "All parts of a multi.", "txns" / Vector(Txn))
