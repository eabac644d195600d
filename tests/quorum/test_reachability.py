"""Who of the other members can answer, as the election channel knows it: what an election must not wait for."""

import pytest

from pyzoo.quorum.cnxmanager import QuorumCnxManager
from pyzoo.quorum.hello import Hello, encode_hello
from tests.quorum.test_cnxmanager import HELLO_1, HELLO_3, accepted, dialled, manager_of


@pytest.fixture
def manager() -> QuorumCnxManager:
    """That of server 2, the middle one of three."""
    return manager_of(2)


@pytest.fixture
def largest() -> QuorumCnxManager:
    """That of server 3, the largest."""
    return manager_of(3)


def test_a_member_that_was_dialled_in_vain_cannot_answer_until_it_is_dialled_again(
    largest: QuorumCnxManager,
) -> None:
    assert largest.can_answer(1)
    largest.send(1, b"vote", 0)
    largest.gone(dialled(largest), 0)
    assert (False, True) == (largest.can_answer(1), largest.take_dial_in_vain())
    assert not largest.take_dial_in_vain()
    largest.send(1, b"vote", 0)
    assert largest.can_answer(1)
    largest.connected(dialled(largest), 0)
    assert largest.can_answer(1)


def test_a_member_that_comes_by_itself_can_answer(manager: QuorumCnxManager) -> None:
    manager.connect_all(0)
    for link in manager.take_dials():
        manager.gone(link, 0)
    assert [False, False] == [manager.can_answer(sid) for sid in (1, 3)]
    accepted(manager, HELLO_3)
    accepted(manager, HELLO_1)
    assert [True, True] == [manager.can_answer(sid) for sid in (1, 3)]


def test_who_hangs_up_is_lost_but_may_answer(manager: QuorumCnxManager) -> None:
    link = accepted(manager, HELLO_3)
    manager.gone(link, 0)
    assert [3] == manager.take_lost()
    assert [] == manager.take_lost()
    assert manager.can_answer(3)


def test_who_has_connected_anew_is_not_lost(manager: QuorumCnxManager) -> None:
    link = accepted(manager, HELLO_3)
    manager.gone(link, 0)
    accepted(manager, HELLO_3)
    assert [] == manager.take_lost()


def test_a_dial_that_was_given_up_for_a_connection_says_nothing(manager: QuorumCnxManager) -> None:
    manager.send(3, b"vote", 0)
    dial = dialled(manager)
    accepted(manager, HELLO_3)
    manager.gone(dial, 0)
    assert (True, False) == (manager.can_answer(3), manager.take_dial_in_vain())


def test_nothing_is_kept_of_strangers_that_cannot_be_dialled(manager: QuorumCnxManager) -> None:
    accepted(manager, encode_hello(Hello(0, [("10.0.0.9", 3888)]), False))
    manager.gone(dialled(manager), 0)
    assert manager.can_answer(0)
