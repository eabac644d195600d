"""AccessControl: what ACLs let a connection do.

The rules are PrepRequestProcessor.fixupACL and ZooKeeperServer.checkACL.
"""

from typing import Final, final

from mypy_extensions import i32, i64

from pyzoo.datatree.acl import READ
from pyzoo.datatree.java_order import id_set_order
from pyzoo.datatree.tree import DataTree
from pyzoo.errors import INVALIDACL, MARSHALLINGERROR, KeeperError
from pyzoo.jute.records import ACL, Id
from pyzoo.server.auth.provider import SUPER, AuthenticationProvider

WORLD: Final = "world"
ANYONE: Final = "anyone"
MOST_IDS: Final = 256
MOST_ID_BYTES: Final = 1 << 18
"""Of all identities of a connection; Apache has no limit, and runs out of memory."""
MANY: Final = 64
"""Entries times ids, from which on a table is made of the ids before the entries are looked at."""
GROWTH: Final = 1 << 19
_ENTRY_BYTES: Final = 12
"""Of an ACL entry, beside its texts."""


def with_ids(ids: list[Id], gained: list[Id]) -> list[Id]:
    """The identities of a connection after an auth packet, in the order in which Apache lists them."""
    return id_set_order(ids, gained)


def are_too_many(ids: list[Id]) -> bool:
    """Whether no connection may have all of these."""
    if len(ids) > MOST_IDS:
        return True
    size: i64 = 0
    for id in ids:
        size += len(id.scheme or "") + len(id.id or "")
    return size > MOST_ID_BYTES


def any_matches(provider: AuthenticationProvider, ids: list[str], acl_id: str) -> bool:
    """Whether an entry means one of these ids."""
    for id in ids:
        if provider.matches(id, acl_id):
            return True
    return False


@final
class AccessControl:
    """The providers of this server and the checks that use them."""

    def __init__(
        self,
        providers: list[AuthenticationProvider],
        skip_acl: bool,
        tls_scheme: str = "x509",
        most_growth: int = GROWTH,
    ) -> None:
        """`tls_scheme` is the one that is asked who a client with a certificate is.

        `most_growth` is by how many bytes `auth` may make the ACLs of one request larger. `grown` are those of all
        requests so far.
        """
        self.grown: i64 = 0
        self.most_growth: i64 = most_growth
        self.providers: dict[str, AuthenticationProvider] = {provider.scheme: provider for provider in providers}
        self.skip_acl = skip_acl
        self.tls_scheme = tls_scheme

    def use_tree(self, tree: DataTree) -> None:
        """What providers read of nodes is read of this tree from now on."""
        for provider in self.providers.values():
            provider.use_tree(tree)

    def allows(self, acl: list[ACL], wanted: i32, ids: list[Id]) -> bool:
        """Whether a connection with these ids has one of the wanted permissions (ZooKeeperServer.checkACL)."""
        if self.skip_acl or not acl:
            return True
        for id in ids:
            if id.scheme == SUPER:
                return True
        if len(acl) * len(ids) > MANY:
            return self._allows_of_many(acl, wanted, ids)
        for entry in acl:
            if entry.perms & wanted and self._entry_matches(entry, ids):
                return True
        return False

    def _allows_of_many(self, acl: list[ACL], wanted: i32, ids: list[Id]) -> bool:
        """The same, with as few comparisons as can be: there may be tens of thousands of entries."""
        own: dict[str, list[str]] = {}
        for id in ids:
            scheme, name = id.scheme, id.id
            if scheme is not None and name is not None and scheme in self.providers:
                own.setdefault(scheme, []).append(name)
        tables: dict[str, set[str] | None] = {scheme: self.providers[scheme].table(own[scheme]) for scheme in own}
        for entry in acl:
            if not entry.perms & wanted:
                continue
            scheme, acl_id = entry.scheme, entry.id
            if scheme == WORLD and acl_id == ANYONE:
                return True
            if scheme is None or acl_id is None or scheme not in tables:
                continue
            table = tables[scheme]
            if table is not None:
                if acl_id in table:
                    return True
            elif any_matches(self.providers[scheme], own[scheme], acl_id):
                return True
        return False

    def may_read(self, acl: list[ACL], ids: list[Id]) -> bool:
        """Whether these ids may read."""
        return self.allows(acl, READ, ids)

    def _entry_matches(self, entry: ACL, ids: list[Id]) -> bool:
        scheme, acl_id = entry.scheme, entry.id
        if scheme == WORLD and acl_id == ANYONE:
            return True
        if scheme is None or acl_id is None:
            return False
        provider = self.providers.get(scheme)
        if provider is None:
            return False
        for id in ids:
            if id.scheme == scheme and id.id is not None and provider.matches(id.id, acl_id):
                return True
        return False

    def fixup(self, acl: list[ACL] | None, ids: list[Id]) -> list[ACL]:
        """The ACL to store: duplicates dropped, `auth` replaced by the connection's ids.

        Raises KeeperError INVALIDACL, or MARSHALLINGERROR for a null id (PrepRequestProcessor.fixupACL).
        """
        if not acl:
            raise KeeperError(INVALIDACL)
        if len(acl) == 1 and acl[0].scheme == WORLD and acl[0].id == ANYONE:
            return acl
        seen: dict[ACL, None] = dict.fromkeys(acl)
        fixed: list[ACL] = []
        before = self.grown
        for entry in seen:
            self._fixup_entry(entry, ids, fixed, before)
        return fixed

    def check_growth(self, before: i64) -> None:
        """Raise INVALIDACL when `auth` has made ACLs too large since `grown` was `before`.

        A transaction that is much larger than its request could be written, and never read again.
        """
        if self.grown - before > self.most_growth:
            raise KeeperError(INVALIDACL)

    def _fixup_entry(self, entry: ACL, ids: list[Id], fixed: list[ACL], before: i64) -> None:
        scheme, acl_id = entry.scheme, entry.id
        if scheme is None:
            raise KeeperError(INVALIDACL)
        if scheme == WORLD:
            if acl_id is None:
                raise KeeperError(MARSHALLINGERROR)
            if acl_id != ANYONE:
                raise KeeperError(INVALIDACL)
            fixed.append(entry)
        elif scheme == "auth":
            found = False
            for id in ids:
                provider = self.providers.get(id.scheme or "")
                if provider is not None and provider.is_authenticated():
                    fixed.append(ACL(entry.perms, id.scheme, id.id))
                    self.grown += _ENTRY_BYTES + len(id.scheme or "") + len(id.id or "")
                    found = True
            self.check_growth(before)
            if not found:
                raise KeeperError(INVALIDACL)
        else:
            provider = self.providers.get(scheme)
            if provider is None:
                raise KeeperError(INVALIDACL)
            if acl_id is None:
                raise KeeperError(MARSHALLINGERROR)
            if not provider.is_valid(acl_id):
                raise KeeperError(INVALIDACL)
            fixed.append(entry)

    def user_name(self, id: Id) -> str:
        """The name of an identity as whoAmI shows it; nobody names those of a scheme without a provider (AuthUtil)."""
        provider = self.providers.get(id.scheme or "")
        return "" if provider is None else provider.user_name(id.id or "")
