"""pyzoo cli beside zkCli 3.9.6: the same lines print the same, with Apache's server and with pyzoo's.

Each shell has a fresh server of its own, so that zxids, versions and numbers of sequential nodes are equal too.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve
from kazoo.client import KazooClient

from interop.conftest import StartServer
from interop.java import JavaZooKeeper
from interop.ports import free_port
from interop.server import Config
from interop.shells import assert_same, pyzoo_cli, run, zkcli
from interop.stores import make_stores

Connect = Callable[..., KazooClient]
ZXID = re.compile(r"zxid: \d+")
CONFIG = Config(properties={"zookeeper.extendedTypesEnabled": "true"})
NODES = """\
create /s data
create /s data
create /s/a 'two words'
create -s /s/seq- x
create -e /s/e mine
create -es /s/es- mine
create -c /s/c
create -t 500000 /s/ttl
create -s -t 500000 /s/ttl x
create /s/e/child
create /none/x
create -t x /s/no
create -t 0 /s/no
create -t 9999999999999 /s/no
create -c -s /s/no
create -t 5 -e /s/no
create -t 5 -c /s/no
create -t
create
create -z /x
create relative
create /s/
create //s
create /s/../x
create /s/./x
create /s/null
create "/s/with space" "double quoted"
create /s/empty ''
create /s/uni äöü€
get /s
get -s /s
get -sb /s
get -x /s
get -xs /s/uni
get -x /s/empty
get /s/empty
get -b /s/empty
get /s/null
get -b /s/null
get /s/uni
get '/s/with space'
get -s /s/ttl
get
get /none
get /s true
get -s /s watch
get -q /s
get --help
get - /s
get -- /s
set /s new
set -v 7 /s x
set -v 1 /s x
set -s /s y
set /s aGVsbG8= -b
set /s
set
set -v
set /none x
set /s z -v -1
set /s -1
set /s --1
ls /
ls /s
ls -s /s
ls -R /s
ls
ls /none
ls -? /s
ls -R /none
ls /zookeeper true
stat /s
stat
stat /none
stat /s/c watch
sync /s
sync
sync relative
sync /none
getEphemerals
getEphemerals /s
getEphemerals relative
getEphemerals -x
getAllChildrenNumber /s
getAllChildrenNumber /
getAllChildrenNumber
getAllChildrenNumber /none
delete /s/empty 0
delete -v 9 /s/e
delete -v 0 /s/e
delete
delete /none
delete /s
deleteall /s -b x
deleteall
deleteall /none
deleteall relative
deleteall /zookeeper -b 0
"""
ACCESS = """\
create /acl x digest:bob:x:cdrwa,world:anyone:r
create /bad x digest:nobody:cdrwa
create /bad x garbage
create /bad x world:anyone:r,,
create /bad x world:anyone:xyz
create /bad2 x auth::cdrwa
getAcl -s /acl
getAcl /bad
getAcl
getAcl /none
getAcl /zookeeper/config
setAcl /s/a world:anyone:r
setAcl -v 9 /s/a world:anyone:cdrwa
setAcl -s /s/a world:anyone:cdra
setAcl -R /s/c world:anyone:cdrwa
setAcl /s/a
setAcl /s/a garbage
setAcl /none world:anyone:r
set /s/a x
create /ro x world:anyone:ra
set /ro x
get /ro
delete /ro
addauth digest bob:secret
addauth
create /mine x auth::cdrwa
getAcl /mine
whoami
whoami -x y
"""
QUOTAS = """\
setquota -n 4 /s
setquota -N 100 -B 100000 /s
setquota -N 100 /s
setquota -B 10 /s
setquota -b 10 /s
setquota /s
setquota -n x /s
setquota -n 0 /s
setquota -b -1 /s
setquota -n 5
setquota -n -b /s
setquota
setquota -n 5 /none
setquota -n 5 /
setquota -n 5 /zookeeper/quota
setquota -n 5 /s/a
create /q
create /q/w
setquota -n 5 /q/w
setquota -n 5 /q
listquota /s
listquota /s/a
listquota
listquota /
delquota -n /s
delquota -n -b /s
listquota /s
delquota /s
delquota /s
delquota
delquota /q/w
delquota /none
ls /zookeeper/quota
"""
WATCHES = """\
printwatches
printwatches off
printwatches
printwatches on
printwatches
create /w
addWatch -m PERSISTENT /w
addWatch -m PERSISTENT_RECURSIVE /w/below
addWatch -m persistent_recursive /s/c
addWatch -m bad /w
addWatch
addWatch /w x
get -w /w
ls -sw /w
set /w x
create /w/a
create /w/below
create /w/below/x
set /w/below/x 1
delete /w/below/x
delete /w/a
removewatches /w -p
set /w y
removewatches /w -d
removewatches /w -c
removewatches /w/below -r
removewatches /w -a
removewatches /w
removewatches /none
removewatches
removewatches relative
ls -R -w /s
create /s/c/x
stat -w /w/not
removewatches /w/not -d
stat -w /w/not
create /w/not
"""
THE_SHELL = """\
config
config -c
config -s
config -w
config x
config -x
reconfig -add server.1=x:1:2
reconfig
reconfig -v zz -add server.1=x:1:2
reconfig -file /nonexistent -add x
reconfig -file x -members y
reconfig -remove 1
version
version x
nosuchcommand
nosuchcommand x
'ls' "/"
  ls   /zookeeper
"ls /"
create /open "an open end
get /open
history
redo
redo 999
redo -1
redo 0
redo 0x1
history
close x
ls /
history
printwatches
connect
ls /
create -e /eph
sync /
connect
ls /
deleteall /s -b 3
deleteall /q -b 0
deleteall /w
deleteall /mine
ls -R /
getEphemerals
"""
LINES = NODES + ACCESS + QUOTAS + WATCHES + THE_SHELL
ONE_COMMAND = [
    ["get", "/missing"],
    ["get"],
    ["nosuch"],
    ["quit"],
    ["create", "/with space", "two words"],
    ["-timeout", "5000", "-waitforconnection", "-r", "whoami"],
]
IN_A_CHROOT = """\
create /in x
ls -R /
create -es /e-
get -w /in
set /in y
stat -s /in
get /zookeeper/config
config
"""


def both(zookeeper: JavaZooKeeper, home: Path) -> tuple[list[str], list[str]]:
    """The commands of zkCli and of pyzoo's shell."""
    return zkcli(zookeeper, home), pyzoo_cli()


@pytest.mark.parametrize("kind", ["real", "subject"])
def test_every_command_prints_what_zkcli_prints(
    kind: str, zookeeper: JavaZooKeeper, start_real: StartServer, start_subject: StartServer, tmp_path: Path
) -> None:
    start = start_real if kind == "real" else start_subject
    shells = both(zookeeper, tmp_path)
    printed = [run(shell, start(CONFIG).host_port, lines=LINES) for shell in shells]
    assert len(printed[0].out) > LINES.count("\n")
    assert_same(*printed)


@pytest.fixture
def chroots(start_real: StartServer, connect: Connect) -> tuple[str, str]:
    """A place on one real server for each shell, named by connect strings."""
    server = start_real()
    client = connect(server)
    for name in ("/one", "/two"):
        client.create(name)
    return f"{server.host_port}/one", f"{server.host_port}/two"


def test_one_command_prints_and_ends_as_zkclis(
    chroots: tuple[str, str], zookeeper: JavaZooKeeper, tmp_path: Path
) -> None:
    for words in ONE_COMMAND:
        printed = [
            run(shell, place, words).without_connection()
            for shell, place in zip(both(zookeeper, tmp_path), chroots, strict=True)
        ]
        assert_same(*printed)


def test_a_chroot_hides_the_rest_as_it_does_in_zkcli(
    chroots: tuple[str, str], zookeeper: JavaZooKeeper, tmp_path: Path
) -> None:
    printed = [
        run(shell, place, lines=IN_A_CHROOT) for shell, place in zip(both(zookeeper, tmp_path), chroots, strict=True)
    ]
    assert_same(*(evolve(each, events=[ZXID.sub("zxid: N", event) for event in each.events]) for each in printed))


def test_a_server_that_is_not_there_is_told_of_as_in_zkcli_and_why(zookeeper: JavaZooKeeper, tmp_path: Path) -> None:
    server = f"127.0.0.1:{free_port()}"
    real, ours = (run(shell, server, ["ls", "/"]) for shell in both(zookeeper, tmp_path))
    assert (["KeeperErrorCode = ConnectionLoss for /"], 1) == (real.err, real.code)
    assert ours.err[-1].endswith("Connection refused: no server listens there")
    assert_same(real, evolve(ours, err=ours.err[:-1]))


def test_the_shell_talks_tls_with_the_settings_of_zkcli(
    start_real: StartServer, zookeeper: JavaZooKeeper, tmp_path: Path
) -> None:
    key_store, trust_store = make_stores(tmp_path)
    stores = {"ssl.keyStore.location": str(key_store), "ssl.trustStore.location": str(trust_store)}
    port = free_port()
    netty = "org.apache.zookeeper.server.NettyServerCnxnFactory"
    lines = {"secureClientPort": str(port), "secureClientPortAddress": "127.0.0.1", "serverCnxnFactory": netty}
    start_real(Config(lines={**lines, **stores}))
    client = {"zookeeper.client.secure": "true", **{f"zookeeper.{name}": value for name, value in stores.items()}}
    client["zookeeper.clientCnxnSocket"] = "org.apache.zookeeper.ClientCnxnSocketNetty"
    (tmp_path / "client.cfg").write_text("".join(f"{name}={value}\n" for name, value in client.items()))
    words = ["-client-configuration", str(tmp_path / "client.cfg"), "whoami"]
    printed = [run(shell, f"127.0.0.1:{port}", words) for shell in both(zookeeper, tmp_path)]
    assert "x509: CN=localhost" in printed[1].out
    assert_same(*(each.without_connection() for each in printed))


def test_a_tree_moves_from_apache_to_pyzoo_in_a_file(
    start_real: StartServer, start_subject: StartServer, tmp_path: Path
) -> None:
    lines = "create /app x\ncreate /app/a\nset -b /app/a /wA=\ncreate /app/a/b 'ü' digest:bob:x:cdrwa,ip:127.0.0.1:r\n"
    file = tmp_path / "app.yaml"
    real, subject = start_real().host_port, start_subject().host_port
    assert 0 == run(pyzoo_cli(), real, lines=f"{lines}export /app {file}\n").code
    assert 0 == run(pyzoo_cli(), subject, ["import", str(file), "/app"]).code
    exported = [run(pyzoo_cli(), server, ["export", "/app"]) for server in (real, subject)]
    assert len(exported[0].out) > 10
    assert_same(*exported)
