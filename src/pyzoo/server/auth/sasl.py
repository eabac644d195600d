"""SASLAuthenticationProvider: ids in ACLs of users who log in by SASL."""

from typing import final

from pyzoo.sasl.kerberos_name import parse_name
from pyzoo.server.auth.provider import SUPER, AuthenticationProvider


@final
class SASLAuthenticationProvider(AuthenticationProvider):
    """Ids that a SASL exchange gives, which an auth packet cannot; in ACLs they are names of Kerberos."""

    def __init__(self, let_any_user_do: str | None) -> None:
        self.scheme = "sasl"
        self.let_any_user_do = let_any_user_do

    def is_valid(self, id: str) -> bool:
        return parse_name(id) is not None

    def matches(self, id: str, acl_id: str) -> bool:
        return id == SUPER or id == acl_id or (self.let_any_user_do is not None and acl_id == self.let_any_user_do)

    def table(self, ids: list[str]) -> set[str] | None:
        if SUPER in ids:
            return None
        return set(ids) if self.let_any_user_do is None else {*ids, self.let_any_user_do}
