"""GSSAPI with Kerberos (RFC 4752) as Java's SASL speaks it: no security layer is offered, and none is taken.

What Kerberos itself does is a SecurityContext, which the caller gives: it looks at keytabs, tickets and the clock.
"""

from typing import Final

from pyzoo.errors import ProtocolViolation, SaslFailure
from pyzoo.sasl.mechanism import Authorize, SaslClient, SaslServer

NO_LAYER: Final = 1
OFFER: Final = bytes([NO_LAYER]) + (65536).to_bytes(3, "big")
"""The layers that there are, and how much may come at a time, which Java says though there is no layer."""


class SecurityContext:
    """One side of a context of Kerberos; every method raises SaslFailure."""

    is_established: bool = False

    def step(self, token: bytes) -> bytes | None:
        """What the other side has to get for its token, if anything."""
        raise NotImplementedError

    def peer(self) -> str:
        """The principal of the other side, with its realm."""
        raise NotImplementedError

    def wrap(self, data: bytes) -> bytes:
        """Data that the other side knows to be ours."""
        raise NotImplementedError

    def unwrap(self, data: bytes) -> bytes:
        """What the other side has wrapped."""
        raise NotImplementedError


class GssapiServer(SaslServer):
    """Who has a ticket for us is let in under the name that `authorize` makes of its principal."""

    def __init__(self, context: SecurityContext, authorize: Authorize) -> None:
        super().__init__()
        self.waits = True
        self._context: SecurityContext | None = context
        self._authorize = authorize
        self._has_offered = False

    def evaluate(self, response: bytes) -> bytes | None:
        context = self._context
        if context is None:
            raise SaslFailure("a token after the end of the exchange")
        try:
            return self._next(context, response)
        except ProtocolViolation:
            self._context = None
            raise

    def _next(self, context: SecurityContext, response: bytes) -> bytes | None:
        if not context.is_established:
            answer = context.step(response)
            # From here on it is a matter of keys that are there.
            self.waits = not context.is_established
            if answer is not None or not context.is_established:
                return answer
            response = b""
        if not self._has_offered:
            if response:
                raise SaslFailure("a token where an empty one is due")
            self._has_offered = True
            return context.wrap(OFFER)
        self._take_choice(context, context.unwrap(response))
        return None

    def _take_choice(self, context: SecurityContext, choice: bytes) -> None:
        if len(choice) < len(OFFER):
            raise ProtocolViolation("the choice of a security layer is cut off")
        if not choice[0] & NO_LAYER:
            raise SaslFailure("a security layer that is not offered")
        peer = context.peer()
        wanted = choice[len(OFFER) :].decode("utf-8", "replace")
        self.authorization_id = self._authorize(peer, wanted or peer)
        self.is_complete = True
        self._context = None


class GssapiClient(SaslClient):
    """Shows a ticket to a server, and wants to be no one else."""

    def __init__(self, context: SecurityContext) -> None:
        super().__init__()
        self._context = context

    def begin(self) -> bytes:
        return self._context.step(b"") or b""

    def evaluate(self, challenge: bytes) -> bytes | None:
        if self.is_complete:
            raise SaslFailure("the server goes on with an exchange that is over")
        if not self._context.is_established:
            return self._context.step(challenge) or b""
        offer = self._context.unwrap(challenge)
        if len(offer) < len(OFFER) or not offer[0] & NO_LAYER:
            raise SaslFailure("the server wants a security layer")
        self.is_complete = True
        return self._context.wrap(OFFER)
