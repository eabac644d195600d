"""ZooKeeper's own shells: the same commands give the same output with both servers.

zkCli.sh's main class of 3.9.6 and of 3.8.0, and the C client's cli_mt.
"""

import re
import subprocess
from pathlib import Path

import pytest

from interop.conftest import required
from interop.java import JavaZooKeeper, c_shell, java
from interop.pair import Pair
from interop.server import LOGBACK_XML
from interop.test_data_directory import VERSIONS

RUN_SECONDS = 90
SHELL_COMMANDS = """\
create /s data
create /s data
create /s/a 'two words'
create -s /s/seq- x
create -e /s/e mine
create -e -s /s/es- mine
create -c /s/c
create /s/e/child
create /none/x
create -t 5000 /s/ttl
create /s/acl x digest:bob:x:cdrwa,world:anyone:r
create /s/bad x digest:nobody:cdrwa
create /s/auth x auth::cdrwa
get /s
get -s /s
get -w /s
set /s new
set -v 7 /s x
set -s /s y
get /none
ls /
ls /s
ls -s /s
ls -R /s
ls -w /s
ls /none
stat /s
stat -w /s/later
stat /s/e
create /s/later
getAcl /s
getAcl -s /s/acl
getAcl /zookeeper/config
setAcl /s/a world:anyone:r
setAcl -v 9 /s/a world:anyone:cdrwa
set /s/a x
get /s/a
addauth digest bob:secret
addauth nosuch x
create /s/mine x auth::cdrwa
getAcl /s/mine
whoami
getEphemerals
getEphemerals /s
getAllChildrenNumber /s
getAllChildrenNumber /
sync /s
setquota -n 4 /s
setquota -N 100 -B 100000 /s
setquota -N 100 /s
listquota /s
listquota /s/a
delquota -n /s
listquota /s
delquota /s
delquota /s
addWatch -m PERSISTENT /s
addWatch /s/c
create /s/c/x
set /s/c/x 1
delete /s/c/x
removewatches /s
removewatches /s -d
removewatches /none
config
reconfig -add server.1=x:1:2
delete /s
delete -v 9 /s/e
delete /s/e
delete /none
deleteall /s -b 3
deleteall /s
ls /
ls /s
get /zookeeper/quota
nosuchcommand
quit
"""
C_COMMANDS = ["create /c", "create /c", "create /c/a", "create +s /c/s", "create +es /c/es",
"create +c /c/container",
              "create2 /c/two", "create /none/x", "set /c data", "set /none x", "get /c", "get /none",
              "ls /c", "ls2 /c", "ls /none",
              "sync /c", "delete /c", "delete /c/a", "delete /c/none", "ls /"]  # fmt: skip
TIME = re.compile(r"\b\w{3} \w{3} +\d+ \d\d:\d\d:\d\d (\w+ )?\d{4}")
VARYING = re.compile(r"(?<=zxid=)\d+|(?<=time = )\d+(?= msec)")
EVENT = re.compile(r"WatchedEvent|^Watcher SESSION_EVENT|^Got a new session id")
# What a request gets that Java's client has sent before it knew that its login has failed.
FAILED_IN_TIME = "KeeperErrorCode = AuthFailed for /s/mine"
# cli_mt writes the end of this line apart from it, and its other thread may write in between.
WITHOUT_ITS_END = re.compile(r"(Watcher SESSION_EVENT state = [A-Z]+_STATE)")
LONG_ID = re.compile(r"\b(0x)?1[0-9a-f]{14}\b")


def comparable(output: str, port: int) -> list[str]:
    """Lines without what differs between runs; events, which come from another thread, behind all others."""
    output = output.replace(FAILED_IN_TIME, "Not connected")
    output = WITHOUT_ITS_END.sub(r"\n\1\n", output)
    output = LONG_ID.sub("SESSION", TIME.sub("TIME", output.replace(str(port), "PORT")))
    # 3.8.0 has no logging back end there; what slf4j says about it comes at any time.
    output = "\n".join(line for line in output.splitlines() if not line.startswith("SLF4J:"))
    lines = [line.rstrip() for line in output.splitlines() if line.strip() and line.strip() != "WATCHER::"]
    return [line for line in lines if not EVENT.search(line)] + sorted(line for line in lines if EVENT.search(line))


def run(command: list[str], commands: str, port: int, home: Path) -> list[str]:
    result = subprocess.run(
        command,
        input=commands,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_SECONDS,
        cwd=home,
    )
    return [*comparable(result.stdout, port), f"exit code {result.returncode}"]


@pytest.mark.parametrize("version", VERSIONS)
def test_zkcli(pair: Pair, tmp_path: Path, version: str) -> None:
    shell = required(VERSIONS[version])
    assert isinstance(shell, JavaZooKeeper)
    (tmp_path / "logback.xml").write_text(LOGBACK_XML.replace("WARN", "OFF"))
    outputs = []
    for side in pair.sides:
        program = [java(), "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", *shell.options]
        command = [
            *program,
            f"-Dlogback.configurationFile={tmp_path}/logback.xml",
            "-cp",
            shell.class_path,
            "org.apache.zookeeper.ZooKeeperMain",
            "-server",
            side.server.host_port,
        ]
        outputs.append(run(command, SHELL_COMMANDS, side.server.address[1], tmp_path))
    assert len(outputs[0]) > SHELL_COMMANDS.count("\n")
    assert outputs[0] == outputs[1]


def test_the_c_clients_shell(pair: Pair, tmp_path: Path) -> None:
    """One process for each command: within one, its answers come from another thread, in any order."""
    shell = str(required(c_shell))
    for line in C_COMMANDS:
        outputs = []
        for side in pair.sides:
            command = [shell, "-h", side.server.host_port, "-c", line]
            # The close of the last shell may come before or after this one's session: zxids are not compared.
            outputs.append(VARYING.sub("N", "\n".join(run(command, "", side.server.address[1], tmp_path))))
        pair.compare(line, outputs)
