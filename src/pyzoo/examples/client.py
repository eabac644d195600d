"""A client as the examples use it: with a session that comes back, and transactions whose failures are raised."""

import logging
from typing import Any

from kazoo.client import KazooClient, TransactionRequest
from kazoo.exceptions import RolledBackError, RuntimeInconsistency
from kazoo.protocol.states import ZnodeStat

SESSION_S = 1.0
"""Timeout of the sessions: so long after its end a process is missed. A server may have a larger minimum."""

START_S = 30.0
RETRY = {"max_tries": -1, "delay": 0.02, "max_delay": 0.5}
"""How kazoo tries again, without end: a short wait that doubles, with chance in it."""


def connect(hosts: str, session_s: float = SESSION_S) -> KazooClient:
    """A client with a session. It comes back by itself whatever happens to the connection or the session.

    What is called through `zk.retry` is tried again until it is through. Raises kazoo's timeout where nobody answers.
    """
    logging.getLogger("kazoo").setLevel(logging.CRITICAL)
    zk = KazooClient(hosts, timeout=session_s, connection_retry=dict(RETRY), command_retry=dict(RETRY))
    zk.start(START_S)
    return zk


def owns(zk: KazooClient, stat: ZnodeStat | None) -> bool:
    """Whether a node, which has this Stat, is an ephemeral one of the session that the client has now."""
    return stat is not None and zk.client_id is not None and stat.owner_session_id == zk.client_id[0]


def commit(transaction: TransactionRequest) -> list[Any]:
    """Commit it; the results of its parts. Raises the error of the part that failed: then nothing of it was done.

    kazoo gives errors back among the results, where they are easily overlooked.
    """
    results: list[Any] = transaction.commit()
    errors = [result for result in results if isinstance(result, Exception)]
    for error in errors:
        if not isinstance(error, RolledBackError | RuntimeInconsistency):
            raise error
    if errors:
        raise errors[0]
    return results
