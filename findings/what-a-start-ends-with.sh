#!/usr/bin/env bash
# Exit codes of starts that fail, and starts that do not.
#
# Seen with Apache ZooKeeper 3.9.5 (OpenJDK 17): an AdminServer port that is taken ends a server that is alone with 4, and a member of
# an ensemble goes on without it. myid that is missing is an invalid configuration (2), one without a server line an uncaught
# exception (1). A newest log of 1 to 15 bytes, or of zeros, is refused (1), one of 0 bytes is deleted and the server starts; a
# data directory whose only snapshot is cut off starts as an empty database.
# A guess would be one code for each kind of mistake, and that no server starts empty where it has a snapshot.
source "$(dirname "$0")/lib/zookeeper.sh"

need 3.9.5
PYTHONPATH="$here" python3 - "$work" << 'END'
import shutil
import socket
import sys

from servers import Servers, expect, free_port, mode, wait_for

with Servers(sys.argv[1]) as servers:

    def ended(name, lines, prepare=lambda data: None, flags=()):
        """The exit code, or "serves"."""
        data, port = servers.work / name / "data", free_port()
        (data / "version-2").mkdir(parents=True)
        prepare(data)
        process = servers.start("3.9.5", name, {"clientPort": port, **lines}, *flags)
        wait_for(lambda: process.poll() is not None or mode(port))
        return "serves" if process.poll() is None else process.returncode

    def member(my_id):
        return lambda data: my_id and (data / "myid").write_text(my_id)

    def newest_log(contents):
        def prepare(data):
            shutil.copy(servers.work / "first" / "data" / "version-2" / "snapshot.0", data / "version-2")
            (data / "version-2" / "log.1").write_bytes(contents)

        return prepare

    def cut_snapshot(data):
        (data / "version-2" / "snapshot.5").write_bytes(b"ZKSN" + bytes(40))

    expect("the first start", "serves", ended("first", {}))
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        on = ["-Dzookeeper.admin.enableServer=true", f"-Dzookeeper.admin.serverPort={taken.getsockname()[1]}"]
        alone = {"server.1": f"127.0.0.1:{free_port()}:{free_port()}", "standaloneEnabled": "false", "initLimit": 5, "syncLimit": 5}
        expect("AdminServer port taken, alone", 4, ended("admin", {}, flags=on))
        expect("AdminServer port taken, member", "serves", ended("admin-member", alone, member("1"), on))
    expect("myid missing", 2, ended("no-id", alone, member("")))
    expect("myid without a line", 1, ended("other-id", alone, member("7")))
    expect("newest log of 7 bytes", 1, ended("cut", {}, newest_log(b"ZKLG\0\0\0")))
    expect("newest log of zeros", 1, ended("zeros", {}, newest_log(bytes(65552))))
    expect("newest log of 0 bytes", "serves", ended("empty", {}, newest_log(b"")))
    expect("only a snapshot that is cut off", "serves", ended("cut-snapshot", {}, cut_snapshot))
END
