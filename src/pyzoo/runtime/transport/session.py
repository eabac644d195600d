"""What is between the bytes on the network and those that a core reads and writes, such as TLS or SASL."""

from mypy_extensions import mypyc_attr


@mypyc_attr(allow_interpreted_subclasses=True)
class TransportSession:
    """One end of one connection: bytes into bytes, in both directions."""

    def received(self, data: bytes) -> bytes:
        """What the network's bytes say, as far as that can be told; without bytes the other side has ended.

        Raises ProtocolViolation or OSError when the connection has to be closed. What `to_send` has then is for the
        other side.
        """
        raise NotImplementedError

    def go_on(self) -> bytes:
        """What can be told now that something else is there that this has waited for; raises as `received`."""
        return b""

    def to_send(self, data: bytes) -> bytes:
        """What has to go to the network for `data`, and for the session itself."""
        raise NotImplementedError

    @property
    def holds_back(self) -> bool:
        """Whether there is something to say that has to wait for the other side, so that it must not be closed yet."""
        raise NotImplementedError

    def farewell(self) -> bytes:
        """The last that goes to the network, when everything else is said; nothing when it is asked for again."""
        return b""


class SessionChain(TransportSession):
    """A session inside another one, such as SASL over TLS; `outer` is nearer to the network."""

    def __init__(self, outer: TransportSession, inner: TransportSession) -> None:
        self._outer = outer
        self._inner = inner

    def received(self, data: bytes) -> bytes:
        plain = self._outer.received(data)
        found = self._inner.received(plain) if plain else b""
        return found if data else found + self._inner.received(b"")

    def go_on(self) -> bytes:
        return self._inner.go_on()

    def to_send(self, data: bytes) -> bytes:
        return self._outer.to_send(self._inner.to_send(data))

    @property
    def holds_back(self) -> bool:
        return self._outer.holds_back or self._inner.holds_back

    def farewell(self) -> bytes:
        return self._outer.farewell()


def chain(outer: TransportSession | None, inner: TransportSession | None) -> TransportSession | None:
    """Both, or the one that there is."""
    if outer is None or inner is None:
        return inner if outer is None else outer
    return SessionChain(outer, inner)
