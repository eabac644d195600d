"""A server for whoever looks at its console: settings, and something of everything that can be seen."""

from typing import Final

from kazoo.client import KazooClient
from kazoo.security import make_digest_acl, make_digest_acl_credential

from tests.support.console import HOST

WRITER: Final = ("alice", "a secret")
READER: Final = ("bob", "another secret")
"""Who may log in: user and password."""
ADMIN: Final = {
    "admin.serverPort": "0",
    "admin.serverAddress": HOST,
    "admin.console.writers": f"digest:{make_digest_acl_credential(*WRITER)}",
    "4lw.commands.whitelist": "*",
    "extendedTypesEnabled": "true",
}
CHILDREN: Final = 250
"""More than a page of a list has."""


def build(client: KazooClient) -> None:
    """Nodes of all kinds, with data of all kinds; the session of the client keeps what is ephemeral."""
    client.ensure_path("/app/config")
    client.set("/app/config", b'{"replicas": 3, "region": "north", "features": ["search", "export"]}')
    client.create("/app/text", "Größe: 12 m²\nzweite Zeile\n".encode())
    client.create("/app/binary", bytes(range(256)))
    client.create("/app/empty")
    client.create("/app/<b>&amp;\"'", b"<script>alert(1)</script>")
    client.create("/app/closed", b"hidden", acl=[make_digest_acl(*READER, all=True)])
    client.create("/app/secret", b"hidden", acl=[make_digest_acl(*WRITER, all=True)])
    for name in ("one", "two", "three"):
        client.create(f"/app/members/{name}", f"{name}:8080".encode(), ephemeral=True, makepath=True)
    client.ensure_path("/app/many")
    for begin in range(0, CHILDREN, 125):
        transaction = client.transaction()
        for number in range(begin, begin + 125):
            transaction.create(f"/app/many/item-{number:04}", b"x")
        transaction.commit()
    client.set("/app", b'{"owner": "team north", "since": 2024}')
    for region in ("north", "south", "east"):
        client.set("/app/config", f'{{"replicas": 3, "region": "{region}", "features": ["search"]}}'.encode())
    client.get("/app/config", watch=lambda event: None)
    client.ensure_path("/app/lock")
    for number in (1, 2, 3):
        name = f"{number:032x}__lock__"  # as a Lock of kazoo makes it
        client.create(f"/app/lock/{name}", b"worker-%d" % number, ephemeral=True, sequence=True)
