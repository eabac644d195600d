"""enableEagerACLCheck: a member refuses what its own tree does not allow, before the leader hears of it.

(ZooKeeperServer.authWriteRequest.) What is let through is checked again by the leader: the tree here may be behind.
"""

from typing import TYPE_CHECKING

from mypy_extensions import i32

from pyzoo.datatree.acl import ADMIN, CREATE, DELETE, WRITE
from pyzoo.datatree.paths import parent_and_validate
from pyzoo.errors import INVALIDACL, NOAUTH, KeeperError, MalformedRecord
from pyzoo.jute import opcodes as op
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import ACL, CreateRequest, DeleteRequest, SetACLRequest, SetDataRequest
from pyzoo.server.request import Request

if TYPE_CHECKING:
    from pyzoo.server.standalone import ZooKeeperServer


def refusal_of(server: "ZooKeeperServer", request: Request) -> i32:
    """NOAUTH or INVALIDACL, or 0 when the request may go on; what cannot be judged here goes on too."""
    try:
        path, permission, acl, sets_acl = _wanted(request)
        if path is None:
            return 0
        if sets_acl:
            server.access.fixup(acl, request.ids)
    except MalformedRecord:
        return 0
    except KeeperError as error:
        return INVALIDACL if error.code == INVALIDACL else 0
    node = server.tree.get_node(path)
    if node is None or server.access.allows(server.tree.acl_of(node), permission, request.ids):
        return 0
    return NOAUTH


def _wanted(request: Request) -> tuple[str | None, i32, list[ACL] | None, bool]:
    """The node that decides, the permission that is needed there, and an ACL that is set; no path is no check."""
    body = InputArchive(request.body.data, request.body.pos, request.body.end)
    type = request.type
    if type == op.CREATE or type == op.CREATE2:
        create = CreateRequest.decode(body)
        return parent_and_validate(create.path or ""), CREATE, create.acl, True
    if type == op.DELETE:
        return parent_and_validate(DeleteRequest.decode(body).path or ""), DELETE, None, False
    if type == op.SET_DATA:
        return SetDataRequest.decode(body).path, WRITE, None, False
    if type == op.SET_ACL:
        acl = SetACLRequest.decode(body)
        return acl.path, ADMIN, acl.acl, True
    return None, 0, None, False
