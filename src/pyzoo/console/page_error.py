"""PageError: what a page answers instead of what was asked for."""

from collections.abc import Mapping

from pyzoo.errors import PyzooError


class PageError(PyzooError):
    """An answer with a status of 400 and more; the message is for people, and becomes a page or JSON."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
