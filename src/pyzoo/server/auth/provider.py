"""AuthenticationProvider: what every scheme has to say, and what becomes of the data of an auth packet."""

from typing import Final, final

from pyzoo.datatree.tree import DataTree
from pyzoo.jute.records import Id

SUPER: Final = "super"

OK: Final = 0
FAILED: Final = 1
CLOSE: Final = 2
"""Close without an answer (the ensemble scheme's answer to a wrong name)."""


@final
class AuthOutcome:
    """What became of an auth packet: OK, FAILED or CLOSE, and the ids that the connection gains."""

    def __init__(self, status: int, ids: list[Id]) -> None:
        self.status = status
        self.ids = ids


REFUSED: Final = AuthOutcome(FAILED, [])


class AuthenticationProvider:
    """One scheme. The base class is a scheme that nobody can use an auth packet with."""

    scheme = ""

    def use_tree(self, tree: DataTree) -> None:
        """What is read of nodes is read of this tree from now on."""

    def authenticate(self, data: bytes | None, address: str, certificate: bytes) -> AuthOutcome:
        """Judge the data of an auth packet; `certificate` is what the client has shown over TLS, DER, or empty."""
        return REFUSED

    def authenticate_operator(self, data: bytes | None, address: str, certificate: bytes) -> list[Id]:
        """Who sends this to the AdminServer, in an Authorization header; empty for nobody, and for most schemes."""
        return []

    def is_authenticated(self) -> bool:
        """Whether ids of this scheme stand for `auth` in an ACL."""
        return True

    def is_valid(self, id: str) -> bool:
        """Whether an ACL may name this id."""
        raise NotImplementedError

    def matches(self, id: str, acl_id: str) -> bool:
        """Whether a connection with `id` is meant by an ACL entry for `acl_id`."""
        return id == acl_id

    def table(self, ids: list[str]) -> set[str] | None:
        """What an ACL may name for one of these ids to be meant; None where only `matches` tells.

        A table is for ACLs of very many entries. How long it takes tells nothing: strings are compared whose hashes,
        which have a secret in them, are equal.
        """
        return None

    def user_name(self, id: str) -> str:
        """The form that whoAmI shows."""
        return id
