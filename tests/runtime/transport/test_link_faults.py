"""LinkFaults: who is cut off, and what arrives late."""

from pyzoo.outbox import Packets
from pyzoo.quorum.link import QUORUM, PeerLink
from pyzoo.runtime.transport.link_faults import LinkFaults

NOBODY = frozenset[int]()


def link_to(sid: int) -> PeerLink:
    link = PeerLink(Packets(), QUORUM, f"server {sid}", [("127.0.0.1", 2888)], 1000)
    link.sid = sid
    return link


def heard(faults: LinkFaults, now_ms: int) -> list[bytes | None]:
    found = []
    while (late := faults.take_due(now_ms)) is not None:
        found.append(late.data)
    return found


def test_only_links_to_members_that_are_cut_off_are_cut() -> None:
    faults = LinkFaults()
    faults.set(frozenset({2}), 0)
    accepted = PeerLink(Packets(), QUORUM, "127.0.0.1:1234", [], 0)
    assert [True, False, False] == [faults.cuts(link) for link in (link_to(2), link_to(3), accepted)]


def test_without_a_delay_nothing_is_kept() -> None:
    assert not LinkFaults().holds(link_to(2), b"now", 100)


def test_what_is_late_is_heard_in_its_order_and_the_end_of_the_link_last() -> None:
    faults = LinkFaults()
    faults.set(NOBODY, 50)
    link = link_to(2)
    assert [True] * 3 == [faults.holds(link, data, 100 + at) for at, data in enumerate((b"one", b"two", None))]
    assert 150 == faults.due_ms
    assert [] == heard(faults, 149)
    assert [b"one"] == heard(faults, 150)
    assert [b"two", None] == heard(faults, 152)


def test_what_follows_a_longer_delay_does_not_overtake() -> None:
    faults = LinkFaults()
    faults.set(NOBODY, 50)
    faults.holds(link_to(2), b"first", 100)
    faults.set(NOBODY, 10)
    faults.holds(link_to(2), b"second", 101)
    assert [] == heard(faults, 149)
    assert [b"first", b"second"] == heard(faults, 150)


def test_when_the_network_is_whole_again_all_arrives_at_once_and_in_order() -> None:
    faults = LinkFaults()
    faults.set(NOBODY, 5000)
    link = link_to(2)
    faults.holds(link, b"first", 100)
    faults.set(NOBODY, 0)
    assert faults.holds(link, b"second", 100)
    assert [b"first", b"second"] == heard(faults, 100)
    assert not faults.holds(link, b"third", 100)


def test_what_is_on_its_way_on_a_link_that_is_cut_never_arrives() -> None:
    faults = LinkFaults()
    faults.set(NOBODY, 50)
    cut, whole = link_to(2), link_to(3)
    faults.holds(cut, b"lost", 100)
    faults.holds(whole, b"kept", 100)
    faults.forget(cut)
    assert [b"kept"] == heard(faults, 200)
