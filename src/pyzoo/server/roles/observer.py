"""ObserverZooKeeperServer: the clients of an observer."""

from typing import final

from pyzoo.quorum.learner import Learner
from pyzoo.quorum.verifier import QuorumVerifier
from pyzoo.server.modes import OBSERVER
from pyzoo.server.roles.learner import LearnerZooKeeperServer


@final
class ObserverZooKeeperServer(LearnerZooKeeperServer):
    """Serves while this server observes: to its clients it is a follower, and to the quorum it is nobody."""

    def learn(self, learner: Learner, members: QuorumVerifier) -> None:
        self.mode = OBSERVER
        super().learn(learner, members)
