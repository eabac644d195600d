"""SASLAuthenticationProvider: ids in ACLs of users who log in by SASL."""

from typing import final

from pyzoo.server.auth.provider import SUPER, AuthenticationProvider


@final
class SASLAuthenticationProvider(AuthenticationProvider):
    """Ids that a SASL exchange gives; here only as names in ACLs."""

    def __init__(self, let_any_user_do: str | None) -> None:
        self.scheme = "sasl"
        self.let_any_user_do = let_any_user_do

    def is_valid(self, id: str) -> bool:
        if "@" not in id:
            return True
        name, _, realm = id.rpartition("@")
        parts = name.split("/")
        return len(parts) <= 2 and all(parts) and bool(realm) and "@" not in name and "/" not in realm

    def matches(self, id: str, acl_id: str) -> bool:
        return id == SUPER or id == acl_id or (self.let_any_user_do is not None and acl_id == self.let_any_user_do)
