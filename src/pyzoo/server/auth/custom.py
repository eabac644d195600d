"""A provider that is no part of pyzoo, behind the interface of those that are."""

import logging
from typing import Final, final

from pyzoo import auth
from pyzoo.datatree.tree import DataTree
from pyzoo.jute.records import Id
from pyzoo.server.auth.provider import OK, REFUSED, AuthenticationProvider, AuthOutcome

logger: Final = logging.getLogger(__name__)


@final
class CustomAuthenticationProvider(AuthenticationProvider):
    """What it raises is logged and refuses: no provider can end the server, or let in whom it does not know."""

    def __init__(self, provider: auth.AuthenticationProvider) -> None:
        self.scheme = provider.scheme
        self.provider = provider
        self.tree: DataTree | None = None

    def use_tree(self, tree: DataTree) -> None:
        self.tree = tree

    def read_node(self, path: str) -> bytes | None:
        """The data of a node, None where there is none."""
        node = None if self.tree is None else self.tree.get_node(path)
        return None if node is None else node.data

    def authenticate(self, data: bytes | None, address: str, certificate: bytes) -> AuthOutcome:
        try:
            found = self.provider.authenticate(data or b"", auth.Client(address, certificate, self.read_node))
            ids = [Id(str(identity.scheme), str(identity.id)) for identity in found]
        except auth.AuthenticationFailed as failure:
            # What it says may come from the client.
            logger.warning(
                "Authentication of %s by the scheme %s failed: %s", address, self.scheme, ascii(str(failure))
            )
            return REFUSED
        except Exception:
            self._failed("authenticate")
            return REFUSED
        return AuthOutcome(OK, ids)

    def authenticate_operator(self, data: bytes | None, address: str, certificate: bytes) -> list[Id]:
        return self.authenticate(data, address, certificate).ids

    def is_authenticated(self) -> bool:
        try:
            return bool(self.provider.is_authenticated())
        except Exception:
            self._failed("is_authenticated")
            return False

    def is_valid(self, id: str) -> bool:
        try:
            return bool(self.provider.is_valid(id))
        except Exception:
            self._failed("is_valid")
            return False

    def matches(self, id: str, acl_id: str) -> bool:
        try:
            return bool(self.provider.matches(id, acl_id))
        except Exception:
            self._failed("matches")
            return False

    def user_name(self, id: str) -> str:
        try:
            return str(self.provider.user_name(id))
        except Exception:
            self._failed("user_name")
            return ""

    def _failed(self, method: str) -> None:
        logger.exception("%s of the provider of the scheme %s failed", method, self.scheme)
