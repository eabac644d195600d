"""Reconfiguration as pure functions: what a request asks for, who leads afterwards, what changes for a member.

    request    check_reconfig, proposed_members    the leader, before it proposes (PrepRequestProcessor)
    commit     designated_leader                   the leader (Leader.getDesignatedLeader)
    activate   change_of                           every member (QuorumPeer.processReconfig)

The caller gives a proposed list its version, the zxid of the reconfig.
"""

from collections.abc import Sequence, Set
from typing import Final

from attrs import evolve, frozen

from pyzoo.config.java_numbers import parse_decimal
from pyzoo.config.membership import Membership, QuorumServer, members_of_text, parse_server, parse_version
from pyzoo.config.properties import Property, parse_properties
from pyzoo.errors import (
    BADARGUMENTS,
    BADVERSION,
    MARSHALLINGERROR,
    RECONFIGDISABLED,
    RECONFIGINPROGRESS,
    ConfigError,
    KeeperError,
)
from pyzoo.quorum.verifier import QuorumVerifier

ANY_VERSION: Final = -1
_EXEMPT_HOSTS: Final = ("localhost", "0.0.0.0", "::", "::1")

# --- the request


def check_reconfig(enabled: bool, in_progress: bool, cur_config_id: int, last_seen_version: int) -> None:
    """Raise the KeeperError of a reconfig that cannot begin now, whatever it asks for."""
    if not enabled:
        raise KeeperError(RECONFIGDISABLED)
    if in_progress:
        raise KeeperError(RECONFIGINPROGRESS)
    if cur_config_id not in (ANY_VERSION, last_seen_version):
        raise KeeperError(BADVERSION)


def proposed_members(
    last_seen: QuorumVerifier,
    joining: str | None,
    leaving: str | None,
    new_members: str | None,
    standalone_enabled: bool,
    multi_address: bool = False,
) -> Membership:
    """The members after a request: all of `new_members`, or else those last seen, less and more some.

    Raises KeeperError: BADARGUMENTS, or MARSHALLINGERROR where Apache's server stumbles over a number or over
    observers without voters.
    """
    if new_members is not None:
        members = _whole_list(new_members, standalone_enabled, multi_address)
    elif last_seen.members.hierarchical:
        raise KeeperError(BADARGUMENTS)  # groups can only be given whole
    else:
        servers = {server.id: server for server in last_seen.members.servers}
        _remove(servers, leaving)
        _add(servers, joining, multi_address)
        members = Membership(tuple(servers[sid] for sid in sorted(servers)))
    if len(members.voters) < (2 if standalone_enabled else 1):
        raise KeeperError(BADARGUMENTS)
    return evolve(members, version=0)


def _whole_list(text: str, standalone_enabled: bool, multi_address: bool) -> Membership:
    """The list that a client gives, with commas or line ends between the entries."""
    lines = text.replace(",", "\n")
    _check_numbers(lines)
    try:
        members = members_of_text(lines, multi_address)
    except ConfigError as error:
        raise KeeperError(BADARGUMENTS) from error
    voters, observers = len(members.voters), len(members.observers)
    # The other lists with too few voters are BADARGUMENTS, see QuorumPeerConfig.parseDynamicConfig.
    if (voters == 0 and not standalone_enabled) or (observers and voters < (2 if standalone_enabled else 1)):
        raise KeeperError(MARSHALLINGERROR)
    return members


def _check_numbers(text: str) -> None:
    """Numbers of the list that are none; the ports have their own error."""
    try:
        entries = parse_properties(text)
    except ConfigError as error:
        raise KeeperError(MARSHALLINGERROR) from error
    for entry in entries.values():
        if entry.key == "version":
            numbers = [parse_version(entry.value)]
        elif entry.key.startswith("server."):
            numbers = [parse_decimal(entry.key[7:], 64)]
        elif entry.key.startswith(("group", "weight")):
            numbers = [parse_decimal(one, 64) for one in (entry.key.partition(".")[2], *entry.value.split(":"))]
        else:
            continue
        if None in numbers:
            raise KeeperError(MARSHALLINGERROR)


def _remove(servers: dict[int, QuorumServer], leaving: str | None) -> None:
    """Take out the servers of `N,N`; unknown ones may be named."""
    for text in _items(leaving, ","):
        servers.pop(_sid(text), None)


def _add(servers: dict[int, QuorumServer], joining: str | None, multi_address: bool) -> None:
    """Put in the servers of `server.N=...,server.N=...`; one that is known gets its new line.

    No two may listen at the same place (QuorumServer.checkAddressDuplicate).
    """
    taken: dict[tuple[str, int], set[int]] = {}
    for known in servers.values():
        _take_places(taken, known)
    for text in _items(joining, ","):
        parts = _items(text, "=")
        if len(parts) != 2:
            raise KeeperError(BADARGUMENTS)
        sid = _sid(parts[0].rpartition(".")[2])
        try:
            joiner = parse_server(sid, Property(f"server.{sid}", parts[1], 0), None, multi_address)
        except ConfigError as error:
            raise KeeperError(BADARGUMENTS) from error
        if joiner.client_port is None or any(taken.get(place, set()) - {sid} for place in _places(joiner)):
            raise KeeperError(BADARGUMENTS)
        if sid in servers:
            for place in _places(servers[sid]):
                taken[place].discard(sid)
        servers[sid] = joiner
        _take_places(taken, joiner)


def _take_places(taken: dict[tuple[str, int], set[int]], server: QuorumServer) -> None:
    for place in _places(server):
        taken.setdefault(place, set()).add(server.id)


def _items(text: str | None, separator: str) -> list[str]:
    """The parts that are not blank, trimmed (StringUtils.split)."""
    return [item for part in (text or "").split(separator) if (item := part.strip())]


def _sid(text: str) -> int:
    sid = parse_decimal(text, 64)
    if sid is None:
        raise KeeperError(MARSHALLINGERROR)
    return sid


def _places(server: QuorumServer) -> Set[tuple[str, int]]:
    """Where it listens, without hosts that are another machine for each server: the loopback, and all."""
    places = set(server.quorum_addresses | server.election_addresses)
    if server.client_address is not None:
        places.add(server.client_address)
    return {(host, port) for host, port in places if host not in _EXEMPT_HOSTS and not host.startswith("127.")}


# --- the commit


def designated_leader(
    my_id: int, current: Membership, new: Membership, ackers: Set[int], following_acks: Sequence[Set[int]]
) -> int:
    """Who is to lead the new members: the leader itself, if it keeps its vote and its quorum address.

    Else a new voter among `ackers` of the reconfig, of those the one that acknowledged the most of the
    proposals behind it; `following_acks` are their ackers, in order.
    """
    me, me_before = _voter(new, my_id), current.server(my_id)
    if me is not None and me_before is not None and me.quorum_addresses == me_before.quorum_addresses:
        return my_id
    candidates = {server.id for server in new.voters if server.id in ackers} - {my_id}
    if not candidates:
        return my_id  # it is the only voter and moved
    for acks in following_acks:
        if candidates.isdisjoint(acks):
            break
        candidates &= acks
    return min(candidates)


# --- the activation


@frozen
class ConfigChange:
    """What a new member list changes for one member; all False when it says nothing new."""

    content_changed: bool = False  # the election module has to start anew
    role_changed: bool = False  # participant to observer or back
    leader_changed: bool = False

    @property
    def major(self) -> bool:
        """Whether the member has to leave its leader."""
        return self.role_changed or self.leader_changed


def change_of(old: Membership, new: Membership, my_id: int, vote_leader: int, designated: int | None) -> ConfigChange:
    """What changes for `my_id`, which follows `vote_leader`, when `new` becomes current.

    Without a `designated` leader the present one stays if it votes in both lists at the same quorum address. A
    list that is not newer, or has the same members, changes nothing.
    """
    if new.version <= old.version or old.same_members(new):
        return ConfigChange()
    before, after = old.server(my_id), new.server(my_id)
    return ConfigChange(
        content_changed=True,
        role_changed=_observes(before) != _observes(after),
        leader_changed=_leader_moves(old, new, vote_leader) if designated is None else designated != vote_leader,
    )


def _observes(server: QuorumServer | None) -> bool:
    """Whether it is an observer; one that is not in the list counts as a participant."""
    return server is not None and server.observer


def _leader_moves(old: Membership, new: Membership, leader: int) -> bool:
    before, after = _voter(old, leader), _voter(new, leader)
    return before is None or after is None or before.quorum_addresses != after.quorum_addresses


def _voter(members: Membership, sid: int) -> QuorumServer | None:
    server = members.server(sid)
    return None if server is None or server.observer else server
