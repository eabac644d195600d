"""What the audit log has of the console beside the requests of its visitors, which are there as those of any client."""

from typing import Final

from pyzoo.console.visitor import Visitor
from pyzoo.jute.records import Id
from pyzoo.server.requests.audit_lines import FAILURE, SUCCESS, audit_line, write_event
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

LOGIN: Final = "consoleLogin"
LOGOUT: Final = "consoleLogout"
END_SESSION: Final = "consoleEndSession"


def note(
    server: ZooKeeperServer, operation: str, ids: list[Id], address: str, succeeded: bool = True, session_id: int = 0
) -> None:
    """Write a line, where there is an audit log; `ids` are who it was, as far as that is known."""
    if server.audit is not None:
        result = SUCCESS if succeeded else FAILURE
        user = server.audit.user_names(ids)
        write_event(audit_line(user, operation, result, session_id, address), result)


def note_visitor(server: ZooKeeperServer, operation: str, visitor: Visitor, session_id: int = 0) -> None:
    """The same for somebody who is in."""
    note(server, operation, visitor.ids, visitor.address, True, session_id)
