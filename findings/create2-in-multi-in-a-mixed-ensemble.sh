#!/usr/bin/env bash
# A create2 inside a multi, in an ensemble of 3.9.5 and 3.8.1 where 3.9.5 leads.
#
# Seen with Apache ZooKeeper 3.9.5 and 3.8.1 (OpenJDK 17): the leader and a 3.9.5 follower answer create (1) and create2 (15, with
# a Stat). 3.8.1 reads the type 15 of the proposal nowhere: it applies the parts before it, drops the rest without an error for
# anybody, answers with one result, and has another tree from then on. 3.8.2 and later read it (ZOOKEEPER-4026).
# A guess would be that members of 3.8 refuse the proposal, or that the leader asks what they understand.
source "$(dirname "$0")/lib/zookeeper.sh"

need 3.9.5
need 3.8.1
PYTHONPATH="$here" python3 - "$work" << 'END'
import sys

from raw import CREATE, CREATE2, EXISTS, MULTI, SYNC, Session, create, multi, multi_results, path_watch, text
from servers import Servers, expect, mode

with Servers(sys.argv[1]) as servers:
    clients = servers.ensemble(["3.8.1", "3.9.5", "3.9.5"], {})
    assert mode(clients[0]) == "follower", "3.8.1 leads"
    for number, port in enumerate(clients, 1):
        top = f"/m{number}"
        parts = [(CREATE, top), (CREATE2, f"{top}/two"), (CREATE, f"{top}/three")]
        _, _, body = Session(port).call(MULTI, multi([(opcode, create(path)) for opcode, path in parts]))
        expect(f"results at member {number}", parts[:1] if number == 1 else parts, multi_results(body))
    old, new = Session(clients[0]), Session(clients[2])
    for zk in (old, new):
        zk.call(SYNC, text("/"))
    expect("/m3/two at 3.9.5", 0, new.call(EXISTS, path_watch("/m3/two"))[1])
    expect("/m3/two at 3.8.1", -101, old.call(EXISTS, path_watch("/m3/two"))[1])
END
