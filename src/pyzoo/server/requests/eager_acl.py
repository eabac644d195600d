"""enableEagerACLCheck: a member refuses what its own tree does not allow, before the leader hears of it.

(ZooKeeperServer.authWriteRequest.) What is let through is checked again by the leader: the tree here may be behind.
"""

from mypy_extensions import i32

from pyzoo.datatree.tree import DataTree
from pyzoo.errors import INVALIDACL, NOAUTH, KeeperError, MalformedRecord
from pyzoo.server.auth.access_control import AccessControl
from pyzoo.server.clients.request import Request
from pyzoo.server.requests.operations.table import operation_of


def refusal_of(tree: DataTree, access: AccessControl, request: Request) -> i32:
    """NOAUTH or INVALIDACL, or 0 when the request may go on; what cannot be judged here goes on too."""
    try:
        wanted = operation_of(request.type).wanted(request.body_again())
        if wanted is None or wanted.path is None:
            return 0
        if wanted.sets_acl:
            access.fixup(wanted.acl, request.ids)
    except MalformedRecord:
        return 0
    except KeeperError as error:
        return INVALIDACL if error.code == INVALIDACL else 0
    node = tree.get_node(wanted.path)
    if node is None or access.allows(tree.acl_of(node), wanted.permission, request.ids):
        return 0
    return NOAUTH
