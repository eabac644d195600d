"""A client's side of GSSAPI in SASL, with a context for each server of a pair; tokens can be wrong on purpose."""

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from interop.kdc import REALM
from interop.pair import PairSession
from interop.sasl import Login

NO_LAYER = b"\x01\x01\x00\x00"


class Tickets:
    """The principal of a keytab, or the password of a user, that logs in to `service` on both servers."""

    def __init__(
        self,
        principal: str,
        keytab: Path | None = None,
        service: str = "zookeeper/localhost",
        lifetime: int | None = None,
        realm: str = REALM,
    ) -> None:
        gssapi: Any = import_module("gssapi")
        name = gssapi.Name(f"{principal}@{realm}", gssapi.NameType.kerberos_principal)
        if keytab is None:
            found = gssapi.raw.acquire_cred_with_password(
                name, b"secret", lifetime=lifetime, mechs=[gssapi.MechType.kerberos], usage="initiate"
            )
            credentials = gssapi.Credentials(base=found.creds)
        else:
            store = {"client_keytab": str(keytab), "ccache": f"MEMORY:{os.urandom(8).hex()}"}
            credentials = gssapi.Credentials(name=name, usage="initiate", store=store)
        target = gssapi.Name(f"{service}@{realm}", gssapi.NameType.kerberos_principal)
        self.contexts: list[Any] = [
            gssapi.SecurityContext(name=target, creds=credentials, usage="initiate", mech=gssapi.MechType.kerberos)
            for _ in range(2)
        ]

    def each(self, make: Callable[[Any, bytes], bytes | None]) -> Callable[[bytes], bytes]:
        """A token for each server in turn, from its context and its challenge."""
        contexts = iter(self.contexts)
        return lambda challenge: make(next(contexts), challenge) or b""

    def begin(self, session: PairSession) -> Login:
        """Show the tickets, and take the answers."""
        login = Login(session).send("a ticket", self.each(lambda context, _: context.step()))
        return login.send("nothing", self.each(lambda context, challenge: context.step(challenge)))

    def choose(self, login: Login, choice: bytes = NO_LAYER) -> Login:
        """Choose a security layer, and say who one wants to be."""

        def wrapped(context: Any, challenge: bytes) -> bytes:
            assert context.unwrap(challenge).message == NO_LAYER
            return bytes(context.wrap(choice, False).message)

        return login.send("a choice", self.each(wrapped))

    def log_in(self, session: PairSession, choice: bytes = NO_LAYER) -> Login:
        """The whole exchange."""
        return self.choose(self.begin(session), choice)
