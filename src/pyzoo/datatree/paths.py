"""Rules for the paths of znodes: the full check of PathUtils, and the light ones of PrepRequestProcessor."""

from typing import Final

from mypy_extensions import i32, i64

from pyzoo.errors import BADARGUMENTS, KeeperError

ZOOKEEPER: Final = "/zookeeper"
ZOOKEEPER_SUBTREE: Final = "/zookeeper/"
QUOTA: Final = "/zookeeper/quota"
CONFIG: Final = "/zookeeper/config"

_SPECIAL: Final = ("/", ZOOKEEPER, QUOTA, CONFIG)
_LONGEST_SPECIAL: Final = len(CONFIG)
_SLASH: Final = 0x2F
_DOT: Final = 0x2E
_FIRST_PRINTED: Final = 0x20
_LAST_PRINTED: Final = 0x7E


def validate_path(path: str | None) -> None:
    """Raise BADARGUMENTS unless this is the path of a possible znode (PathUtils.validatePath)."""
    if path is None:
        raise KeeperError(BADARGUMENTS)
    if not path.startswith("/"):
        raise KeeperError(BADARGUMENTS, path)
    size: i64 = len(path)
    if size == 1:
        return
    if path.endswith("/") or "//" in path:
        raise KeeperError(BADARGUMENTS, path)
    if "/." in path:
        _validate_dots(path)
    # All that is forbidden in ASCII is just what cannot be printed.
    if not (path.isascii() and path.isprintable()):
        _validate_characters(path)


def validate_key(path: str, key: bytes) -> None:
    """As `validate_path`, for a path with its UTF-8: a look at the bytes is enough where nothing in them is special."""
    size: i64 = len(key)
    at: i64 = 1
    is_name = size > 1 and key[0] == _SLASH
    if is_name:
        before: i64 = _SLASH
        while at < size:
            byte: i64 = key[at]
            if byte < _FIRST_PRINTED or byte > _LAST_PRINTED or (before == _SLASH and byte <= _SLASH and byte >= _DOT):
                break
            before = byte
            at += 1
        is_name = at == size and before != _SLASH
    if not is_name:
        validate_path(path)


def _validate_dots(path: str) -> None:
    for component in path.split("/"):
        if component == "." or component == "..":
            raise KeeperError(BADARGUMENTS, path)


def _validate_characters(path: str) -> None:
    """A character beyond the BMP is two surrogates to Java, and those are forbidden."""
    for character in path:
        code: i32 = ord(character)
        if code <= 0x1F or 0x7F <= code <= 0x9F or 0xD800 <= code <= 0xF8FF or code >= 0xFFF0:
            raise KeeperError(BADARGUMENTS, path)


def validate_for_create(path: str) -> i64:
    """The light check of a create, made before the parent is looked up (validatePathForCreate).

    Returns where the last slash is: before it is the path of the parent.
    """
    slash: i64 = path.rfind("/")
    if slash < 0 or "\0" in path:
        raise KeeperError(BADARGUMENTS, path)
    return slash


def parent_and_validate(path: str) -> str:
    """The parent of a node to delete; the built-in nodes cannot be deleted (getParentPathAndValidate)."""
    at: i64 = path.rfind("/")
    if at < 0 or "\0" in path or (len(path) <= _LONGEST_SPECIAL and path in _SPECIAL):
        raise KeeperError(BADARGUMENTS, path)
    return path[:at]


def parent_of(path: str) -> str:
    """What is before the last slash; for `/x` that is the empty string, the other name of the root."""
    at: i64 = path.rfind("/")
    return "" if at <= 0 else path[:at]


def path_above(path: str) -> str:
    """The parent of a path, the root as "/"; the root is its own."""
    return parent_of(path) or "/"
