"""Connections of the simulated network, without members."""

from hypothesis import given
from hypothesis import strategies as st

from pyzoo.sim.network import Network, Socket, SocketUser, Weather
from pyzoo.sim.world import World

ADDRESS = ("there", 1)


class End:
    """Keeps what arrived."""

    def __init__(self) -> None:
        self.received = b""
        self.has_ended = False
        self.socket: Socket | None = None
        self.dial_has_failed = False

    def socket_received(self, socket: Socket, data: bytes) -> None:
        self.received += data

    def socket_ended(self, socket: Socket) -> None:
        self.has_ended = True

    def dial_succeeded(self, socket: Socket, key: object) -> None:
        self.socket = socket
        socket.attach(self)

    def dial_failed(self, key: object) -> None:
        self.dial_has_failed = True


class Pair:
    """Two hosts with one connection between them."""

    def __init__(self, seed: int = 1) -> None:
        self.world = World(seed)
        self.network = Network(self.world)
        self.network.weather = Weather(cut_into_pieces_chance=1.0, straggler_chance=0.2)
        self.here, self.there = End(), End()
        self.network.listen(ADDRESS, self._accept)

    def _accept(self, socket: Socket) -> SocketUser:
        self.there.socket = socket
        return self.there

    def connect(self) -> tuple[Socket, Socket]:
        self.network.dial("here", ADDRESS, 1000, self.here, None)
        self.wait(1000)
        assert self.here.socket is not None
        assert self.there.socket is not None
        return self.here.socket, self.there.socket

    def wait(self, ms: int) -> None:
        self.world.run_until(self.world.now_ms + ms)


@given(st.integers(0, 1000), st.lists(st.binary(min_size=1, max_size=50), max_size=20))
def test_bytes_arrive_in_order_however_they_are_cut(seed: int, sent: list[bytes]) -> None:
    pair = Pair(seed)
    ours, _ = pair.connect()
    for data in sent:
        ours.send(data)
    pair.wait(10_000)
    assert b"".join(sent) == pair.there.received


@given(st.integers(0, 1000), st.lists(st.binary(min_size=1, max_size=50), max_size=20))
def test_a_cut_leaves_a_prefix_of_what_was_sent_and_both_sides_hear_of_it(seed: int, sent: list[bytes]) -> None:
    pair = Pair(seed)
    ours, _ = pair.connect()
    for data in sent:
        ours.send(data)
    ours.cut(5, 50)
    ours.send(b"lost")
    pair.wait(10_000)
    assert b"".join(sent).startswith(pair.there.received)
    assert pair.here.has_ended
    assert pair.there.has_ended


def test_a_blocked_direction_lets_nothing_through_until_it_is_healed() -> None:
    pair = Pair()
    ours, theirs = pair.connect()
    pair.network.block("here", "there")
    ours.send(b"held up")
    theirs.send(b"not held up")
    pair.wait(10_000)
    assert (pair.there.received, pair.here.received) == (b"", b"not held up")
    pair.network.unblock_all()
    pair.wait(1000)
    assert pair.there.received == b"held up"


def test_what_was_sent_before_a_close_still_arrives() -> None:
    pair = Pair()
    ours, _ = pair.connect()
    ours.send(b"farewell")
    ours.close()
    pair.wait(1000)
    assert (pair.there.received, pair.there.has_ended) == (b"farewell", True)


def test_a_dial_to_nobody_or_through_a_blocked_way_fails_within_its_time() -> None:
    pair = Pair()
    pair.network.dial("here", ("nowhere", 1), 1000, pair.here, None)
    pair.wait(1000)
    assert pair.here.dial_has_failed
    other = Pair()
    other.network.block("there", "here")
    other.network.dial("here", ADDRESS, 1000, other.here, None)
    other.wait(999)
    assert not other.here.dial_has_failed
    other.wait(1)
    assert other.here.dial_has_failed
