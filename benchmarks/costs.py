"""Single requests that ask for much: what they take, and what others feel of it.

Apache ZooKeeper is never asked for more than fits into the heap that it has.
"""

import time
from collections.abc import Callable

from benchmarks.asker import (
    EPHEMERAL,
    GET_ALL_CHILDREN_NUMBER,
    GET_CHILDREN,
    GET_DATA,
    GET_EPHEMERALS,
    MULTI_READ,
    SET_WATCHES,
    Asker,
    ask_word,
    multi_body,
    read_body,
    text,
    watches_body,
)
from benchmarks.stage import Stage

BLOB_BYTES = 1_000_000
CHILDREN = 1_000_000
LISTED = 100_000
EPHEMERALS = 200_000
WATCHES = 1_000_000
WATCHES_A_REQUEST = 40_000
SESSIONS = 5_000
CALM_S = 2.0


def measure_calm(stage: Stage) -> None:
    """Nothing at all: what others feel of the machine."""
    with stage.scene("calm"):
        time.sleep(CALM_S)


def measure_multi_read(stage: Stage) -> None:
    """Many reads of one large node, and of one with many children, in one request."""
    with Asker(stage.port) as asker:
        asker.create("/blob", b"x" * BLOB_BYTES)
        asker.create("/listed")
        asker.create_many([f"/listed/child-{at:08}" for at in range(stage.sizes.of(LISTED))])
        with stage.scene("multi_read"):
            asker.call(MULTI_READ, multi_body(GET_DATA, [read_body("/blob")] * 50))
        if not stage.is_real:
            with stage.scene("multi_read_data"):
                asker.call(MULTI_READ, multi_body(GET_DATA, [read_body("/blob")] * 3000))
            with stage.scene("multi_read_children"):
                asker.call(MULTI_READ, multi_body(GET_CHILDREN, [read_body("/listed")] * 10_000))


def measure_children(stage: Stage) -> None:
    """The listing of a node with very many children, for the first time and again, and their number."""
    with Asker(stage.port) as asker:
        asker.create("/crowd")
        asker.create_many([f"/crowd/child-{at:08}" for at in range(stage.sizes.of(CHILDREN))])
        with stage.scene("children"):
            asker.call(GET_CHILDREN, read_body("/crowd"))
        with stage.scene("children_again"):
            asker.call(GET_CHILDREN, read_body("/crowd"))
        with stage.scene("children_number"):
            asker.call(GET_ALL_CHILDREN_NUMBER, text("/crowd"))


def measure_ephemerals(stage: Stage) -> None:
    """The paths of a session with very many ephemerals, and the words that list them with many sessions."""
    with Asker(stage.port) as asker:
        asker.create("/ephemerals")
        asker.create_many([f"/ephemerals/{at:08}" for at in range(stage.sizes.of(EPHEMERALS))], EPHEMERAL)
        with stage.scene("ephemerals"):
            asker.call(GET_EPHEMERALS, text("/"))
        with stage.zkload.holding("idle", stage.port, sessions=stage.sizes.of(SESSIONS)) as held:
            with stage.scene("dump"):
                ask_word(stage.port, "dump")
            with stage.scene("cons"):
                ask_word(stage.port, "cons")
            held.release()


def measure_watches(stage: Stage) -> None:
    """The watches of a client that comes back, and the words that list very many."""
    paths = [f"/watched-{at:08}" for at in range(stage.sizes.of(WATCHES))]
    with Asker(stage.port) as asker:
        with stage.scene("set_watches"):
            asker.call(SET_WATCHES, watches_body(paths[:WATCHES_A_REQUEST]))
        for at in range(WATCHES_A_REQUEST, len(paths), WATCHES_A_REQUEST):
            asker.call(SET_WATCHES, watches_body(paths[at : at + WATCHES_A_REQUEST]))
        for word in ("wchp", "wchc"):
            with stage.scene(word):
                ask_word(stage.port, word)


Measurement = Callable[[Stage], None]

MEASUREMENTS: dict[str, Measurement] = {
    "calm": measure_calm,
    "multi-read": measure_multi_read,
    "children": measure_children,
    "ephemerals": measure_ephemerals,
    "watches": measure_watches,
}

TITLES: dict[str, str] = {
    "calm": "nothing, for two seconds",
    "multi_read": "multiRead of 50 MB of data",
    "multi_read_data": "multiRead of 3 GB, 3,000 reads of one node",
    "multi_read_children": "multiRead of 10,000 listings of {listed:,.0f} children",
    "children": "getChildren of {children:,.0f}",
    "children_again": "the same again",
    "children_number": "getAllChildrenNumber of {children:,.0f}",
    "ephemerals": "getEphemerals of {ephemerals:,.0f}",
    "dump": "`dump` with these and {sessions:,.0f} sessions",
    "cons": "`cons` with {sessions:,.0f} sessions",
    "set_watches": "setWatches of 40,000 paths",
    "wchp": "`wchp` with {watches:,.0f} watches",
    "wchc": "`wchc` with {watches:,.0f} watches",
}
"""Rows of the report, in their order."""

SIZES = {
    "listed": LISTED,
    "children": CHILDREN,
    "ephemerals": EPHEMERALS,
    "sessions": SESSIONS,
    "watches": WATCHES,
}
"""What titles speak of, at scale 1."""
