"""What the console is told of the past (a Past): a process of its own reads the files, so that this one goes on."""

import json
import sys
from typing import Any, Final

import trio

from pyzoo.console.page import PageError
from pyzoo.console.past import Recent, UntilGone
from pyzoo.history.log_tail import LogTail
from pyzoo.history.questions import Question, question_json
from pyzoo.runtime.environment import memory_megabytes
from pyzoo.runtime.history_processes import HistoryProcesses
from pyzoo.runtime.server_tasks import ServerTasks
from pyzoo.runtime.workers import in_thread

AT_ONCE: Final = 2
"""Processes that read files for the console."""
MOST_WAITING: Final = 8
"""Questions that wait for one of these."""
SECONDS: Final = {"history": 30, "acls": 30, "tree_at": 60, "diff": 60}
GRACE_SECONDS: Final = 20
"""What a process gets beyond that, to begin and to say what it has."""
LEAST_MEMORY: Final = 1 << 30
MOST_MEMORY: Final = 8 << 30
_MEGABYTE: Final = 1 << 20

NO_FILES: Final = "This server keeps nothing on disk: there is no past to be read."
BUSY: Final = "Others are reading the past already: try again in a moment."
GONE: Final = "Nobody waits for it any more."


class FilesOfThePast:
    """The files of a server, read by others."""

    def __init__(self, tasks: ServerTasks) -> None:
        self._tasks = tasks
        self._at_once = trio.CapacityLimiter(AT_ONCE)
        self._processes = HistoryProcesses(tasks.nursery)
        self._tail: LogTail | None = None
        self._tailing = trio.Lock()

    def address_of(self, session_id: int) -> str | None:
        """Where a session was last connected here."""
        return self._tasks.front().connections.addresses.address_of(session_id) or None

    async def still_asks(self, seconds: float, until_gone: UntilGone) -> bool:
        """Wait so long, unless somebody is gone."""
        with trio.move_on_after(seconds) as waiting:
            await until_gone()
        return waiting.cancelled_caught

    # --- questions

    async def ask(self, question: Question, until_gone: UntilGone) -> dict[str, Any]:
        """The answer of a process; see Past."""
        kind, fields = question_json(question)
        order = json.dumps({**self._order(kind), "kind": kind, "question": fields}).encode()
        if self._at_once.statistics().tasks_waiting >= MOST_WAITING:
            raise PageError(503, BUSY)
        answered: dict[str, Any] = {"error": GONE, "status": 503}

        async def give_up(scope: trio.CancelScope) -> None:
            await until_gone()
            scope.cancel()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(give_up, nursery.cancel_scope)
            async with self._at_once:
                answered = await self._processes.ask(order, SECONDS[kind] + GRACE_SECONDS)
            nursery.cancel_scope.cancel()
        if "error" in answered:
            raise PageError(answered["status"], _sentence(answered["error"]))
        answer: dict[str, Any] = answered["answer"]
        return answer

    def _order(self, kind: str) -> dict[str, Any]:
        """Where the files are, and what may be taken for reading them. Raises PageError."""
        storage = self._tasks.storage
        if storage is None or not storage.is_on_disk or not sys.executable:
            raise PageError(404, NO_FILES)
        config = self._tasks.front().config
        return {
            "data_dir": storage.directories.data_dir,
            "data_log_dir": storage.directories.data_log_dir,
            "field_limit": [config.jute_max_buffer, config.jute_max_buffer_extra],
            "extended_types": config.extended_types_enabled,
            "seconds": SECONDS[kind],
            "memory": min(max(memory_megabytes()[1] * _MEGABYTE // 4, LEAST_MEMORY), MOST_MEMORY),
        }

    # --- what was committed last

    def keeps_recent(self) -> bool:
        """See Past."""
        storage = self._tasks.storage
        return (storage is not None and storage.is_on_disk) or self._tasks.front().config.distributed

    async def recent(self, after: int, most: int) -> Recent:
        """Out of what is kept for learners; a server without an ensemble has its log for that."""
        log = self._tasks.front().database.committed_log
        if log.proposals:
            payloads: list[bytes] = []
            for proposal in reversed(log.proposals):
                if proposal.zxid <= after or len(payloads) == most:
                    break
                payloads.append(proposal.payload)
            is_whole = len(payloads) < most and log.min_zxid <= after + 1
            return Recent(payloads[::-1], is_whole)
        storage = self._tasks.storage
        if storage is None or not storage.is_on_disk:
            return Recent([], False)
        async with self._tailing:
            if self._tail is None:
                self._tail = LogTail(storage.disk, storage.directories.logs)
            return Recent(*await in_thread(self._tail.read_new, after, most))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
