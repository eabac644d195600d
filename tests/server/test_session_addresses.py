"""Where sessions came from: known for a while, and for so many."""

from pyzoo.server.clients.session_addresses import HALF, SessionAddresses


def test_the_last_address_of_a_session_is_known() -> None:
    addresses = SessionAddresses()
    addresses.remember(1, "10.0.0.1")
    addresses.remember(1, "10.0.0.2")
    assert ("10.0.0.2", "") == (addresses.address_of(1), addresses.address_of(2))


def test_at_least_half_and_at_most_all_of_so_many_are_kept() -> None:
    addresses = SessionAddresses()
    for session_id in range(1, 5 * HALF + 2):
        addresses.remember(session_id, f"10.0.{session_id}")
    known = [session_id for session_id in range(1, 5 * HALF + 2) if addresses.address_of(session_id)]
    assert list(range(known[0], 5 * HALF + 2)) == known
    assert HALF <= len(known) <= 2 * HALF


def test_a_newer_address_wins_over_one_that_is_about_to_be_forgotten() -> None:
    addresses = SessionAddresses()
    for session_id in range(HALF):
        addresses.remember(session_id, "10.0.0.1")
    addresses.remember(5, "10.0.0.2")
    assert "10.0.0.2" == addresses.address_of(5)
