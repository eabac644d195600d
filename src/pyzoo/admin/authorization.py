"""Who may take and restore snapshots: an Authorization header against the ACL of the root (Commands.runCommand).

Authorization: digest user:password
Authorization: ip
Authorization: x509
"""

from typing import Final

from attrs import frozen

from pyzoo.admin.response import CommandResponse
from pyzoo.datatree.acl import ALL
from pyzoo.jute.records import Id
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

MISSING: Final = "Auth info is missing for the command"
NOT_AUTHENTICATED: Final = "Not authenticated"
NOT_AUTHORIZED: Final = "Not authorized"


@frozen
class Caller:
    """What is known of who asks: the Authorization header, the address, and the certificate, which is DER or empty.

    The address is None where a proxy is to tell it and does not.
    """

    authorization: str | None
    address: str | None
    certificate: bytes = b""


def forwarded_address(forwarded: str) -> str | None:
    """The last address of an X-Forwarded-For header, as String.split of Java gives it; None for commas alone."""
    if not forwarded:
        return ""
    kept = forwarded.rstrip(",")
    return kept.rpartition(",")[2] if kept else None


def check_access(name: str, server: ZooKeeperServer, caller: Caller) -> CommandResponse | None:
    """The refusal of somebody who has not every permission on the root; None for who may go on."""
    if caller.authorization is None:
        return CommandResponse(name, error=MISSING, status=401)
    ids = identities(server, caller)
    if not ids:
        return CommandResponse(name, error=NOT_AUTHENTICATED, status=401)
    return None if may_do_everything(server, ids) else CommandResponse(name, error=NOT_AUTHORIZED, status=403)


def may_do_everything(server: ZooKeeperServer, ids: list[Id]) -> bool:
    """Whether these ids have every permission on the root."""
    root = server.tree.get_node("")
    assert root is not None, "a tree has a root"
    acl = server.tree.acl_of(root)
    bits = [1 << bit for bit in range(ALL.bit_length())]
    return all(server.access.allows(acl, bit, ids) for bit in bits)


def identities(server: ZooKeeperServer, caller: Caller) -> list[Id]:
    """The ids that the header stands for; none where it is not understood or not believed."""
    words = (caller.authorization or "").split(" ")
    while words and not words[-1]:
        words.pop()
    if len(words) not in (1, 2):
        return []
    scheme, data = words[0], words[1] if len(words) == 2 else None
    provider = server.access.providers.get(scheme)
    if provider is None or (scheme == "ip" and caller.address is None):
        return []
    credentials = None if data is None else data.encode()
    return provider.authenticate_operator(credentials, caller.address or "", caller.certificate)
