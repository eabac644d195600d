"""KeyAuthenticationProvider: Apache's sample of a provider that looks into the tree."""

from typing import Final, final

from pyzoo.config.java_numbers import parse_decimal
from pyzoo.datatree.tree import DataTree
from pyzoo.jute.records import Id
from pyzoo.server.auth.provider import OK, REFUSED, AuthenticationProvider, AuthOutcome

KEY_PATH: Final = "/key"


@final
class KeyAuthenticationProvider(AuthenticationProvider):
    """Who sends a multiple of the number in the node /key is let in; without that node, everybody is."""

    def __init__(self) -> None:
        self.scheme = "key"
        self.tree: DataTree | None = None

    def use_tree(self, tree: DataTree) -> None:
        self.tree = tree

    def authenticate(self, data: bytes | None, address: str, certificate: bytes) -> AuthOutcome:
        if data is None:
            return REFUSED
        node = None if self.tree is None else self.tree.get_node(KEY_PATH)
        if node is not None and not _is_multiple(data, node.data):
            return REFUSED
        # The id is empty whatever the key is.
        return AuthOutcome(OK, [Id("key", "")])

    def is_valid(self, id: str) -> bool:
        return True


def _is_multiple(data: bytes, key: bytes | None) -> bool:
    if key is None:
        return True
    number, divisor = parse_decimal(data.decode("utf-8", "replace")), parse_decimal(key.decode("utf-8", "replace"))
    if number is None or divisor is None:
        return False
    return divisor == 0 or number % divisor == 0
