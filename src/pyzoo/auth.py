"""Authentication providers of your own: subclass AuthenticationProvider, name the class in an entry point.

    [project.entry-points."pyzoo.auth_providers"]
    token = "my_package:TokenProvider"

and in zoo.cfg `authProvider.1=token`. docs/authentication.md has a whole example.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from attrs import frozen

GROUP = "pyzoo.auth_providers"
"""The group of entry points in which a server looks for providers."""


class AuthenticationFailed(Exception):
    """The credentials are not good: the client is told so (AuthFailed), and its connection closed."""


@frozen
class Identity:
    """Who a client is, as ACLs name it; who has one of the scheme `super` passes every ACL."""

    scheme: str
    id: str


@frozen
class Client:
    """The connection that has sent credentials, as a provider sees it.

    `address` is that of the client, as text. `certificate` is what the client has shown in its TLS handshake, in DER,
    and was verified with the trust store; it is empty without TLS and without a certificate. `read_node(path)` is the
    data of a node as this server knows it, None where there is no such node; no ACL is asked.
    """

    address: str
    certificate: bytes
    read_node: Callable[[str], bytes | None]


class AuthenticationProvider(ABC):
    """One scheme. Everything is called in the loop that serves all clients: it has to be quick, and must not wait.

    A server makes one object for as long as it runs. What a method raises is logged; to the client it is the same as
    AuthenticationFailed, False or "not valid".
    """

    scheme: str
    """The name of the scheme, in ACLs and in `addauth`; a provider for a scheme that is there takes its place."""

    def __init__(self, properties: Mapping[str, str]) -> None:  # noqa: B027 - settings are not for all
        """`properties` are the settings of the server by the names of Java's system properties (`zookeeper.x`)."""

    @abstractmethod
    def authenticate(self, credentials: bytes, client: Client) -> Sequence[Identity]:
        """The identities that a client gains by these credentials; raises AuthenticationFailed.

        The provider that `ssl.authProvider` names is asked after each TLS handshake with a certificate, too, with
        `credentials` empty; who fails then is not let in.
        """

    def is_valid(self, id: str) -> bool:
        """Whether an ACL may name this id; any, unless it is overridden."""
        return True

    def matches(self, id: str, acl_id: str) -> bool:
        """Whether a client with `id` is meant by an ACL entry for `acl_id`; the same text, unless it is overridden."""
        return id == acl_id

    def is_authenticated(self) -> bool:
        """Whether ids of this scheme say who made a node, so that they stand for `auth` in its ACL."""
        return True

    def user_name(self, id: str) -> str:
        """The name behind an id, for whoAmI and the audit log: an id may hold a secret."""
        return id
