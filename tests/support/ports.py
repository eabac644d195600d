"""Ports for ensembles that are told where to begin."""

import random

from pyzoo.runtime.ensemble_plan import PortTaken, new_plan, refuse_taken_ports

LOOPBACK = "127.0.0.1"


def free_base_port(members: int = 3) -> int:
    """From here on the client, quorum and election ports of so many members are free."""
    while True:
        # Below the ports that the system gives to others at any time.
        port = random.randrange(20_000, 30_000)
        try:
            refuse_taken_ports(LOOPBACK, new_plan(members, 0, LOOPBACK, port, 2000).members)
        except PortTaken:
            continue
        return port
