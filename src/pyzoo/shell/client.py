"""ZooKeeper's operations as the commands use them: one call, one answer, or KeeperError with the user's path."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from attrs import frozen
from kazoo.protocol.serialization import Delete, Reconfig, SetData, Sync
from kazoo.protocol.states import ZnodeStat

from pyzoo import errors as codes
from pyzoo.errors import KeeperError
from pyzoo.shell import requests as rq
from pyzoo.shell.connection import Session
from pyzoo.shell.watches import WatcherType, Watching
from pyzoo.subtrees.acl_text import OPEN_ACL, Acl
from pyzoo.subtrees.paths import check_path, child_of, parent_of

CONFIG_NODE: Final = "/zookeeper/config"
IN_FLIGHT: Final = 128
"""Requests sent before the first answer is waited for, where many are asked."""


@frozen
class Node:
    """A node as it was read, its children in the server's order; the parts that nobody asked for are empty."""

    path: str
    stat: ZnodeStat
    data: bytes | None = None
    children: tuple[str, ...] = ()
    acl: tuple[Acl, ...] = ()


@frozen
class NewNode:
    """A node to create; `mode` is one of requests.FLAGS, `ttl_ms` is for those with a time to live."""

    path: str
    data: bytes | None = None
    acl: Sequence[Acl] = OPEN_ACL
    mode: str = "persistent"
    ttl_ms: int | None = None


class ZooKeeper:
    """A handle on a session. All calls raise KeeperError, and MalformedPath before anything is sent."""

    def __init__(self, session: Session) -> None:
        self.session = session
        session.open()

    def close(self) -> None:
        """End the session, and with it its ephemeral nodes."""
        self.session.end()

    def _ask(self, request: Any, path: str, timeout_s: float | None = None) -> Any:
        return self.session.result_of(self.session.submit(request), path, timeout_s)

    def _path(self, path: str) -> str:
        check_path(path)
        return self.session.server_path(path)

    def create(self, path: str, data: bytes | None = None) -> str:
        """Create a persistent node with an open ACL."""
        return self.create_node(NewNode(path, data))

    def create_node(self, node: NewNode) -> str:
        """Create a node; returns its path, with the number of a sequential one."""
        return self.session.client_path(self._ask(self._creation(node), node.path))

    def create_many(self, nodes: Sequence[NewNode]) -> list[int]:
        """Create nodes at once, in their order; returns the error code of each, 0 for those that were made."""
        answers = [(node, self.session.submit(self._creation(node))) for node in nodes]
        return [self._code_of(answer, node.path) for node, answer in answers]

    def _code_of(self, answer: Any, path: str) -> int:
        try:
            self.session.result_of(answer, path)
        except KeeperError as error:
            return error.code
        return codes.OK

    def _creation(self, node: NewNode) -> rq.Create:
        check_path(node.path, node.mode.endswith("sequential"))
        if not node.acl:
            raise KeeperError(codes.INVALIDACL)
        flags = rq.FLAGS[node.mode]
        return rq.Create(self.session.server_path(node.path), node.data, node.acl, flags, node.ttl_ms)

    def delete(self, path: str, version: int = -1) -> None:
        """Delete a node without children; version -1 is any."""
        self._ask(Delete(self._path(path), version), path)

    def delete_many(self, paths: Sequence[str]) -> Any:
        """Begin to delete nodes in one multi; `finish_delete` waits for it."""
        return self.session.submit(rq.DeleteMany([self._path(path) for path in paths]))

    def finish_delete(self, answer: Any) -> bool:
        """Whether a multi of deletes was carried out."""
        try:
            return bool(self.session.result_of(answer, "") == codes.OK)
        except KeeperError:
            return False

    def exists(self, path: str, watch: bool = False) -> ZnodeStat | None:
        """The stat, None for a node that is not there."""
        try:
            stat: ZnodeStat = self._ask(rq.Exists(self._path(path), watch), path)
        except KeeperError as error:
            if error.code == codes.NONODE:
                return None
            raise
        return stat

    def get_data(self, path: str, watch: bool = False) -> tuple[bytes | None, ZnodeStat]:
        """Data, None for null, and stat."""
        answer: tuple[bytes | None, ZnodeStat] = self._ask(rq.GetData(self._path(path), watch), path)
        return answer

    def set_data(self, path: str, data: bytes | None, version: int = -1) -> ZnodeStat:
        """Set the data; version -1 is any."""
        return self._ask(SetData(self._path(path), data, version), path)

    def get_children(self, path: str, watch: bool = False) -> tuple[list[str], ZnodeStat]:
        """The names of the children, sorted, and the stat."""
        names, stat = self._ask(rq.GetChildren(self._path(path), watch), path)
        return sorted(names), stat

    def get_acl(self, path: str) -> tuple[list[Acl], ZnodeStat]:
        """The ACL and the stat."""
        answer: tuple[list[Acl], ZnodeStat] = self._ask(rq.GetAcl(self._path(path)), path)
        return answer

    def set_acl(self, path: str, acl: Sequence[Acl], version: int = -1) -> ZnodeStat:
        """Set the ACL; version -1 is any."""
        if not acl:
            raise KeeperError(codes.INVALIDACL)
        return self._ask(rq.SetAcl(self._path(path), acl, version), path)

    def sync(self, path: str, timeout_s: float) -> None:
        """Wait until this server has seen what the leader has."""
        self._ask(Sync(self._path(path)), path, timeout_s)

    def get_ephemerals(self, prefix: str = "/") -> list[str]:
        """The ephemeral nodes of this session below a path."""
        return [self.session.client_path(path) for path in self._ask(rq.GetEphemerals(self._path(prefix)), "")]

    def get_all_children_number(self, path: str) -> int:
        """How many nodes are below a path."""
        return int(self._ask(rq.GetAllChildrenNumber(self._path(path)), path))

    def get_config(self, watch: bool = False) -> tuple[bytes | None, ZnodeStat]:
        """The membership as the config node has it, whatever the chroot."""
        answer: tuple[bytes | None, ZnodeStat] = self._ask(rq.GetData(CONFIG_NODE, watch), CONFIG_NODE)
        return answer

    def reconfigure(
        self, joining: str | None, leaving: str | None, members: str | None, version: int
    ) -> tuple[bytes, ZnodeStat]:
        """Change the membership; returns the new configuration and the stat of its node."""
        answer: tuple[bytes, ZnodeStat] = self._ask(Reconfig(joining, leaving, members, version), "")
        return answer

    def add_watch(self, path: str, recursive: bool) -> None:
        """A persistent watch."""
        way = Watching.RECURSIVE if recursive else Watching.PERSISTENT
        self._ask(rq.AddWatch(self._path(path), way), path)

    def remove_watches(self, path: str, type: WatcherType, local: bool) -> None:
        """Remove watches of a type; `local` without the server where there is no connection."""
        self.session.remove_watches(rq.RemoveWatches(self._path(path), type), path, local)

    def who_am_i(self) -> list[tuple[str, str]]:
        """Schemes and users that this connection is known as."""
        answer: list[tuple[str, str]] = self._ask(rq.WhoAmI(), "")
        return answer

    def read_many(
        self, paths: Sequence[str], data: bool = False, acl: bool = False, watch: bool = False
    ) -> Iterator[Node | None]:
        """Read nodes at once, with their children, which `watch` watches; None for those that are gone."""
        for at in range(0, len(paths), IN_FLIGHT):
            piece = paths[at : at + IN_FLIGHT]
            sent = [
                (path, [self.session.submit(each) for each in self._reads(path, data, acl, watch)]) for path in piece
            ]
            for path, answers in sent:
                yield self._node(path, answers, data, acl)

    def _reads(self, path: str, data: bool, acl: bool, watch: bool) -> Iterable[Any]:
        server_path = self._path(path)
        yield rq.GetChildren(server_path, watch)
        if data:
            yield rq.GetData(server_path)
        if acl:
            yield rq.GetAcl(server_path)

    def _node(self, path: str, answers: Sequence[Any], data: bool, acl: bool) -> Node | None:
        try:
            results = [self.session.result_of(answer, path) for answer in answers]
        except KeeperError as error:
            if error.code == codes.NONODE:
                return None
            raise
        names, stat = results[0]
        content, stat = results[1] if data else (None, stat)
        entries = tuple(results[-1][0]) if acl else ()
        return Node(path, stat, content, tuple(names), entries)

    def walk(self, path: str, data: bool = False, acl: bool = False, depth: int | None = None) -> Iterator[Node]:
        """A node and all below it, down to `depth` levels, level by level in the server's order of children.

        Nodes that go meanwhile are left out. Raises KeeperError when the first one is not there.
        """
        first = next(self.read_many([path], data, acl))
        if first is None:
            raise KeeperError(codes.NONODE, path)
        level, reached = [first], 0
        while level:
            yield from level
            if reached == depth:
                return
            below = [child_of(node.path, name) for node in level for name in node.children]
            level, reached = [node for node in self.read_many(below, data, acl) if node is not None], reached + 1


def create_missing(zk: ZooKeeper, path: str) -> None:
    """Create a node and those above it, unless they are there."""
    missing = []
    while path != "/" and zk.exists(path) is None:
        missing.append(path)
        path = parent_of(path)
    for each in reversed(missing):
        try:
            zk.create(each)
        except KeeperError as error:
            if error.code != codes.NODEEXISTS:
                raise
