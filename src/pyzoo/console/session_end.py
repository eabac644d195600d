"""Who may end the session of somebody else."""

from pyzoo import errors
from pyzoo.admin.authorization import may_do_everything
from pyzoo.console.visitor import Visitor
from pyzoo.errors import KeeperError
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer


def may_end_sessions(server: ZooKeeperServer, visitor: Visitor) -> bool:
    """A writer with every permission on the root, as for the command snapshot: ephemerals go, whatever their ACLs."""
    return visitor.may_write and may_do_everything(server, visitor.ids)


def check_may_end_sessions(server: ZooKeeperServer, visitor: Visitor) -> None:
    """Raise KeeperError where the visitor may not."""
    if not may_end_sessions(server, visitor):
        raise KeeperError(errors.NOAUTH, "/")
