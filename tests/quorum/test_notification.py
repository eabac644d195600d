"""Notifications of every size that servers have sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyzoo.errors import MalformedRecord
from pyzoo.quorum.notification import Notification, decode_notification
from pyzoo.quorum.vote import LEADING, LOOKING, Vote

LONGS = st.integers(-(2**63), 2**63 - 1)
VOTES = st.builds(Vote, LONGS, LONGS, LONGS, LONGS, st.integers(0, 3), st.just(2))


@given(VOTES, st.text(st.characters(exclude_categories=["Cs"])))
def test_a_notification_survives_the_wire(vote: Vote, config: str) -> None:
    assert Notification(vote, config) == decode_notification(Notification(vote, config).encode())


def test_the_bytes_are_those_of_a_leading_server() -> None:
    expected = "00000002 0000000000000002 0000000000000000 0000000000000001 0000000000000001 00000002 00000003 613d62"
    assert bytes.fromhex(expected) == Notification(Vote(2, 0, 1, 1, LEADING), "a=b").encode()


def test_the_oldest_form_takes_the_epoch_from_the_zxid() -> None:
    payload = bytes.fromhex("00000000 0000000000000003 0000000500000007 0000000000000002")
    assert Notification(Vote(3, 0x500000007, 2, 5, LOOKING, 0)) == decode_notification(payload)


def test_the_form_of_34_counts_as_without_a_version() -> None:
    payload = Notification(Vote(3, 7, 2, 5), "").encode()[:36] + (1).to_bytes(4, "big")
    assert Notification(Vote(3, 7, 2, 5, LOOKING, 0)) == decode_notification(payload)


@pytest.mark.parametrize("size", [0, 27, 29, 36, 39, 43])
def test_a_notification_that_ends_early_is_refused(size: int) -> None:
    payload = Notification(Vote(3, 7, 2, 5), "").encode()[:size]
    with pytest.raises(MalformedRecord):
        decode_notification(payload)


@pytest.mark.parametrize("length", [-1, 2, 0x7FFFFFFF])
def test_a_lying_config_length_is_refused(length: int) -> None:
    payload = Notification(Vote(3, 7, 2, 5), "").encode()[:40] + length.to_bytes(4, "big", signed=True) + b"x"
    with pytest.raises(MalformedRecord):
        decode_notification(payload)


def test_a_state_that_does_not_exist_is_refused() -> None:
    with pytest.raises(MalformedRecord, match="4 is no state"):
        decode_notification(Notification(Vote(3, 7, 2, 5, 4), "").encode())


@given(st.binary(max_size=80))
def test_random_bytes_are_read_or_refused(payload: bytes) -> None:
    try:
        decode_notification(payload)
    except MalformedRecord:
        return
