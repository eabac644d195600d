"""Paths of nodes as people write them: which are allowed (PathUtils.validatePath), and what is above and below."""

from pyzoo.errors import MalformedPath


def check_path(path: str, sequential: bool = False) -> None:
    """Raises MalformedPath, with the words of PathUtils; a sequential node may end with a slash."""
    if sequential:
        path += "1"
    if not path:
        raise MalformedPath("Path length must be > 0")
    if not path.startswith("/"):
        raise MalformedPath("Path must start with / character")
    if path == "/":
        return
    if path.endswith("/"):
        raise MalformedPath("Path must not end with / character")
    reason = _fault(path)
    if reason is not None:
        raise MalformedPath(f'Invalid path string "{path}" caused by {reason}')


def _fault(path: str) -> str | None:
    """What is wrong first, with the index of the character where it shows."""
    at = 1
    for name in path[1:].split("/"):
        end = at + len(name)
        if not name:
            return f"empty node name specified @{at}"
        for offset, character in enumerate(name):
            if character == "\0":
                return f"null character not allowed @{at + offset}"
            if _is_refused(ord(character)):
                return f"invalid character @{at + offset}"
        if name in (".", ".."):
            return f"relative paths not allowed @{end - 1}"
        at = end + 1
    return None


def _is_refused(code: int) -> bool:
    return code <= 0x1F or 0x7F <= code <= 0x9F or 0xD800 <= code <= 0xF8FF or code >= 0xFFF0


def child_of(path: str, name: str) -> str:
    """The path of a child."""
    return f"/{name}" if path == "/" else f"{path}/{name}"


def parent_of(path: str) -> str:
    """The path of the parent; the root is its own."""
    return path.rpartition("/")[0] or "/"


def name_of(path: str) -> str:
    """The last part of a path."""
    return path.rpartition("/")[2]
