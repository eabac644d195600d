#!/usr/bin/env bash
# A client that begins a SASL login (opcode 102) with a server that has no login section.
#
# Seen with Apache ZooKeeper 3.9.5 (OpenJDK 17): no error and no end. Every such request is answered with success and a null token,
# whatever token it brings; the session goes on without the identity. By its code Java's client takes the null token for a failure and stops.
# A guess would be AUTHFAILED and a closed connection, as after a login that fails.
source "$(dirname "$0")/lib/zookeeper.sh"

need 3.9.5
PYTHONPATH="$here" python3 - "$work" << 'END'
import sys

from raw import CREATE, SASL, Session, create, text
from servers import Servers, expect, free_port, mode, wait_for

with Servers(sys.argv[1]) as servers:
    port = free_port()
    servers.start("3.9.5", "alone", {"clientPort": port})
    wait_for(lambda: mode(port))
    zk = Session(port)
    for token in ("", "token", ""):
        expect(f"sasl with {token!r}: zxid, error, token", (0, 0, b"\xff\xff\xff\xff"), zk.call(SASL, text(token)))
    expect("a create afterwards", 0, zk.call(CREATE, create("/a"))[1])
END
