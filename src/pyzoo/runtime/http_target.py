"""What the target of a request means: the path that Jetty would look up (HttpURI, URIUtil).

Absolute targets lose scheme and host, segments their parameters; `.` and `..` are resolved, also where they are
written with percent signs; then the escapes are decoded. A path that leads above the root, an escape that is none
and a NUL are refused.
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

ASTERISK: Final = "*"
"""The target of `OPTIONS *`, which is no path."""

_ABSOLUTE: Final = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_ESCAPE: Final = re.compile(rb"%(?:[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})")
_UTF16_ESCAPE: Final = re.compile(rb"%u([0-9A-Fa-f]{4})")


class BadTargetError(ValueError):
    """A target that stands for no path; the message is for the client."""


def split_target(target: bytes) -> tuple[bytes, bytes]:
    """Path and query as they were sent; the path begins with a slash or is an asterisk. Raises BadTargetError."""
    target = target.partition(b"#")[0]
    absolute = _ABSOLUTE.match(target)
    if absolute is not None:
        target = target[absolute.end() :]
        if not target.startswith(b"/"):
            target = b"/" + target
    path, _, query = target.partition(b"?")
    if not path.startswith(b"/") and path != b"*":
        raise BadTargetError("the path has to begin with a slash")
    return path, query


def path_of(raw_path: bytes) -> str:
    """The path that a raw one from `split_target` means. Raises BadTargetError."""
    if raw_path == b"*":
        return ASTERISK
    if len(_ESCAPE.findall(raw_path)) != raw_path.count(b"%"):
        raise BadTargetError("the path has a percent sign that begins no escape")
    decoded = _decoded(b"/" + b"/".join(_resolved(raw_path[1:].split(b"/"))))
    if "\0" in decoded:
        raise BadTargetError("the path has a NUL")
    return decoded


def _resolved(raw_segments: list[bytes]) -> list[bytes]:
    """The segments without their parameters, and without dots; the last one is empty where the path ends in a slash."""
    resolved: list[bytes] = []
    last = len(raw_segments) - 1
    for index, raw_segment in enumerate(raw_segments):
        segment, has_parameters, _ = raw_segment.partition(b";")
        dots = unquote_to_bytes(segment)
        if dots not in (b".", b".."):
            resolved.append(segment)
            continue
        if has_parameters:
            raise BadTargetError("a segment of dots has parameters")
        if dots == b"..":
            if not resolved:
                raise BadTargetError("the path leads above the root")
            resolved.pop()
        if index == last:
            resolved.append(b"")
    return resolved


def _decoded(path: bytes) -> str:
    """The escapes as UTF-8; what is none is taken for Latin-1, as Jetty does."""
    unescaped = unquote_to_bytes(
        _UTF16_ESCAPE.sub(lambda found: chr(int(found[1], 16)).encode("utf-8", "replace"), path)
    )
    try:
        return unescaped.decode("utf-8")
    except UnicodeDecodeError:
        return unescaped.decode("latin-1")
