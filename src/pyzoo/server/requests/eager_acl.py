"""enableEagerACLCheck: a member refuses what its own tree does not allow, before the leader hears of it.

(ZooKeeperServer.authWriteRequest.) What is let through is checked again by the leader: the tree here may be behind.
"""

from typing import TYPE_CHECKING

from mypy_extensions import i32

from pyzoo.errors import INVALIDACL, NOAUTH, KeeperError, MalformedRecord
from pyzoo.server.requests.operations.table import operation_of
from pyzoo.server.requests.request import Request

if TYPE_CHECKING:
    from pyzoo.server.roles.zookeeper_server import ZooKeeperServer


def refusal_of(server: "ZooKeeperServer", request: Request) -> i32:
    """NOAUTH or INVALIDACL, or 0 when the request may go on; what cannot be judged here goes on too."""
    try:
        wanted = operation_of(request.type).wanted(request.body_again())
        if wanted is None or wanted.path is None:
            return 0
        if wanted.sets_acl:
            server.access.fixup(wanted.acl, request.ids)
    except MalformedRecord:
        return 0
    except KeeperError as error:
        return INVALIDACL if error.code == INVALIDACL else 0
    node = server.tree.get_node(wanted.path)
    if node is None or server.access.allows(server.tree.acl_of(node), wanted.permission, request.ids):
        return 0
    return NOAUTH
