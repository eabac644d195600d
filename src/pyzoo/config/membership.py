"""The members of an ensemble: `server.N`, `group.G` and `weight.N` lines, and their canonical text.

The grammar is that of QuorumPeer.QuorumServer and QuorumHierarchical. Host names are not looked up here.
"""

import re
from collections.abc import Iterable
from typing import Final

from attrs import frozen

from pyzoo.config.hosts import ANY_HOST
from pyzoo.config.java_numbers import parse_decimal, whole_number
from pyzoo.config.properties import Property, parse_properties
from pyzoo.errors import ConfigError

SERVER_FORM: Final = "host:quorumPort:electionPort[:participant|:observer][;[clientHost:]clientPort]"
_HEXADECIMAL: Final = re.compile(r"[0-9a-fA-F]+", re.ASCII)


@frozen
class ServerAddress:
    """One address of a member; IPv6 hosts are kept without brackets."""

    host: str
    quorum_port: int
    election_port: int

    def __str__(self) -> str:
        return f"{_bracketed(self.host)}:{self.quorum_port}:{self.election_port}"


@frozen
class QuorumServer:
    """One `server.N` line; the client part is None when the line does not name it."""

    id: int
    addresses: tuple[ServerAddress, ...]
    observer: bool = False
    client_host: str | None = None
    client_port: int | None = None

    @property
    def quorum_addresses(self) -> frozenset[tuple[str, int]]:
        """Where it listens as a leader; equal sets are the same place, in any order."""
        return frozenset((address.host.lower(), address.quorum_port) for address in self.addresses)

    @property
    def election_addresses(self) -> frozenset[tuple[str, int]]:
        """Where it listens for elections."""
        return frozenset((address.host.lower(), address.election_port) for address in self.addresses)

    @property
    def client_address(self) -> tuple[str, int] | None:
        """Where it listens for clients, None when the line does not say."""
        return None if self.client_port is None else ((self.client_host or ANY_HOST).lower(), self.client_port)

    def same_server(self, other: "QuorumServer") -> bool:
        """Whether both lines mean the same, however they are written (QuorumServer.equals)."""
        return (
            (self.id, self.observer, self.client_address) == (other.id, other.observer, other.client_address)
            and self.quorum_addresses == other.quorum_addresses
            and self.election_addresses == other.election_addresses
        )

    def __str__(self) -> str:
        """The canonical value (QuorumServer.toString): addresses sorted by host, the role always written."""
        text = "|".join(str(address) for address in sorted(self.addresses, key=lambda one: one.host))
        text += ":observer" if self.observer else ":participant"
        if self.client_port is not None:
            text += f";{_bracketed(self.client_host or ANY_HOST)}:{self.client_port}"
        return text


@frozen
class Membership:
    """Who belongs to the ensemble; `groups` and `weights` are empty unless quorums are hierarchical."""

    servers: tuple[QuorumServer, ...] = ()
    groups: tuple[tuple[int, tuple[int, ...]], ...] = ()
    weights: tuple[tuple[int, int], ...] = ()
    version: int = 0

    @property
    def voters(self) -> tuple[QuorumServer, ...]:
        """The participants, by id."""
        return tuple(server for server in self.servers if not server.observer)

    @property
    def observers(self) -> tuple[QuorumServer, ...]:
        """The members without a vote, by id."""
        return tuple(server for server in self.servers if server.observer)

    def server(self, id: int) -> QuorumServer | None:
        """The member with that id."""
        return next((server for server in self.servers if server.id == id), None)

    @property
    def hierarchical(self) -> bool:
        """Whether groups decide, not the majority of all."""
        return bool(self.groups or self.weights)

    def all_weights(self) -> dict[int, int]:
        """With groups: the weights by server, those of 1 that no line gives included. Else nothing."""
        if not self.hierarchical:
            return {}
        weights = {server.id: 1 for server in self.voters} | dict(self.weights)
        return {sid: weights[sid] for sid in sorted(weights)}

    def same_members(self, other: "Membership") -> bool:
        """Whether both lists mean the same, whatever their versions (QuorumMaj.equals, QuorumHierarchical.equals)."""
        return (
            len(self.servers) == len(other.servers)
            and all((twin := other.server(one.id)) is not None and one.same_server(twin) for one in self.servers)
            and {group: set(sids) for group, sids in self.groups} == {group: set(sids) for group, sids in other.groups}
            and self.all_weights() == other.all_weights()
        )

    def is_distributed(self, standalone_enabled: bool) -> bool:
        """Whether this is an ensemble; one voter is a standalone server unless that is switched off."""
        return len(self.voters) > (1 if standalone_enabled else 0)

    def lines(self) -> list[str]:
        """Canonical lines without the version: servers, groups, weights."""
        return [
            *(f"server.{server.id}={server}" for server in self.servers),
            *(f"group.{group}={':'.join(map(str, sorted(sids)))}" for group, sids in self.groups),
            *(f"weight.{sid}={weight}" for sid, weight in self.all_weights().items()),
        ]

    def text(self) -> str:
        """The text of /zookeeper/config: the lines, then the version in hex without a newline."""
        return "\n".join([*self.lines(), f"version={self.version:x}"])


def is_membership_key(key: str) -> bool:
    """Whether a key belongs to the member list rather than to the other settings."""
    return key.startswith(("server.", "group", "weight"))


def parse_membership(
    entries: Iterable[Property], path: str | None, version: int = 0, multi_address: bool = False
) -> Membership:
    """The members that these entries describe; raises ConfigError at the first entry that is wrong."""
    servers: dict[int, QuorumServer] = {}
    groups: dict[int, tuple[int, ...]] = {}
    weights: dict[int, int] = {}
    grouped: set[int] = set()
    for entry in entries:
        sid = _number(entry.key.partition(".")[2], entry, path, "the number after the dot")
        if entry.key.startswith("server."):
            servers[sid] = parse_server(sid, entry, path, multi_address)
        elif entry.key.startswith("group"):
            grouped.difference_update(groups.get(sid, ()))
            groups[sid] = tuple(_number(part, entry, path, "each server id") for part in entry.value.split(":"))
            _refuse_shared_members(grouped, set(groups[sid]), entry, path)
            grouped.update(groups[sid])
        else:
            weights[sid] = _number(entry.value, entry, path, "the weight")
    members = Membership(
        tuple(servers[sid] for sid in sorted(servers)), tuple(groups.items()), tuple(weights.items()), version
    )
    _check_everyone_is_grouped(members, path)
    return members


def members_of_text(text: str, multi_address: bool = True, path: str | None = None) -> Membership:
    """The members of a whole configuration text: of a peer, a client, the config node or a `.next` file.

    Its version is 0 unless a line says otherwise. Raises ConfigError, for keys that do not belong there too.
    """
    entries = parse_properties(text, path)
    given = entries.pop("version", None)
    for entry in entries.values():
        if not is_membership_key(entry.key):
            raise _error(f"{entry.key} is not known here: only server, group and weight lines are", entry, path)
    version = 0 if given is None else parse_version(given.value)
    if version is None:
        assert given is not None
        raise ConfigError(f"version={given.value}: it must be a hexadecimal number", path, given.line, "version")
    return parse_membership(entries.values(), path, version, multi_address)


def parse_version(text: str) -> int | None:
    """The version of a configuration from its hexadecimal digits (a zxid, 63 bits); None when it is not one."""
    if not _HEXADECIMAL.fullmatch(text) or int(text, 16) >= 1 << 63:
        return None
    return int(text, 16)


def parse_server(id: int, entry: Property, path: str | None, multi_address: bool) -> QuorumServer:
    """Parse the value of one `server.N` line."""
    parts = entry.value.split(";")
    addresses: list[ServerAddress] = []
    roles: set[str] = set()
    for text in parts[0].split("|"):
        fields = _host_and_rest(text.strip())
        if len(parts) > 2 or len(fields) not in (3, 4) or not fields[0]:
            raise _malformed(entry, path)
        quorum_port, election_port = (_port(field, entry, path) for field in fields[1:3])
        if quorum_port == election_port:
            raise _error(f"{entry.key}: the two ports {quorum_port} must differ", entry, path)
        roles.add(fields[3].lower() if len(fields) == 4 else "participant")
        addresses.append(ServerAddress(fields[0], quorum_port, election_port))
    wrong = sorted(roles - {"participant", "observer"})
    if wrong:
        raise _error(f"{entry.key}: the role must be participant or observer, not {wrong[0]!r}", entry, path)
    if len(roles) > 1:
        raise _error(f"{entry.key}: all addresses of a server need the same role", entry, path)
    if len(addresses) > 1 and not multi_address:
        raise _error(f"{entry.key} has several addresses: that needs multiAddress.enabled=true", entry, path)
    client_host, client_port = _client(parts[1], entry, path) if len(parts) == 2 else (None, None)
    return QuorumServer(id, tuple(addresses), roles == {"observer"}, client_host, client_port)


def _client(text: str, entry: Property, path: str | None) -> tuple[str | None, int]:
    """Host and port of `[host:]port`."""
    fields = _host_and_rest(text.strip())
    if len(fields) == 1:
        return ANY_HOST, _port(fields[0], entry, path)
    if len(fields) != 2 or not fields[0]:
        raise _malformed(entry, path)
    return fields[0], _port(fields[1], entry, path)


def _host_and_rest(text: str) -> list[str]:
    """Cut at colons, with an IPv6 host in brackets as one field (ConfigUtils.getHostAndPort)."""
    if not text.startswith("["):
        return text.split(":")
    host, bracket, rest = text[1:].partition("]")
    if not bracket or (rest and not rest.startswith(":")):
        return []
    return [host, *rest[1:].split(":")] if rest else [host]


def _port(text: str, entry: Property, path: str | None) -> int:
    port = whole_number(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= port <= 65535:
        raise _malformed(entry, path)
    return port


def _number(text: str, entry: Property, path: str | None, what: str) -> int:
    number = parse_decimal(text.strip(), 64)
    if number is None:
        raise _error(f"{entry.key}={entry.value}: {what} must be a whole number, not {text!r}", entry, path)
    return number


def _error(text: str, entry: Property, path: str | None) -> ConfigError:
    return ConfigError(text, path, entry.line, entry.key)


def _malformed(entry: Property, path: str | None) -> ConfigError:
    return _error(f"{entry.key}={entry.value} does not have the form {SERVER_FORM}", entry, path)


def _refuse_shared_members(grouped: set[int], ids: set[int], entry: Property, path: str | None) -> None:
    """Raise ConfigError for a group with members of others, which are `grouped`."""
    shared = grouped & ids
    if shared:
        raise ConfigError(
            f"{entry.key}: server {min(shared)} is in two groups; it may be in one", path, entry.line, entry.key
        )


def _check_everyone_is_grouped(members: Membership, path: str | None) -> None:
    if not members.groups and not members.weights:
        return
    grouped = {sid for _, sids in members.groups for sid in sids}
    for server in members.voters:
        if server.id not in grouped:
            raise ConfigError(
                f"server.{server.id} is in no group: with group or weight lines each needs one",
                path,
                None,
                f"server.{server.id}",
            )


def quorum_addresses(server: QuorumServer) -> list[tuple[str, int]]:
    """Where a leader's learners connect."""
    return [(address.host, address.quorum_port) for address in server.addresses]


def election_addresses(server: QuorumServer) -> list[tuple[str, int]]:
    """Where electing servers connect."""
    return [(address.host, address.election_port) for address in server.addresses]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
