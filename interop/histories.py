"""Random histories: sequences of valid and invalid requests over several sessions, drawn from a seed."""

import random
from collections.abc import Sequence
from typing import Final

from attrs import define, field

from interop import requests as rq
from interop.pair import Pair, PairSession
from interop.values import ACLS

NAMES: Final = ["a", "b", "c", "dd", "é", "zookeeper_limits"]
BAD_PATHS: Final[list[rq.Text]] = [
    None,
    "",
    "/",
    "//",
    "bad",
    "/h/",
    "/h/.",
    "/h//a",
    "/\x00",
    "/zookeeper",
    "/zookeeper/config",
]
USUAL_ACLS: Final = [
    "open",
    "open",
    "open",
    "open",
    "no-perms",
    "auth",
    "auth-and-world",
    "digest-'a:b'",
    "ip-'127.0.0.1/8'",
    "all-bits",
]
SESSIONS_MAX: Final = 5
Request = tuple[int, bytes]


@define
class RandomRequests:
    """Draws requests around a node, valid and invalid ones.

    `honest_kinds` leaves out creates whose flags and opcode name different kinds of node, of which Apache logs another
    tree digest than it has. What setWatches tells depends on the release; `with_set_watches` says whether it is drawn.
    """

    chance: random.Random
    top: str
    honest_kinds: bool = False
    with_set_watches: bool = True

    def path(self) -> rq.Text:
        dice = self.chance.random()
        if dice < 0.04:
            return self.chance.choice(BAD_PATHS)
        depth = self.chance.choice((0, 1, 1, 1, 2, 2, 2, 3))
        path = self.top + "".join(f"/{self.chance.choice(NAMES)}" for _ in range(depth))
        if dice < 0.12:
            path += f"{self.chance.choice(['/s-', ''])}{self.chance.randrange(30):010d}"
        return path

    def data(self) -> bytes | None:
        return None if self.chance.random() < 0.05 else b"d" * self.chance.choice((0, 1, 5, 30, 300))

    def version(self) -> int:
        return self.chance.choice((-1, -1, -1, -1, 0, 0, 1, 2, 3, -2, 77))

    def acl(self) -> Sequence[rq.AclEntry] | None:
        if self.chance.random() < 0.03:
            return ACLS[self.chance.choice(list(ACLS))]
        return ACLS[self.chance.choice(USUAL_ACLS)]

    def create(self) -> Request:
        opcode = self.chance.choice((rq.CREATE, rq.CREATE, rq.CREATE2, rq.CREATE_CONTAINER, rq.CREATE_TTL))
        flags = self.chance.choice((0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 7))
        if opcode == rq.CREATE_CONTAINER and flags in (1, 3):
            # Apache takes such a container for an ephemeral until it is applied: whether it may have children
            # right behind its create is a matter of timing.
            flags = 4
        if self.honest_kinds and (flags == 4) != (opcode == rq.CREATE_CONTAINER):
            flags, opcode = 0, rq.CREATE
        path = self.path()
        if flags in (2, 3) and isinstance(path, str):
            path += "/s-"
        body = rq.create(path, self.data(), self.acl(), flags)
        if opcode == rq.CREATE_TTL:
            body += rq.long(self.chance.choice((0, 1, 10**6, 0x10000000000)))
        return opcode, body

    def in_multi(self) -> Request:
        dice = self.chance.random()
        if dice < 0.4:
            return self.create()
        if dice < 0.6:
            return rq.DELETE, rq.path_version(self.path(), self.version())
        if dice < 0.85:
            return rq.SET_DATA, rq.set_data(self.path(), self.data(), self.version())
        if dice < 0.99:
            return rq.CHECK, rq.path_version(self.path(), self.version())
        return rq.SET_ACL, rq.set_acl(self.path(), self.acl())

    def read(self) -> Request:
        return self.chance.choice((rq.GET_DATA, rq.GET_CHILDREN)), rq.path_watch(self.path(), True)

    def draw(self) -> Request:
        chance = self.chance
        dice = chance.random()
        if dice < 0.22:
            return self.create()
        if dice < 0.32:
            return rq.DELETE, rq.path_version(self.path(), self.version())
        if dice < 0.42:
            return rq.SET_DATA, rq.set_data(self.path(), self.data(), self.version())
        if dice < 0.46:
            # Not the top or the root: without permissions there, all that follows would be refused.
            path = self.path()
            return rq.SET_ACL, rq.set_acl(
                f"{self.top}/a" if path in (self.top, "/") else path, self.acl(), self.version()
            )
        if dice < 0.54:
            return rq.MULTI, rq.multi([self.in_multi() for _ in range(chance.randrange(6))])
        if dice < 0.57:
            return rq.MULTI_READ, rq.multi([self.read() for _ in range(chance.randrange(6))])
        if dice < 0.75:
            opcode = chance.choice((rq.EXISTS, rq.GET_DATA, rq.GET_CHILDREN, rq.GET_CHILDREN2))
            return opcode, rq.path_watch(self.path(), chance.random() < 0.5)
        if dice < 0.85:
            opcode = chance.choice((rq.GET_ACL, rq.SYNC, rq.GET_EPHEMERALS, rq.GET_ALL_CHILDREN_NUMBER))
            return opcode, rq.text(self.path())
        if dice < 0.89:
            return rq.ADD_WATCH, rq.path_int(self.path(), chance.choice((0, 0, 1, 1, 2)))
        if dice < 0.94:
            return chance.choice((rq.CHECK_WATCHES, rq.REMOVE_WATCHES)), rq.path_int(self.path(), chance.randrange(7))
        if dice < 0.96 and self.with_set_watches:
            lists = [[self.path() for _ in range(chance.randrange(3))] for _ in range(5)]
            zxid = chance.choice((0, 2**40))
            if chance.random() < 0.5:
                return rq.SET_WATCHES, rq.set_watches(zxid, *lists[:3])
            return rq.SET_WATCHES2, rq.set_watches(zxid, *lists)
        if dice < 0.98:
            return rq.WHO_AM_I, b""
        if dice < 0.99:
            opcode, body = self.draw()
            return opcode, body[: chance.randrange(len(body) + 1)]
        return rq.PING, b""


@define
class History:
    """One random history; the same seed gives the same requests whatever the servers answer."""

    pair: Pair
    seed: int
    top: str
    with_set_watches: bool = True
    #: A sync before each step: who reads may be at another process than who wrote.
    syncs_first: bool = False
    chance: random.Random = field(init=False)
    requests: "RandomRequests" = field(init=False)
    sessions: list[PairSession] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.requests = RandomRequests(self.chance, self.top, with_set_watches=self.with_set_watches)

    def run(self, operations: int) -> None:
        self.sessions = [self.pair.connect() for _ in range(3)]
        self.sessions[0].call(rq.CREATE, rq.create(self.top))
        self.sessions[0].call(rq.CREATE, rq.create(f"{self.top}/kept"))
        done = 0
        while done < operations and not self.pair.differences:
            done += self.step()
        self.settle()

    def settle(self) -> None:
        """Let what is on its way to the sessions arrive."""
        if self.syncs_first:
            for session in self.sessions:
                session.call(rq.SYNC, rq.text("/"))
        self.pair.settle()

    def step(self) -> int:
        """One request, a pipeline of some, or something with a connection; returns how many requests."""
        session = self.chance.choice(self.sessions)
        if self.syncs_first:
            session.call(rq.SYNC, rq.text("/"))
        dice = self.chance.random()
        if dice < 0.02:
            self.change_connections(session)
            return 1
        if dice < 0.12:
            requests = [self.requests.draw() for _ in range(self.chance.randrange(2, 30))]
            # In Apache's server a pending setACL is not seen by the checks behind it until it is applied: timing.
            requests = [request for request in requests if request[0] != rq.SET_ACL]
            session.pipeline(requests)
            return len(requests)
        session.call(*self.requests.draw())
        if dice > 0.9:
            self.settle()
        return 1

    def change_connections(self, session: PairSession) -> None:
        what = self.chance.randrange(5)
        if what == 0 and len(self.sessions) < SESSIONS_MAX:
            self.sessions.append(self.pair.connect(timeout=40000))
        elif what == 1 and len(self.sessions) > 2:
            session.call(rq.CLOSE_SESSION)
            self.sessions.remove(session)
        elif what == 2:
            # Events on their way to the old connection are lost with it, or not: let them arrive first.
            session.call(rq.PING)
            self.sessions.append(self.pair.reconnect(session))
            session.expect_end("the older connection")
            self.sessions.remove(session)
        else:
            session.call(rq.AUTH, rq.auth("digest", f"user{self.chance.randrange(20)}:p"))


def walk(session: PairSession, path: str) -> int:
    """Compare everything about a node and all below it; returns the number of nodes."""
    session.call(rq.GET_DATA, rq.path_watch(path))
    session.call(rq.GET_ACL, rq.text(path))
    reply = session.call(rq.GET_CHILDREN2, rq.path_watch(path))
    return 1 + sum(walk(session, f"{path.rstrip('/')}/{name}") for name in child_names(reply))


def child_names(reply: bytes) -> list[str]:
    """The names in a reply to getChildren2; none if it is an error."""
    names: list[str] = []
    if len(reply) <= 16:
        return names
    count, at = int.from_bytes(reply[16:20]), 20
    for _ in range(count):
        length = int.from_bytes(reply[at : at + 4])
        names.append(reply[at + 4 : at + 4 + length].decode())
        at += 4 + length
    return names
