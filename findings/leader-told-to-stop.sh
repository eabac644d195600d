#!/usr/bin/env bash
# A leader that ends in good order (SIGTERM, as every service manager sends it) leaves the ensemble without a leader for longer than one
# that is killed (SIGKILL).
#
# Seen with Apache ZooKeeper 3.9.5 (OpenJDK 17), three members, medians of five in turns, from the signal until another member says that
# it leads: 635 ms after SIGKILL, 909 ms after SIGTERM.
# A guess would be that a stop in good order is the gentler one: nobody is told of it, and what the process still does takes time.
source "$(dirname "$0")/lib/zookeeper.sh"

need 3.9.5
PYTHONPATH="$here" python3 - "$work" << 'END'
import signal
import statistics
import sys
import time

from servers import Servers, mode, wait_for

with Servers(sys.argv[1]) as servers:
    clients = servers.ensemble(["3.9.5"] * 3, {})
    members = list(servers.running)
    times = {signal.SIGKILL: [], signal.SIGTERM: []}
    for number in range(10):
        wait_for(lambda: sorted(map(mode, clients)) == ["follower", "follower", "leader"])
        time.sleep(2)
        leader = [mode(port) for port in clients].index("leader")
        others = [port for port in clients if port != clients[leader]]
        told = signal.SIGTERM if number % 2 else signal.SIGKILL
        began = time.monotonic()
        members[leader].send_signal(told)
        while "leader" not in map(mode, others):
            assert time.monotonic() < began + 60
            time.sleep(0.005)
        times[told].append(time.monotonic() - began)
        members[leader].wait()
        lines = dict(line.split("=", 1) for line in (servers.work / f"member{leader + 1}" / "zoo.cfg").read_text().split())
        members[leader] = servers.start("3.9.5", f"member{leader + 1}", lines)
    medians = {told.name: statistics.median(seconds) for told, seconds in times.items()}
    print({name: f"{seconds * 1000:.0f} ms" for name, seconds in medians.items()})
    assert medians["SIGTERM"] > medians["SIGKILL"] * 1.1, "CHANGED, a leader that was told to stop was missed for longer"
END
