"""Single requests that ask for much: what they take, and what others feel of it.

Apache ZooKeeper is never asked for more than fits into the heap that it has.
"""

import time
from collections.abc import Callable

from benchmarks.asker import (
    ADD_WATCH,
    CLOSE_SESSION,
    CONTAINER,
    CREATE,
    CREATE_CONTAINER,
    DELETE,
    EPHEMERAL,
    GET_ALL_CHILDREN_NUMBER,
    GET_CHILDREN,
    GET_DATA,
    GET_EPHEMERALS,
    MULTI,
    MULTI_READ,
    SET_DATA,
    SET_WATCHES,
    Asker,
    ask_word,
    create_body,
    data_watches_body,
    delete_body,
    multi_body,
    read_body,
    recursive_watch_body,
    set_body,
    text,
    watches_body,
)
from benchmarks.stage import Stage

BLOB_BYTES = 1_000_000
CHILDREN = 1_000_000
LISTED = 100_000
EPHEMERALS = 200_000
PARTS = 15_000
WATCHES = 1_000_000
WATCHES_A_REQUEST = 40_000
SESSIONS = 5_000
CALM_S = 2.0
LISTINGS = 50
WATCHERS = 50
WATCHES_A_NODE = 5
EXPIRED = 50_000
EXPIRY_S = 38.0
CONTAINERS = 100_000
SEARCH_S = 61.0
DEPTH = 10_000
DEEP_SETS = 100


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


def measure_multi(stage: Stage) -> None:
    """As many creates as fit into one request, and the deletes of what they made."""
    paths = [f"/multi/{at:05}" for at in range(stage.sizes.of(PARTS))]
    with Asker(stage.port) as asker:
        asker.create("/multi")
        with stage.scene("multi_create"):
            asker.call(MULTI, multi_body(CREATE, map(create_body, paths)))
        with stage.scene("multi_delete"):
            asker.call(MULTI, multi_body(DELETE, map(delete_body, paths)))


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


def measure_changing_children(stage: Stage) -> None:
    """Listings of a node with many children, one of which comes and goes."""
    with Asker(stage.port) as asker:
        asker.create("/changing")
        asker.create_many([f"/changing/child-{at:08}" for at in range(stage.sizes.of(LISTED))])
        asker.call(GET_CHILDREN, read_body("/changing"))
        with stage.scene("changing_children"):
            for _ in range(LISTINGS):
                asker.call(CREATE, create_body("/changing/other"))
                asker.call(GET_CHILDREN, read_body("/changing"))
                asker.call(DELETE, delete_body("/changing/other"))


def measure_depth(stage: Stage) -> None:
    """Changes very far down, below a recursive watch."""
    with Asker(stage.port) as asker:
        path = ""
        for _ in range(stage.sizes.of(DEPTH)):
            path += "/a"
            asker.create(path)
        asker.call(ADD_WATCH, recursive_watch_body("/a"))
        with stage.scene("deep_sets"):
            for _ in range(DEEP_SETS):
                asker.call(SET_DATA, set_body(path, b"x" * 100))
        with stage.scene("deep_creates"):
            for _ in range(DEEP_SETS):
                asker.call(CREATE, create_body(f"{path}/b"))
                asker.call(DELETE, delete_body(f"{path}/b"))


def measure_close(stage: Stage) -> None:
    """The end of a session with very many ephemerals, unwatched, then with a million watches that fire."""
    paths = [f"/session-{at:08}" for at in range(stage.sizes.of(EPHEMERALS))]
    with Asker(stage.port) as owner:
        owner.create_many(paths, EPHEMERAL)
        with stage.scene("close"):
            owner.call(CLOSE_SESSION, b"")
    with Asker(stage.port) as owner:
        owner.create_many(paths, EPHEMERAL)
        watchers = [Asker(stage.port) for _ in range(WATCHERS)]
        try:
            shares = _watch(watchers, paths)
            with stage.scene("fire"):
                owner.call(CLOSE_SESSION, b"")
                for watcher, share in zip(watchers, shares, strict=True):
                    watcher.skip_events(share)
        finally:
            for watcher in watchers:
                watcher.hang_up()


def _watch(watchers: list[Asker], paths: list[str]) -> list[int]:
    """Let each node be watched by some of the watchers; returns how many each of them watches."""
    shares = []
    for at, watcher in enumerate(watchers):
        own = paths[at % (WATCHERS // WATCHES_A_NODE) :: WATCHERS // WATCHES_A_NODE]
        for begin in range(0, len(own), WATCHES_A_REQUEST):
            watcher.call(SET_WATCHES, data_watches_body(own[begin : begin + WATCHES_A_REQUEST]))
        shares.append(len(own))
    return shares


def measure_expiry(stage: Stage) -> None:
    """Very many sessions whose time is over at once."""
    end_s = time.monotonic() + EXPIRY_S
    for _ in range(stage.sizes.of(EXPIRED)):
        Asker(stage.port, int((end_s - time.monotonic()) * 1000)).hang_up()
    time.sleep(max(end_s - time.monotonic() - 2.5, 0))
    with stage.scene("expiry"):
        time.sleep(max(end_s + 5 - time.monotonic(), 5))


def measure_containers(stage: Stage) -> None:
    """The search through many containers, which comes once a minute."""
    with Asker(stage.port) as asker:
        asker.create("/containers")
        paths = [f"/containers/{at:08}" for at in range(stage.sizes.of(CONTAINERS))]
        asker.create_many(paths, CONTAINER, CREATE_CONTAINER)
    with stage.scene("containers"):
        time.sleep(SEARCH_S)


Measurement = Callable[[Stage], None]

MEASUREMENTS: dict[str, Measurement] = {
    "calm": measure_calm,
    "multi": measure_multi,
    "multi-read": measure_multi_read,
    "children": measure_children,
    "ephemerals": measure_ephemerals,
    "watches": measure_watches,
    "changing-children": measure_changing_children,
    "depth": measure_depth,
    "close": measure_close,
    "expiry": measure_expiry,
    "containers": measure_containers,
}

TITLES: dict[str, str] = {
    "calm": "nothing, for two seconds",
    "multi_create": "multi of {parts:,.0f} creates",
    "multi_delete": "multi of {parts:,.0f} deletes",
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
    "changing_children": "50 times getChildren of {listed:,.0f} that change",
    "deep_sets": "100 sets at depth {depth:,.0f}, watched from /a down",
    "deep_creates": "the same of creates and deletes",
    "close": "closeSession with {ephemerals:,.0f} ephemerals",
    "fire": "the same with five watches each",
    "expiry": "{expired:,.0f} sessions expire at once",
    "containers": "a minute with {containers:,.0f} containers",
}
"""Rows of the report, in their order."""

SIZES = {
    "listed": LISTED,
    "children": CHILDREN,
    "ephemerals": EPHEMERALS,
    "parts": PARTS,
    "depth": DEPTH,
    "sessions": SESSIONS,
    "watches": WATCHES,
    "expired": EXPIRED,
    "containers": CONTAINERS,
}
"""What titles speak of, at scale 1."""
