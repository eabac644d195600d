"""What must hold at the end, when all members are up and nobody asks for anything."""

from pyzoo.jute import opcodes as op
from pyzoo.sim.ensemble import Ensemble
from pyzoo.sim.member import SimMember
from pyzoo.sim.world import InvariantViolation

SLACK_TICKS = 6


def _nodes(member: SimMember) -> dict[str, tuple[object, ...]]:
    """All paths with everything that clients can see of them."""
    assert member.peer is not None
    tree = member.peer.database.tree
    found: dict[str, tuple[object, ...]] = {}
    for path, node in tree.nodes.items():
        if not path.startswith("/zookeeper"):
            found[path] = (node.data, node.czxid, node.mzxid, node.pzxid, node.version, node.cversion,
                           node.ephemeral_owner, node.ctime, node.mtime, node.aversion,
                           tuple((acl.perms, acl.scheme, acl.id) for acl in tree.acl_of(node)))  # fmt: skip
    return found


def _serving(ensemble: Ensemble) -> list[SimMember]:
    return [member for member in ensemble.current_members() if member.is_serving]


def require_equal_trees(ensemble: Ensemble) -> None:
    """All members have one tree, which is what the history says; raises InvariantViolation."""
    members = _serving(ensemble)
    first = _nodes(members[0])
    for member in members[1:]:
        nodes = _nodes(member)
        for path in sorted(first.keys() | nodes.keys()):
            if first.get(path) != nodes.get(path):
                raise InvariantViolation(
                    f"servers {members[0].sid} and {member.sid} differ in {path}: {first.get(path)}, {nodes.get(path)}"
                )
    ledger = ensemble.facts.ledger
    expected = {path for path in ledger.paths if ledger.state(path, ledger.last_zxid).exists and path != "/"}
    if expected != first.keys() - {"", "/"}:
        raise InvariantViolation(f"the tree differs from the history in {sorted(expected ^ first.keys())}")


def require_one_configuration(ensemble: Ensemble) -> None:
    """All members have the configuration that was committed last, and remember no other; raises InvariantViolation."""
    committed = ensemble.facts.membership
    for member in _serving(ensemble):
        peer = member.peer
        assert peer is not None
        current, last_seen = peer.configuration.current, peer.configuration.last_seen
        if not current.members.same_members(committed):
            raise InvariantViolation(f"server {member.sid} has an old configuration: {current.members.lines()}")
        if last_seen.version != current.version:
            raise InvariantViolation(
                f"server {member.sid} remembers a configuration that was never committed: {last_seen.version:#x}"
            )


def require_sessions_to_end(ensemble: Ensemble) -> None:
    """Sessions that no client holds any more expire, and only those."""
    world, ledger = ensemble.world, ensemble.facts.ledger
    longest_ms = max(ledger.session_timeouts.values(), default=0)
    leader = ensemble.leader()
    world.run_until(world.now_ms + longest_ms * 2 + SLACK_TICKS * ensemble.options.tick_ms)
    connected = {client.session_id for client in ensemble.clients if client.is_connected}
    # Bad weather goes on: a client that has just lost its connection comes back for its session.
    held = {client.session_id for client in ensemble.clients if client.is_running}
    open_sessions = set(ledger.session_created) - set(ledger.session_closed)
    if open_sessions - held:
        raise InvariantViolation(
            f"nobody holds these sessions, but they live: {sorted(map(hex, open_sessions - held))}"
        )
    if leader is not None and leader is ensemble.leader():
        for entry in reversed(ledger.entries):
            if entry.committed_ms < world.now_ms - longest_ms:
                break
            if entry.header.type == op.CLOSE_SESSION and entry.header.client_id in connected:
                raise InvariantViolation(f"session {entry.header.client_id:#x} expired although its client lives")
