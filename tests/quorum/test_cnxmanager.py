"""The election channel, against bytes written by hand and between managers on a network in memory."""

import logging
from collections import deque
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.outbox import Packets
from pyzoo.quorum.cnxmanager import ANONYMOUS, CnxManagerSettings, QuorumCnxManager
from pyzoo.quorum.hello import Hello, encode_hello
from pyzoo.quorum.link import PeerLink

Address = tuple[str, int]
Addresses = dict[int, list[Address]]

MEMBERS: Addresses = {sid: [("127.0.0.1", 23040 + sid)] for sid in (1, 2, 3)}
SETUP_MS = 10_000
HELLO_3 = bytes.fromhex("ffffffffffff0000 0000000000000003 0000000f 3132372e302e302e313a3233303433")
HELLO_1 = encode_hello(Hello(1, [("10.0.0.1", 3888)]), False)


def manager_of(my_id: int, members: Addresses = MEMBERS, multi_address: bool = False) -> QuorumCnxManager:
    settings = CnxManagerSettings(
        my_id, MEMBERS.get(my_id, [("127.0.0.1", 23040)]), multi_address, setup_timeout_ms=SETUP_MS
    )
    manager = QuorumCnxManager(settings, Packets())
    manager.set_addresses(members, {})
    return manager


@pytest.fixture
def manager() -> QuorumCnxManager:
    """That of server 2, the middle one of three."""
    return manager_of(2)


@pytest.fixture
def largest() -> QuorumCnxManager:
    """That of server 3, the largest."""
    return manager_of(3)


def framed(payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "big") + payload


def dialled(manager: QuorumCnxManager) -> PeerLink:
    """The one link that it wants dialled."""
    (link,) = manager.take_dials()
    return link


def accepted(manager: QuorumCnxManager, wire: bytes = b"", step: int = 4096) -> PeerLink:
    """A link that somebody has dialled, with what arrived on it so far."""
    link = manager.accepted("192.0.2.7", 40000, 0)
    feed(manager, link, wire, step)
    return link


def feed(manager: QuorumCnxManager, link: PeerLink, wire: bytes, step: int = 4096) -> None:
    for at in range(0, len(wire), step):
        if not link.closing:
            manager.bytes_received(link, wire[at : at + step], 0)


def connected_to_1(manager: QuorumCnxManager) -> PeerLink:
    """The connection that server 2 has made with server 1, its hello sent."""
    manager.connect_all(0)
    link = next(link for link in manager.take_dials() if link.remote == "server 1")
    manager.connected(link, 0)
    link.data_to_send()
    return link


# --- who keeps the connection


def test_a_larger_server_dials_says_hello_and_keeps_the_connection(largest: QuorumCnxManager) -> None:
    largest.send(1, b"vote", 0)
    link = dialled(largest)
    assert link.addresses == MEMBERS[1]
    largest.connected(link, 0)
    assert HELLO_3 + framed(b"vote") == link.data_to_send()
    assert not link.closing


def test_a_smaller_server_says_hello_closes_and_waits_to_be_dialled_back() -> None:
    manager = manager_of(1)
    manager.send(3, b"vote", 0)
    link = dialled(manager)
    manager.connected(link, 0)
    assert link.data_to_send() == encode_hello(Hello(1, MEMBERS[1]), False)
    assert link.closing
    assert not link.gone
    assert framed(b"vote") == accepted(manager, HELLO_3).data_to_send()


def test_a_smaller_server_that_says_hello_is_dialled_back_at_the_address_it_gave(manager: QuorumCnxManager) -> None:
    old = connected_to_1(manager)
    link = accepted(manager, HELLO_1)
    assert (old.gone, link.gone) == (True, True)
    assert dialled(manager).addresses == [("10.0.0.1", 3888)]


@pytest.mark.parametrize(
    "hello",
    [
        (1).to_bytes(8, "big"),
        encode_hello(Hello(1, [("0.0.0.0", 3888)]), False),
        encode_hello(Hello(1, [("0.0.0.0", 3888), ("::", 3888)]), True),
    ],
)
def test_a_smaller_server_without_a_usable_address_is_dialled_where_the_configuration_says(
    manager: QuorumCnxManager, hello: bytes
) -> None:
    accepted(manager, hello)
    assert MEMBERS[1] == dialled(manager).addresses


def test_wildcards_among_the_addresses_of_a_hello_are_ignored(manager: QuorumCnxManager) -> None:
    accepted(manager, encode_hello(Hello(1, [("::", 3888), ("10.0.0.2", 3888)]), True))
    assert dialled(manager).addresses == [("10.0.0.2", 3888)]


def test_a_new_connection_of_a_larger_server_replaces_the_older_one(manager: QuorumCnxManager) -> None:
    first = accepted(manager, HELLO_3)
    second = accepted(manager, HELLO_3)
    manager.send(3, b"vote", 0)
    assert first.gone
    assert framed(b"vote") == second.data_to_send()


def test_a_dial_ends_when_the_larger_server_has_connected_meanwhile(manager: QuorumCnxManager) -> None:
    manager.send(3, b"vote", 0)
    dial = dialled(manager)
    link = accepted(manager, HELLO_3)
    assert dial.gone
    manager.connected(dial, 0)
    assert dial.data_to_send() == b""
    assert framed(b"vote") == link.data_to_send()


def test_a_dial_that_has_not_begun_is_forgotten_when_the_larger_server_connects(manager: QuorumCnxManager) -> None:
    manager.send(3, b"vote", 0)
    accepted(manager, HELLO_3)
    assert manager.take_dials() == []


def test_a_server_with_our_own_id_is_closed(largest: QuorumCnxManager) -> None:
    assert accepted(largest, HELLO_3).gone
    assert largest.take_dials() == []


def test_a_larger_server_that_is_in_no_configuration_is_kept_and_answered(manager: QuorumCnxManager) -> None:
    link = accepted(manager, encode_hello(Hello(9, [("10.0.0.9", 3888)]), False) + framed(b"hello?"))
    assert manager.take_received() == [(9, b"hello?")]
    manager.send(9, b"vote", 0)
    assert framed(b"vote") == link.data_to_send()


def test_a_smaller_server_that_is_in_no_configuration_is_dialled_back_and_answered() -> None:
    manager = manager_of(3, {3: MEMBERS[3]})
    accepted(manager, HELLO_1)
    link = dialled(manager)
    manager.connected(link, 0)
    manager.send(1, b"vote", 0)
    assert HELLO_3 + framed(b"vote") == link.data_to_send()


def test_anonymous_observers_get_an_id_each_and_are_dialled_back() -> None:
    manager = manager_of(1)
    for sid in (-1, -2):
        assert accepted(manager, encode_hello(Hello(ANONYMOUS, [("10.0.0.8", 3888)]), False)).gone
        link = dialled(manager)
        assert link.addresses == [("10.0.0.8", 3888)]
        manager.connected(link, 0)
        feed(manager, link, framed(b"vote"))
        assert manager.take_received() == [(sid, b"vote")]


def test_an_anonymous_observer_without_a_usable_address_is_not_dialled() -> None:
    manager = manager_of(1)
    assert accepted(manager, encode_hello(Hello(ANONYMOUS, [("0.0.0.0", 3888)]), False)).gone
    assert manager.take_dials() == []


# --- hello


def test_all_addresses_are_said_where_several_are_in_use(manager: QuorumCnxManager) -> None:
    manager.settings = CnxManagerSettings(2, [("127.0.0.1", 23042), ("127.0.0.2", 23042)], multi_address=True)
    manager.set_addresses({1: MEMBERS[1]}, {})
    manager.connect_all(0)
    link = dialled(manager)
    manager.connected(link, 0)
    expected = (
        "ffffffffffff0001 0000000000000002 0000001f 3132372e302e302e313a32333034327c3132372e302e302e323a3233303432"
    )
    assert bytes.fromhex(expected) == link.data_to_send()


def test_a_hello_gives_the_address_that_the_current_configuration_has_for_us() -> None:
    manager = manager_of(2, {1: MEMBERS[1], 2: [("10.0.0.2", 3888)]})
    manager.connect_all(0)
    link = dialled(manager)
    manager.connected(link, 0)
    assert link.data_to_send().endswith(b"10.0.0.2:3888")


@pytest.mark.parametrize("step", [1, 3, 4096])
def test_hello_and_messages_do_not_depend_on_how_the_bytes_arrive(manager: QuorumCnxManager, step: int) -> None:
    accepted(manager, HELLO_3 + framed(b"first") + framed(b"second"), step)
    assert manager.take_received() == [(3, b"first"), (3, b"second")]


HEAD = HELLO_3[:16]
MALFORMED = {
    "unknown version": bytes.fromhex("ffffffffffff0002") + HELLO_3[8:],
    "no bytes of addresses": HEAD + bytes(4),
    "negative bytes of addresses": HEAD + b"\xff" * 4,
    "too many bytes of addresses": HEAD + (2049).to_bytes(4, "big") + b"a:1|" * 513,
    "no port": HEAD + framed(b"127.0.0.1"),
    "bad port": HEAD + framed(b"127.0.0.1:many"),
    "port out of range": HEAD + framed(b"127.0.0.1:65536"),
    "negative id": encode_hello(Hello(-7, [("10.0.0.7", 3888)]), False),
}


@pytest.mark.parametrize("step", [1, 4096])
@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_hello_closes_the_connection_with_one_line(
    manager: QuorumCnxManager, name: str, step: int, caplog: pytest.LogCaptureFixture
) -> None:
    link = accepted(manager, MALFORMED[name], step)
    assert link.gone
    assert manager.take_dials() == []
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.mark.parametrize("said", [b"", HELLO_3[:8], HELLO_3[:-1]])
def test_a_connection_without_a_whole_hello_is_closed_in_time_and_delays_nobody(
    manager: QuorumCnxManager, said: bytes
) -> None:
    silent = accepted(manager, said)
    assert manager.next_deadline_ms() == SETUP_MS
    accepted(manager, HELLO_3 + framed(b"vote"))
    assert manager.take_received() == [(3, b"vote")]
    manager.advance(SETUP_MS - 1)
    assert not silent.gone
    manager.advance(SETUP_MS)
    assert silent.gone
    assert manager.next_deadline_ms() is None


def test_a_connection_that_has_said_hello_may_be_silent_for_ever(manager: QuorumCnxManager) -> None:
    link = accepted(manager, HELLO_3)
    manager.advance(1000 * SETUP_MS)
    assert not link.gone


# --- messages


@pytest.mark.parametrize("step", [1000, 1 << 20])
def test_a_message_of_the_greatest_size_is_taken(manager: QuorumCnxManager, step: int) -> None:
    accepted(manager, HELLO_3 + framed(bytes(524_288)), step)
    assert manager.take_received() == [(3, bytes(524_288))]


@pytest.mark.parametrize("length", [524_289, 0, -1, -(2**31), 2**31 - 1])
def test_a_message_of_another_size_closes_the_connection_with_one_line(
    manager: QuorumCnxManager, length: int, caplog: pytest.LogCaptureFixture
) -> None:
    link = accepted(manager, HELLO_3 + framed(b"vote"))
    feed(manager, link, length.to_bytes(4, "big", signed=True) + b"garbage")
    assert link.gone
    assert manager.take_received() == [(3, b"vote")]
    assert [record.levelno for record in caplog.records].count(logging.WARNING) == 1


@given(st.binary(max_size=80), st.integers(1, 80))
def test_random_bytes_close_the_connection_or_are_messages(wire: bytes, step: int) -> None:
    manager = manager_of(2)
    accepted(manager, wire, step)
    accepted(manager, HELLO_3 + wire, step)
    manager.advance(SETUP_MS)


def test_only_the_newest_of_many_messages_is_kept_for_the_reader(manager: QuorumCnxManager) -> None:
    accepted(manager, HELLO_3 + b"".join(framed(bytes([count])) for count in range(1, 121)))
    assert manager.take_received() == [(3, bytes([count])) for count in range(21, 121)]
    assert manager.take_received() == []


# --- what waits, and what is said again


def test_only_the_newest_message_waits_for_a_connection(largest: QuorumCnxManager) -> None:
    largest.send(1, b"old", 0)
    largest.send(1, b"new", 0)
    link = dialled(largest)
    largest.connected(link, 0)
    assert HELLO_3 + framed(b"new") == link.data_to_send()


def test_only_the_newest_message_waits_for_a_network_that_takes_nothing(manager: QuorumCnxManager) -> None:
    link = connected_to_1(manager)
    link.unsent = 100
    manager.send(1, b"old", 0)
    manager.send(1, b"new", 0)
    manager.advance(1)
    assert link.data_to_send() == b""
    assert link.wants_drain
    link.unsent = 0
    manager.drained(link, 2)
    assert framed(b"new") == link.data_to_send()
    assert not link.wants_drain


def test_what_had_to_wait_is_sent_by_the_next_turn_at_the_latest(manager: QuorumCnxManager) -> None:
    link = connected_to_1(manager)
    link.unsent = 100
    manager.send(1, b"vote", 0)
    link.unsent = 0
    manager.advance(1)
    assert framed(b"vote") == link.data_to_send()


def test_all_messages_of_a_turn_go_out_to_a_network_that_takes_them(manager: QuorumCnxManager) -> None:
    link = connected_to_1(manager)
    manager.send(1, b"first", 0)
    manager.send(1, b"second", 0)
    assert framed(b"first") + framed(b"second") == link.data_to_send()


def test_the_last_message_is_said_again_on_a_new_connection(manager: QuorumCnxManager) -> None:
    first = accepted(manager, HELLO_3)
    manager.send(3, b"vote", 0)
    manager.gone(first, 0)
    assert framed(b"vote") == accepted(manager, HELLO_3).data_to_send()


def test_a_message_that_waits_goes_before_the_one_that_was_last_said(manager: QuorumCnxManager) -> None:
    first = accepted(manager, HELLO_3)
    manager.send(3, b"old", 0)
    manager.gone(first, 0)
    manager.send(3, b"new", 0)
    assert framed(b"new") == accepted(manager, HELLO_3).data_to_send()


def test_something_is_delivered_once_a_message_has_gone_out_to_anybody(manager: QuorumCnxManager) -> None:
    assert not manager.has_delivered()
    manager.send(1, b"vote", 0)
    manager.send(3, b"vote", 0)
    assert not manager.has_delivered()
    accepted(manager, HELLO_3)
    assert manager.has_delivered()


def test_nothing_is_kept_for_a_stranger_that_has_gone(manager: QuorumCnxManager) -> None:
    hello = encode_hello(Hello(9, [("10.0.0.9", 3888)]), False)
    link = accepted(manager, hello)
    manager.send(9, b"vote", 0)
    manager.gone(link, 0)
    manager.send(9, b"vote", 0)
    assert accepted(manager, hello).data_to_send() == b""


# --- dialling


def test_there_is_one_dial_at_a_time_for_each_server(largest: QuorumCnxManager) -> None:
    largest.send(1, b"vote", 0)
    largest.send(1, b"vote", 0)
    assert dialled(largest).remote == "server 1"
    largest.send(1, b"vote", 0)
    assert largest.take_dials() == []


def test_after_a_dial_that_failed_the_next_message_dials_again(largest: QuorumCnxManager) -> None:
    largest.send(1, b"old", 0)
    largest.gone(dialled(largest), 0)
    largest.advance(1_000_000)
    assert largest.take_dials() == []
    largest.send(1, b"new", 0)
    assert dialled(largest).remote == "server 1"


def test_after_a_connection_that_broke_only_the_next_message_dials_again(manager: QuorumCnxManager) -> None:
    manager.take_dials()
    link = connected_to_1(manager)
    manager.gone(link, 0)
    manager.advance(1_000_000)
    assert manager.take_dials() == []
    manager.send(1, b"vote", 0)
    assert dialled(manager).remote == "server 1"


def test_all_members_that_are_not_connected_can_be_dialled_at_once(manager: QuorumCnxManager) -> None:
    manager.set_addresses(MEMBERS, {4: [("10.0.0.4", 3888)]})
    accepted(manager, HELLO_3)
    manager.connect_all(0)
    assert [link.remote for link in manager.take_dials()] == ["server 1", "server 4"]


def test_a_server_in_no_configuration_is_not_dialled(largest: QuorumCnxManager) -> None:
    largest.send(7, b"vote", 0)
    assert largest.take_dials() == []


def test_the_addresses_of_both_configurations_are_tried(largest: QuorumCnxManager) -> None:
    largest.set_addresses(MEMBERS, {1: [*MEMBERS[1], ("10.0.0.1", 3888)]})
    largest.send(1, b"vote", 0)
    assert [*MEMBERS[1], ("10.0.0.1", 3888)] == dialled(largest).addresses


# --- managers among themselves


class Network:
    """Managers joined in memory; the choices say what happens next and how many bytes arrive together."""

    def __init__(self, sids: list[int], choices: list[int]) -> None:
        self.owners = {sid: Packets() for sid in sids}
        self.managers: dict[int, QuorumCnxManager] = {}
        for sid in sids:
            self.managers[sid] = QuorumCnxManager(CnxManagerSettings(sid, MEMBERS[sid]), self.owners[sid])
            self.managers[sid].set_addresses(MEMBERS, {})
        self.received: dict[tuple[int, int], bytes] = {}
        self._choices = self._endless(choices)
        self._other: dict[PeerLink, tuple[int, PeerLink]] = {}
        self._dials: list[tuple[int, PeerLink]] = []
        self._wires: dict[PeerLink, deque[bytes | None]] = {}

    @staticmethod
    def _endless(choices: list[int]) -> Iterator[int]:
        while True:
            yield from choices

    def settle(self) -> None:
        """Go on until nothing is under way; far longer than that would be an endless dispute."""
        for _ in range(20_000):
            self._collect()
            busy = [link for link, wire in self._wires.items() if wire]
            if not self._dials and not busy:
                return
            choice = next(self._choices) % (len(self._dials) + len(busy))
            if choice < len(self._dials):
                self._connect(*self._dials.pop(choice))
            else:
                self._deliver(busy[choice - len(self._dials)])
        raise AssertionError("the managers do not come to rest")

    def dial_again(self) -> None:
        """What the timers of an election do: two that dial each other at once may both close the wrong connection."""
        for manager in self.managers.values():
            manager.connect_all(0)
            self.settle()

    def _collect(self) -> None:
        for sid, manager in self.managers.items():
            self._dials += [(sid, link) for link in manager.take_dials()]
            for link in [one for one in self.owners[sid].take() if isinstance(one, PeerLink)]:
                wire = self._wires.get(link)
                data = link.data_to_send()
                if wire is None or None in wire:
                    continue
                if data and not link.gone:
                    wire.append(data)
                if link.closing:
                    wire.append(None)
            for sender, payload in manager.take_received():
                self.received[sender, sid] = payload

    def _connect(self, sid: int, link: PeerLink) -> None:
        if link.gone:
            return
        target = next((other for other in self.managers if MEMBERS[other] == link.addresses), None)
        if target is None:
            link.gone = link.closing = True
            self.managers[sid].gone(link, 0)
            return
        other = self.managers[target].accepted("127.0.0.1", 40000, 0)
        self._other[link] = (target, other)
        self._other[other] = (sid, link)
        self._wires[link] = deque()
        self._wires[other] = deque()
        self.managers[sid].connected(link, 0)

    def _deliver(self, link: PeerLink) -> None:
        wire = self._wires[link]
        data = wire.popleft()
        sid, receiver = self._other[link]
        if receiver.closing:
            return
        if data is None:
            receiver.gone = receiver.closing = True
            self.managers[sid].gone(receiver, 0)
            return
        step = 1 + next(self._choices)
        self.managers[sid].bytes_received(receiver, data[:step], 0)
        if data[step:]:
            wire.appendleft(data[step:])

    def cut(self) -> None:
        """Break every connection, with what is on its way; each end learns of it."""
        for link, (_, other) in list(self._other.items()):
            self._wires[link].clear()
            if not link.closing:
                link.gone = link.closing = True
                self.managers[self._other[other][0]].gone(link, 0)

    def open_links(self) -> list[tuple[int, int]]:
        """Who has dialled whom, of the connections that both ends hold open."""
        return sorted(
            (self._other[other][0], target)
            for link, (target, other) in self._other.items()
            if link.addresses and not link.closing and not other.closing
        )


CHOICES = st.lists(st.integers(0, 60), min_size=1, max_size=60)
EVERYBODY = {(sender, sid) for sender in MEMBERS for sid in MEMBERS if sender != sid}


@given(CHOICES)
def test_everybody_hears_the_newest_of_everybody_over_one_connection_each(choices: list[int]) -> None:
    network = Network([1, 2, 3], choices)
    for text in (b"old", b"new"):
        for sender, sid in sorted(EVERYBODY):
            network.managers[sender].send(sid, text, 0)
    network.settle()
    network.dial_again()
    assert dict.fromkeys(EVERYBODY, b"new") == network.received
    assert [(2, 1), (3, 1), (3, 2)] == network.open_links()


@given(CHOICES)
def test_one_message_after_a_cut_makes_both_sides_say_their_last_again(choices: list[int]) -> None:
    network = Network([1, 2], choices)
    network.managers[1].send(2, b"small", 0)
    network.managers[2].send(1, b"large", 0)
    network.settle()
    network.cut()
    network.received.clear()
    network.managers[1].send(2, b"small again", 0)
    network.settle()
    assert {(1, 2): b"small again", (2, 1): b"large"} == network.received
    assert [(2, 1)] == network.open_links()


@given(CHOICES)
def test_a_server_that_starts_late_hears_what_was_said_before(choices: list[int]) -> None:
    network = Network([1, 2], choices)
    network.managers[1].send(3, b"to nobody", 0)
    network.settle()
    network.owners[3] = Packets()
    network.managers[3] = QuorumCnxManager(CnxManagerSettings(3, MEMBERS[3]), network.owners[3])
    network.managers[3].set_addresses(MEMBERS, {})
    network.managers[3].connect_all(0)
    network.settle()
    assert {(1, 3): b"to nobody"} == network.received
