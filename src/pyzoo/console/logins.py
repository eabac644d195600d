"""The logins of visitors, by the tokens in their cookies; they are in memory alone, and end with the server."""

import hashlib
from typing import Final

from attrs import define

from pyzoo.jute.records import Id

MOST_LOGINS: Final = 256
IDLE_MS: Final = 30 * 60 * 1000
LONGEST_MS: Final = 12 * 60 * 60 * 1000


@define(eq=False)
class Login:
    """Who has logged in as what; `csrf` is what forms of this login have to send along. Times are monotonic ms."""

    ids: list[Id]
    name: str
    csrf: str
    key: str
    begun_ms: int
    used_ms: int

    def is_over(self, now_ms: int) -> bool:
        """Whether it has been idle, or has lasted, for too long."""
        return now_ms - self.used_ms > IDLE_MS or now_ms - self.begun_ms > LONGEST_MS


class Logins:
    """Tokens are kept as hashes: how long a look takes tells nothing about them."""

    def __init__(self) -> None:
        self._logins: dict[str, Login] = {}

    def open(self, token: str, csrf: str, ids: list[Id], name: str, now_ms: int) -> None:
        """A login has succeeded; where there are too many the one ends that has been idle for longest."""
        self._logins = {key: login for key, login in self._logins.items() if not login.is_over(now_ms)}
        if len(self._logins) >= MOST_LOGINS:
            del self._logins[min(self._logins, key=lambda key: self._logins[key].used_ms)]
        key = hash_of(token)
        self._logins[key] = Login(ids, name, csrf, key, now_ms, now_ms)

    def find(self, token: str, now_ms: int) -> Login | None:
        """The login of a token, which is used now; None for one that is over, or never was."""
        key = hash_of(token)
        login = self._logins.get(key)
        if login is None or login.is_over(now_ms):
            self._logins.pop(key, None)
            return None
        login.used_ms = now_ms
        return login

    def is_open(self, key: str, now_ms: int) -> bool:
        """Whether a login goes on; asking does not use it."""
        login = self._logins.get(key)
        return login is not None and not login.is_over(now_ms)

    def close(self, key: str) -> None:
        """Somebody logs out."""
        self._logins.pop(key, None)


def hash_of(text: str) -> str:
    """What stands for a secret where that is not kept."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
