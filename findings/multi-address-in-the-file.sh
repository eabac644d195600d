#!/usr/bin/env bash
# The key multiAddress.enabled does nothing for the server lines of the zoo.cfg that it stands in.
#
# Seen with Apache ZooKeeper 3.9.6 (OpenJDK 17): a member with `multiAddress.enabled=true` and two addresses in its server line ends
# with 2, "Multiple address feature is disabled". With -Dzookeeper.multiAddress.enabled=true it starts.
# A guess would be that a key that the administrator's guide lists among those of the file is enough there.
source "$(dirname "$0")/lib/zookeeper.sh"

need 3.9.6
PYTHONPATH="$here" python3 - "$work" << 'END'
import socket
import sys

from servers import ADMIN_OFF, Servers, expect, free_port, wait_for

with Servers(sys.argv[1]) as servers:

    def is_open(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def ended(name, lines, *flags):
        """What a member of two addresses ends with, or "starts" when its client port is open."""
        data, client, quorum, election = servers.work / name / "data", free_port(), free_port(), free_port()
        data.mkdir(parents=True)
        (data / "myid").write_text("1")
        addresses = "|".join(f"{host}:{quorum}:{election}" for host in ("127.0.0.1", "127.0.0.2"))
        members = {"server.1": addresses, "server.2": f"127.0.0.1:{free_port()}:{free_port()}"}
        limits = {"clientPort": client, "initLimit": 5, "syncLimit": 5}
        process = servers.start("3.9.6", name, {**limits, **lines, **members}, ADMIN_OFF, *flags)
        wait_for(lambda: process.poll() is not None or is_open(client))
        return "starts" if process.poll() is None else process.returncode

    expect("the key in zoo.cfg", 2, ended("file", {"multiAddress.enabled": "true"}))
    said = (servers.work / "file" / "output.txt").read_text()
    expect("it says that the feature is disabled", True, "Multiple address feature is disabled" in said)
    expect("the system property", "starts", ended("property", {}, "-Dzookeeper.multiAddress.enabled=true"))
END
