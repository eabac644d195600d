"""What a command may fail with: the text goes to standard error, the code becomes the shell's exit code."""

from collections.abc import Sequence
from typing import Final

from pyzoo import errors as codes
from pyzoo.errors import KeeperError, PyzooError
from pyzoo.shell.nearest import or_list
from pyzoo.subtrees.values import Json

FAILED: Final = 1
NOT_FOUND: Final = 127


class ShellError(PyzooError):
    """A command that failed; `exit_code` is 1 to 255."""

    exit_code = FAILED


class MalformedCommand(ShellError):
    """A command that was not written as its usage says."""


class CommandNotFound(ShellError):
    """A word that is no command."""

    exit_code = NOT_FOUND

    def __init__(self, command: str, near: Sequence[str] = ()) -> None:
        meant = f"did you mean {or_list(near)}?" if near else "`help` lists all."
        super().__init__(f"Command not found: {command}; {meant}")
        self.command = command
        self.near = tuple(near)

    @property
    def zkcli_text(self) -> str:
        """What zkCli.sh says after its usage."""
        return f"Command not found: Command not found {self.command}"


class ForgivenFailure(ShellError):
    """A failure that was told already, and for which zkCli.sh does not end with 1; `document` is for scripts."""

    def __init__(self, document: dict[str, Json]) -> None:
        super().__init__(str(document.get("error")))
        self.document = document


_CODE_TEXTS: Final = {
    codes.OK: "ok",
    codes.SYSTEMERROR: "SystemError",
    codes.RUNTIMEINCONSISTENCY: "RuntimeInconsistency",
    codes.DATAINCONSISTENCY: "DataInconsistency",
    codes.CONNECTIONLOSS: "ConnectionLoss",
    codes.MARSHALLINGERROR: "MarshallingError",
    codes.UNIMPLEMENTED: "Unimplemented",
    codes.OPERATIONTIMEOUT: "OperationTimeout",
    codes.BADARGUMENTS: "BadArguments",
    codes.UNKNOWNSESSION: "Unknown error UNKNOWNSESSION",
    codes.NEWCONFIGNOQUORUM: "NewConfigNoQuorum",
    codes.RECONFIGINPROGRESS: "ReconfigInProgress",
    codes.APIERROR: "APIError",
    codes.NONODE: "NoNode",
    codes.NOAUTH: "NoAuth",
    codes.BADVERSION: "BadVersion",
    codes.NOCHILDRENFOREPHEMERALS: "NoChildrenForEphemerals",
    codes.NODEEXISTS: "NodeExists",
    codes.NOTEMPTY: "Directory not empty",
    codes.SESSIONEXPIRED: "Session expired",
    codes.INVALIDCALLBACK: "Invalid callback",
    codes.INVALIDACL: "InvalidACL",
    codes.AUTHFAILED: "AuthFailed",
    codes.SESSIONMOVED: "Session moved",
    codes.NOTREADONLY: "Not a read-only call",
    codes.EPHEMERALONLOCALSESSION: "Ephemeral node on local session",
    codes.NOWATCHER: "No such watcher",
    codes.REQUESTTIMEOUT: "Unknown error REQUESTTIMEOUT",
    codes.RECONFIGDISABLED: "Reconfig is disabled",
    codes.SESSIONCLOSEDREQUIRESASLAUTH: "Session closed because client failed to authenticate",
    codes.QUOTAEXCEEDED: "Quota has exceeded",
    codes.THROTTLEDOP: "Op throttled due to high load",
}
"""KeeperException.getCodeMessage."""

_PATH_TEXTS: Final = {
    codes.NONODE: "Node does not exist: ",
    codes.NOCHILDRENFOREPHEMERALS: "Ephemerals cannot have children: ",
    codes.NODEEXISTS: "Node already exists: ",
    codes.NOTEMPTY: "Node not empty: ",
    codes.NOTREADONLY: "Not a read-only call: ",
    codes.INVALIDACL: "Acl is not valid : ",
    codes.NOAUTH: "Insufficient permission : ",
    codes.BADARGUMENTS: "Arguments are not valid : ",
    codes.BADVERSION: "version No is not valid : ",
    codes.QUOTAEXCEEDED: "Quota has exceeded : ",
}
"""CliWrapperException: errors that name the node."""

_WHOLE_TEXTS: Final = {
    codes.RECONFIGINPROGRESS: "Another reconfiguration is in progress -- concurrent reconfigs not supported (yet)",
    codes.NEWCONFIGNOQUORUM: (
        "No quorum of new config is connected and up-to-date with the leader of last commmitted config - "
        "try invoking reconfiguration after new servers are connected and synced"
    ),
}


def code_name(code: int) -> str:
    """The short name that ZooKeeper prints for an error code."""
    return _CODE_TEXTS.get(code, f"Unknown error {code}")


def code_text(error: KeeperError) -> str:
    """KeeperException.getMessage."""
    suffix = f" for {error.path}" if error.path else ""
    return f"KeeperErrorCode = {code_name(error.code)}{suffix}"


def keeper_text(error: KeeperError) -> str:
    """What the shell says of an error that the server, or the lost connection, answered with."""
    if error.code in _PATH_TEXTS:
        # An ACL may be refused before anything is sent; Java's exception then has no path at all.
        return _PATH_TEXTS[error.code] + (error.path or ("null" if error.code == codes.INVALIDACL else ""))
    return _WHOLE_TEXTS.get(error.code) or code_text(error)
