"""What a leader has proposed and not committed: found by zxid, however much of it there is."""

from pyzoo.quorum.outstanding_proposals import OutstandingProposal, OutstandingProposals

FIRST = (3 << 32) + 1
MANY = 1000


def proposed(zxid: int) -> OutstandingProposal:
    return OutstandingProposal(zxid, b"", None, False, 0)


def test_each_is_found_until_it_is_committed_whatever_has_come_and_gone() -> None:
    outstanding = OutstandingProposals()
    for zxid in range(FIRST, FIRST + 100):
        outstanding.add(proposed(zxid))
        outstanding.remove_first()
    begin = FIRST + 100
    added = [proposed(zxid) for zxid in range(begin, begin + MANY)]
    for proposal in added:
        outstanding.add(proposal)
    for at in range(MANY):
        assert added[at:] == list(outstanding) if at % 100 == 0 else len(outstanding) == MANY - at
        assert [None, added[at], added[-1], None] == [
            outstanding.get(zxid) for zxid in (begin + at - 1, begin + at, begin + MANY - 1, begin + MANY)
        ]
        outstanding.remove_first()
    assert (0, None) == (len(outstanding), outstanding.get(begin + MANY - 1))


def test_a_new_epoch_begins_anew() -> None:
    outstanding = OutstandingProposals()
    outstanding.add(proposed(FIRST))
    outstanding.remove_first()
    later = proposed(FIRST + (1 << 32))
    outstanding.add(later)
    assert [later] == list(outstanding)
