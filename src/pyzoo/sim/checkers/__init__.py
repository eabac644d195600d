"""What must hold, one rule a file; all of them are asked after every event that may break them.

elections    no round ends before better votes have had their time, or all have told the same one
hand_overs   a leader that hands over leaves a quorum behind that lacks nothing
leaders      one leader in office an epoch, and nobody serves an epoch that has none
history      all members have applied one history; nothing committed is ever lost
durability   what is committed is on the disks of a quorum
digests      equal trees and sessions at equal zxids
writes       what was acknowledged is in the history, did what it says, and in the order of real time
sessions     answers in order, zxids never go back, a session's end takes its ephemerals and nothing else does
deletions    servers delete only containers and TTL nodes whose time has come
reads        what was read is what the history says at that zxid
watches      an event comes before anything that shows what it tells of
"""

from pyzoo.sim.checkers.base import Checker, Facts
from pyzoo.sim.checkers.deletions import DeletionChecker
from pyzoo.sim.checkers.digests import DigestChecker
from pyzoo.sim.checkers.durability import DurabilityChecker
from pyzoo.sim.checkers.elections import ElectionChecker
from pyzoo.sim.checkers.hand_overs import HandOverChecker
from pyzoo.sim.checkers.history import HistoryChecker
from pyzoo.sim.checkers.leaders import LeaderChecker
from pyzoo.sim.checkers.reads import ReadChecker
from pyzoo.sim.checkers.sessions import SessionChecker
from pyzoo.sim.checkers.watches import WatchChecker
from pyzoo.sim.checkers.writes import WriteChecker


def all_checkers(facts: Facts) -> list[Checker]:
    """Every checker, those first that explain best what others would find too."""
    return [
        ElectionChecker(facts),
        HandOverChecker(facts),
        LeaderChecker(facts),
        HistoryChecker(facts),
        DurabilityChecker(facts),
        DigestChecker(facts),
        DeletionChecker(facts),
        SessionChecker(facts),
        WriteChecker(facts),
        WatchChecker(facts),
        ReadChecker(facts),
    ]
