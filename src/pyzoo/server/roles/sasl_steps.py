"""What becomes of a token of a client that was answered beside the turns."""

from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.effects import SaslStep
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer


def sasl_done(server: ZooKeeperServer, step: SaslStep) -> bool:
    """Answer the client, and go on with what has come behind its token.

    False while its connection has no place for that, for another reply is being written: try again soon.
    """
    cnxn = step.cnxn
    assert isinstance(cnxn, ServerCnxn)
    if not server.admission.sasl_logins.done(cnxn, step):
        return False
    server.final.drain(cnxn)
    return True
