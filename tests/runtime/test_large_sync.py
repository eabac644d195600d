"""A snapshot of many megabytes for a member that has lost its disk."""

import shutil

from pyzoo.testing import LocalEnsemble
from tests.support.kazoo_session import kazoo_session

TICK_MS = 600_000
"""Its half is far more than a restart may take: whatever waits for a tick fails the test."""
PATIENCE_SECONDS = 120
TRANSACTIONS = 40
NODES = 250
DATA = b"x" * 300
"""Small nodes: the network takes each piece of the snapshot before the next one is made."""


def test_an_idle_leader_sends_a_large_snapshot_without_waiting_for_a_tick() -> None:
    with LocalEnsemble(nodes=3, tick_time_ms=TICK_MS) as ensemble:
        leader = ensemble.leader()
        assert leader is not None
        with kazoo_session(leader.connect_string) as client:
            for group in range(TRANSACTIONS):
                transaction = client.transaction()
                for number in range(NODES):
                    transaction.create(f"/{group}-{number}", DATA)
                assert all(isinstance(result, str) for result in transaction.commit())
        empty = next(member for member in ensemble.members if member is not leader)
        ensemble.terminate(empty.sid)
        shutil.rmtree(empty.directory / "data" / "version-2")
        ensemble.restart(empty.sid, PATIENCE_SECONDS)
        assert "Syncing with leader: SNAP" in empty.log_file.read_text()
        with kazoo_session(empty.connect_string) as reader:
            assert DATA == reader.get(f"/{TRANSACTIONS - 1}-{NODES - 1}")[0]
