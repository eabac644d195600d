"""The names of loggers as operators know them: those of Apache's classes, where a module does what one of them does."""

from typing import Final

NAMES: Final = {
    "pyzoo.audit": "Slf4jAuditLogger",
    "pyzoo.cli.serve": "ZooKeeperServerMain",
    "pyzoo.quorum.cnxmanager": "QuorumCnxManager",
    "pyzoo.quorum.leader": "Leader",
    "pyzoo.quorum.learner": "Learner",
    "pyzoo.quorum.learner_handler": "LearnerHandler",
    "pyzoo.runtime.http": "JettyAdminServer",
    "pyzoo.runtime.http_connection": "JettyAdminServer",
    "pyzoo.runtime.log_context": "Logs",
    "pyzoo.runtime.log_output": "Logs",
    "pyzoo.runtime.log_thread": "FileTxnLog",
    "pyzoo.runtime.member": "QuorumPeerMain",
    "pyzoo.runtime.peer_sasl": "SaslQuorumAuthServer",
    "pyzoo.runtime.peers": "PeerSockets",
    "pyzoo.runtime.run": "ZooKeeperServerMain",
    "pyzoo.runtime.snapshotting": "FileSnap",
    "pyzoo.runtime.storage": "FileTxnSnapLog",
    "pyzoo.runtime.tls_contexts": "X509Util",
    "pyzoo.runtime.turn": "ServerCnxnFactory",
    "pyzoo.server.commands": "FourLetterCommands",
    "pyzoo.server.peer": "QuorumPeer",
    "pyzoo.server.peer_config": "QuorumPeerConfig",
    "pyzoo.server.peer_storage": "FileTxnSnapLog",
    "pyzoo.server.quorum_server": "QuorumZooKeeperServer",
    "pyzoo.server.standalone": "ZooKeeperServer",
}


def shown_name(name: str) -> str:
    """What a line calls a logger; one that is not pyzoo's keeps its name."""
    return NAMES.get(name, name)


def loggers_named(name: str) -> list[str]:
    """The loggers that a setting means, by a shown name or by a name of Python's (with all below it)."""
    return [logger for logger, shown in NAMES.items() if shown == name] or [name]
