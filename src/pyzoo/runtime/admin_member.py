"""What the commands of the AdminServer ask of a member of an ensemble; a server that is alone does not load this."""

from pyzoo.errors import StorageError
from pyzoo.persistence.restored import RestoredSnapshot
from pyzoo.runtime.admin_server import ServerHost, write_beside
from pyzoo.runtime.clock import wall_ms
from pyzoo.runtime.member import MemberTasks
from pyzoo.runtime.upload import UploadRoom
from pyzoo.runtime.workers import in_thread


class MemberHost(ServerHost):
    """As ServerHost, for a member."""

    def __init__(self, member: MemberTasks) -> None:
        super().__init__(member)
        self._member = member

    def _check_role(self) -> None:
        self._member.peer.restoring.check_leads()

    async def _replace_by(self, restored: RestoredSnapshot, room: UploadRoom) -> None:
        """The leader replaces the database of all; the answer waits for a quorum that has it."""
        peer, storage = self._member.peer, self._member.files
        peer.configuration.show_in(restored.tree, wall_ms())
        async with storage.saving:
            await in_thread(write_beside, restored, storage, room)
            try:
                peer.restoring.begin(restored)
            except StorageError:
                restored.abandon()
                await in_thread(restored.let_go)
                raise
        self.tasks.loop.wake()
        await self._member.restore_settled()
        failure = peer.restoring.take_failure()
        if failure:
            raise StorageError(f"nothing is restored: {failure}")
