"""The names of loggers as operators know them: those of Apache's classes, where a module does what one of them does.

The table has those that the name of the module does not lead to.
"""

import logging
from typing import Final

NAMES: Final = {
    "pyzoo.audit": "Slf4jAuditLogger",
    "pyzoo.cli.serve": "ZooKeeperServerMain",
    "pyzoo.quorum.cnxmanager": "QuorumCnxManager",
    "pyzoo.quorum.learner_sync": "Learner",
    "pyzoo.runtime.http": "JettyAdminServer",
    "pyzoo.runtime.http_connection": "JettyAdminServer",
    "pyzoo.runtime.log_context": "Logs",
    "pyzoo.runtime.log_output": "Logs",
    "pyzoo.runtime.log_thread": "FileTxnLog",
    "pyzoo.runtime.logins.client_logins": "SaslLogins",
    "pyzoo.runtime.member": "QuorumPeerMain",
    "pyzoo.runtime.tls.revocation": "X509Util",
    "pyzoo.runtime.stop_signals": "ZooKeeperServerMain",
    "pyzoo.runtime.snapshotting": "FileSnap",
    "pyzoo.runtime.storage": "FileTxnSnapLog",
    "pyzoo.runtime.server_tasks": "FileSnap",
    "pyzoo.runtime.tls.certificate_dates": "X509Util",
    "pyzoo.runtime.tls.contexts": "X509Util",
    "pyzoo.runtime.transport.client_port": "ServerCnxnFactory",
    "pyzoo.runtime.transport.endpoint": "ServerCnxnFactory",
    "pyzoo.runtime.transport.peer_listeners": "PeerSockets",
    "pyzoo.runtime.transport.peer_port": "PeerSockets",
    "pyzoo.server.clients.cnxn_factory": "ZooKeeperServer",
    "pyzoo.server.clients.handshake": "ZooKeeperServer",
    "pyzoo.server.operators.words": "FourLetterCommands",
    "pyzoo.server.member.peer": "QuorumPeer",
    "pyzoo.server.member.config_files": "QuorumPeerConfig",
    "pyzoo.server.member.looking": "QuorumPeer",
    "pyzoo.server.member.messenger": "FastLeaderElection",
    "pyzoo.server.member.restore": "EnsembleRestore",
    "pyzoo.server.member.storage": "FileTxnSnapLog",
    "pyzoo.server.roles.quorum": "QuorumZooKeeperServer",
    "pyzoo.server.roles.session_expirer": "ZooKeeperServer",
    "pyzoo.server.roles.zookeeper_server": "ZooKeeperServer",
}


def shown_name(name: str) -> str:
    """What a line calls a logger: `pyzoo.quorum.learner_handler` is LearnerHandler; other libraries keep names."""
    if not name.startswith("pyzoo."):
        return name
    return NAMES.get(name) or "".join(word.capitalize() for word in name.rpartition(".")[2].split("_"))


def loggers_named(name: str) -> list[str]:
    """The loggers that a setting means, by a shown name or by a name of Python's (with all below it)."""
    known = {*NAMES, *logging.getLogger().manager.loggerDict}
    return sorted(logger for logger in known if shown_name(logger) == name) or [name]
