"""What the browser loads beside the pages: style sheet, modules, pictures. All of it is in memory."""

import hashlib
from importlib.resources import files
from typing import Final

from attrs import frozen

MEDIA_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


@frozen
class StaticFile:
    """A file, and what tells it from other versions of it."""

    content: bytes
    media_type: str
    etag: str


def load_static_files() -> dict[str, StaticFile]:
    """All of them by their names; whatever else a request names is not there."""
    found = {}
    for entry in files("pyzoo.console").joinpath("static").iterdir():
        media_type = MEDIA_TYPES.get(entry.name.rpartition(".")[2])
        if media_type is not None:
            content = entry.read_bytes()
            etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            found[entry.name] = StaticFile(content, media_type, etag)
    return found
