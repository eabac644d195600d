"""Every error that pyzoo raises on purpose; anything else that escapes is a bug.

    PyzooError
        KeeperError          the client gets this code, nothing else happens
        ProtocolViolation    the peer broke the wire rules: that connection closes
            MalformedRecord  bytes that are too short or lie about a length
            SaslFailure      a SASL exchange that has not proved who the peer is
        StorageError         the disk cannot be used (full, not writable, wrong directory)
            CorruptStorage   a file holds what no server wrote: the start stops and says where
            UploadTooLarge   a snapshot to be restored is larger than it may be
            NoRoomOnDisk     what somebody sends would take the space that the server keeps for itself
        ConfigError          a setting is wrong
        ToolError            a file tool cannot do what it was asked to
        MalformedInput       what a person wrote cannot be used; the message says what is wrong where
            MalformedPath      a path that no node can have
            MalformedDocument  nothing that an export wrote
        HistoryError         the files do not tell what was asked of the past
            HistoryQueryError  nobody could tell: what was asked makes no sense

The codes are those of KeeperException.Code.
"""

from typing import Final, final

OK: Final = 0
SYSTEMERROR: Final = -1
RUNTIMEINCONSISTENCY: Final = -2
DATAINCONSISTENCY: Final = -3
CONNECTIONLOSS: Final = -4
MARSHALLINGERROR: Final = -5
UNIMPLEMENTED: Final = -6
OPERATIONTIMEOUT: Final = -7
BADARGUMENTS: Final = -8
UNKNOWNSESSION: Final = -12
NEWCONFIGNOQUORUM: Final = -13
RECONFIGINPROGRESS: Final = -14
APIERROR: Final = -100
NONODE: Final = -101
NOAUTH: Final = -102
BADVERSION: Final = -103
NOCHILDRENFOREPHEMERALS: Final = -108
NODEEXISTS: Final = -110
NOTEMPTY: Final = -111
SESSIONEXPIRED: Final = -112
INVALIDCALLBACK: Final = -113
INVALIDACL: Final = -114
AUTHFAILED: Final = -115
SESSIONMOVED: Final = -118
NOTREADONLY: Final = -119
EPHEMERALONLOCALSESSION: Final = -120
NOWATCHER: Final = -121
REQUESTTIMEOUT: Final = -122
RECONFIGDISABLED: Final = -123
SESSIONCLOSEDREQUIRESASLAUTH: Final = -124
QUOTAEXCEEDED: Final = -125
THROTTLEDOP: Final = -127


class PyzooError(Exception):
    """The root of all errors of this project."""


@final
class KeeperError(PyzooError):
    """A request that fails with a code of KeeperException.Code; `path` is for people, not for the wire."""

    def __init__(self, code: int, path: str = "") -> None:
        super().__init__(f"KeeperError {code}" + (f" for {path}" if path else ""))
        self.code = code
        self.path = path


class ProtocolViolation(PyzooError):
    """The peer sent what the protocol does not allow; its connection has to be closed."""


def without_frames(violation: ProtocolViolation) -> ProtocolViolation:
    """The same, to be kept: it would be part of a cycle with one of the frames that it came through."""
    violation.__context__ = violation.__cause__ = None
    return violation.with_traceback(None)


@final
class MalformedRecord(ProtocolViolation):
    """A record that ends too early, or whose lengths cannot be true."""


@final
class SaslFailure(ProtocolViolation):
    """A SASL exchange that has failed; the message is for the log, the peer is told no reason."""


class StorageError(PyzooError):
    """The data directory cannot be used; the message says which file and what would help."""


@final
class CorruptStorage(StorageError):
    """A file whose contents no server wrote; `offset` is the byte where the bad part begins."""

    def __init__(self, path: str, offset: int, message: str) -> None:
        super().__init__(f"{path}: at byte {offset}: {message}")
        self.path = path
        self.offset = offset


@final
class UploadTooLarge(StorageError):
    """A snapshot to be restored has more bytes than it may have, as it comes or uncompressed."""


@final
class NoRoomOnDisk(StorageError):
    """What somebody sends would take the space of the disk that the server keeps for itself."""


@final
class ConfigError(PyzooError):
    """A setting that cannot be used; `path` and `line` say where it stands, counted from 1, `key` which one it is."""

    def __init__(self, message: str, path: str | None = None, line: int | None = None, key: str | None = None) -> None:
        where = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        super().__init__(where + message)
        self.message = message
        self.path = path
        self.line = line
        self.key = key


@final
class ToolError(PyzooError):
    """A file tool ends here; `exit_code` is that of Apache's tool (ExitCode), `reason` what that one does not say."""

    def __init__(self, message: str, exit_code: int = 1, reason: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.reason = reason


class MalformedInput(PyzooError):
    """What a person wrote, or a program for one, and what cannot be used; the message says what is wrong where."""


@final
class MalformedPath(MalformedInput):
    """A path that no node can have."""


@final
class MalformedDocument(MalformedInput):
    """A document that no export wrote."""


class HistoryError(PyzooError):
    """What logs and snapshots do not tell, or not in time; the message says why, and what they do tell."""


@final
class HistoryQueryError(HistoryError):
    """A question about the past that makes no sense."""
