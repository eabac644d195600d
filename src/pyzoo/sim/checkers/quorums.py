"""The judge of quorums: the rules once more, in other words than those of the servers whom it judges.

A wrong rule that server and judge shared would make every run agree with itself.
"""

from collections.abc import Iterable, Set

from pyzoo.config.membership import Membership


def outweighs(some: Iterable[int], others: Iterable[int]) -> bool:
    """Whether some weigh more than all others: nobody else can then be as strong at the same time."""
    return sum(some) > sum(others)


def may_decide(membership: Membership, sids: Set[int]) -> bool:
    """Whether these servers may decide without the others: whoever else tried would need one of them.

    Without groups, if more voters are among them than not. With groups, if they have more of the groups than they have
    not; they have a group if more of its weight is with them than not, and groups without weight are nobody's.
    """
    voters = [server.id for server in membership.servers if not server.observer]
    if not (membership.groups or membership.weights):
        return outweighs((sid in sids for sid in voters), (sid not in sids for sid in voters))
    weights = dict.fromkeys(voters, 1) | {sid: weight for sid, weight in membership.weights if sid in voters}
    theirs = not_theirs = 0
    for _, group in membership.groups:
        weighing = {sid: weights[sid] for sid in group if weights.get(sid, 0) > 0}
        if outweighs(
            (weight for sid, weight in weighing.items() if sid in sids),
            (weight for sid, weight in weighing.items() if sid not in sids),
        ):
            theirs += 1
        elif weighing:
            not_theirs += 1
    return theirs > not_theirs
