"""EnsembleSessions: what a test does to sessions and time of an ensemble in this process, whichever member has them."""

from attrs import evolve

from pyzoo.runtime.ensemble_controls import EnsembleControls
from pyzoo.testing.controls.inspection import SessionInfo
from pyzoo.testing.controls.references import SessionReference, session_id_of, session_text
from pyzoo.testing.embedded.member import EmbeddedMember
from pyzoo.testing.errors import NoSuchSession


class EnsembleSessions(EnsembleControls[EmbeddedMember]):
    """Each member does its part, those that do not run have none; a leader is waited for where it is needed."""

    def _running(self) -> list[EmbeddedMember]:
        return [member for member in self.members if member.is_running]

    def sessions(self) -> list[SessionInfo]:
        """All sessions, the oldest first; `address` is where the client is connected from, to whichever member."""
        of_members = [session for member in self._running() for session in member.sessions()]
        addresses = {session.id: session.address for session in of_members if session.is_connected}
        return [evolve(session, address=addresses.get(session.id)) for session in self.find_leader().sessions()]

    def expire(self, session: SessionReference) -> None:
        """Let a session expire now. Returns when the leader has closed it; raises as `expire` of a member."""
        self.find_leader().expire(session)

    def drop(self, client: SessionReference) -> None:
        """Cut the connection of a client, to whichever member; its session lives on. Raises NoSuchSession."""
        session_id = session_id_of(client)
        for member in self._running():
            try:
                member.drop(session_id)
            except NoSuchSession:
                continue
            return
        raise NoSuchSession(f"no client is connected to any member with the session {session_text(session_id)}")

    def step_clock(self, seconds: float, *, silent: bool = False) -> None:
        """Let so much time pass at once, for all members; as `step_clock` of a server.

        Links between members know nothing of it, so nobody loses its leader.
        """
        members, leader = self._running(), self.find_leader()
        alive: set[int] = set()
        if not silent:
            alive.update(*(member.connected_sessions() for member in members))
        for member in members:
            if member is not leader:
                member.step_clock_with(seconds, alive)
        leader.step_clock_with(seconds, alive)
