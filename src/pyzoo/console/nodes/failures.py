"""What the console says of a change that the server has refused."""

from typing import Final

from pyzoo import errors as codes
from pyzoo.errors import KeeperError

_TEXTS: Final = {
    codes.NONODE: "There is no such node, or it has just been deleted.",
    codes.NOAUTH: "The ACL does not let you do that.",
    codes.BADVERSION: "The node has been changed by somebody else meanwhile.",
    codes.NODEEXISTS: "There is a node with this name already.",
    codes.NOTEMPTY: "The node has children.",
    codes.NOCHILDRENFOREPHEMERALS: "An ephemeral node cannot have children.",
    codes.INVALIDACL: (
        "The server does not take this ACL: it does not know a scheme in it, an id does not have the form of its "
        "scheme, or there is `auth` and you are not logged in."
    ),
    codes.QUOTAEXCEEDED: "A quota with a hard limit does not let it grow.",
    codes.BADARGUMENTS: "The server does not take such a path or such a node.",
    codes.UNIMPLEMENTED: "The server does not have that: times to live need zookeeper.extendedTypesEnabled=true.",
    codes.NOTREADONLY: "This server has no quorum and is read-only now.",
    codes.SESSIONEXPIRED: "The session of the console has expired; try again.",
    codes.THROTTLEDOP: "The server has too much to do; try again.",
}
_CONFLICTS: Final = (codes.BADVERSION, codes.NODEEXISTS, codes.NOTEMPTY, codes.QUOTAEXCEEDED)
_STATUS: Final = {codes.NONODE: 404, codes.NOAUTH: 403, codes.NOTREADONLY: 503, codes.THROTTLEDOP: 503}


def failure_text(error: KeeperError) -> str:
    """A sentence."""
    return _TEXTS.get(error.code, f"The server refuses it with the error code {error.code}.")


def failure_status(error: KeeperError) -> int:
    """The HTTP status of such an answer."""
    return 409 if error.code in _CONFLICTS else _STATUS.get(error.code, 400)
