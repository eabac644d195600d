"""Visitor: who asks the console for something, and what the visitor may do."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from attrs import frozen

from pyzoo.jute.records import ACL, Id
from pyzoo.server.auth.access_control import ANYONE, WORLD, AccessControl
from pyzoo.server.auth.provider import SUPER

Listed = Iterable[tuple[str, str]]
"""Pairs of scheme and id, as `admin.console.readers` and `admin.console.writers` have them."""


class Role(IntEnum):
    """What somebody may do with the console; ACLs hold for readers and writers alike."""

    NOBODY = 0
    READER = 1
    WRITER = 2


@frozen(eq=False)
class Visitor:
    """`ids` are those that a client connection from this address with this login would have.

    `name` is whom the visitor has logged in as, empty without a login. `csrf` is what forms of this visitor have to
    send along; it is empty for who needs none: who is not logged in, or sends credentials with each request. `key`
    tells visitors apart whose client session is kept from one change to the next.
    """

    ids: list[Id]
    role: Role
    address: str
    name: str = ""
    csrf: str = ""
    key: str = ""

    @property
    def may_write(self) -> bool:
        """Whether the visitor may try to change something; ACLs decide about each node."""
        return self.role >= Role.WRITER

    def may_read(self, access: AccessControl, acl: list[ACL]) -> bool:
        """Whether the data and the children of a node with this ACL may be shown."""
        return access.may_read(acl, self.ids)


def role_of(access: AccessControl, ids: list[Id], readers: Listed, writers: Listed) -> Role:
    """What the settings say of somebody with these ids."""
    if is_listed(access, ids, writers):
        return Role.WRITER
    return Role.READER if is_listed(access, ids, readers) else Role.NOBODY


def is_listed(access: AccessControl, ids: list[Id], listed: Listed) -> bool:
    """Whether one of the ids is meant by one of the list, as by an ACL; super is in every list."""
    if any(id.scheme == SUPER for id in ids):
        return True
    for scheme, listed_id in listed:
        if scheme == WORLD and listed_id == ANYONE:
            return True
        provider = access.providers.get(scheme)
        if provider is None:
            continue
        if any(id.scheme == scheme and id.id is not None and provider.matches(id.id, listed_id) for id in ids):
            return True
    return False


NO_VISITOR: Final = Visitor([], Role.NOBODY, "")
"""Who is not let in."""
