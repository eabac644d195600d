#!/usr/bin/env bash
# An ephemeral in a local session that may not become global (localSessionsEnabled without localSessionsUpgradingEnabled).
#
# Seen with Apache ZooKeeper 3.9.5 (OpenJDK 17): the refusal is no answer of the member alone, it takes a zxid. A create is answered
# -120 (EphemeralOnLocalSession) everywhere; the same create within a multi is -112 (SessionExpired) through a follower and -120 at
# the leader, with 0 in the header of the reply. A container with an ephemeral flag is -112 in both places.
# A guess would be one error, -120, and no transaction.
source "$(dirname "$0")/lib/zookeeper.sh"

need 3.9.5
PYTHONPATH="$here" python3 - "$work" << 'END'
import sys

from raw import CREATE, CREATE_CONTAINER, MULTI, SYNC, Session, create, multi, multi_results, text
from servers import Servers, expect, mode

with Servers(sys.argv[1]) as servers:
    clients = servers.ensemble(["3.9.5"] * 3, {"localSessionsEnabled": "true"})
    Session(clients[0]).call(CREATE, create("/first"))
    for port in clients:
        role = mode(port)
        zk = Session(port)
        before = zk.call(SYNC, text("/"))[0]
        zxid, error, _ = zk.call(CREATE, create("/e", flags=1))
        expect(f"create at a {role}: zxids, error", (1, -120), (zxid - before, error))
        zxid, error, body = zk.call(MULTI, multi([(CREATE, create("/p")), (CREATE, create("/e", flags=1))]))
        expect(f"multi at a {role}: zxids, error", (2, 0), (zxid - before, error))
        expect(f"its results at a {role}", [(-1, 0), (-1, -120 if role == "leader" else -112)], multi_results(body))
        expect(f"container at a {role}", -112, zk.call(CREATE_CONTAINER, create("/c", flags=1))[1])
END
