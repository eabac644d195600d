"""pyzoo cli beside zkCli on a mixed ensemble: configuration, reconfiguration, sync."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve
from kazoo.client import KazooClient

from interop.conftest import new_ensemble
from interop.ensemble import Settings
from interop.java import JavaZooKeeper
from interop.member import JAVA39, PYZOO
from interop.ports import free_port
from interop.shells import Printed, assert_same, pyzoo_cli, run, zkcli

SUPER = "super:lK75jTNcA+U9vtVEw5vB51mj/w4="
SETTINGS = Settings(properties={"zookeeper.DigestAuthenticationProvider.superDigest": SUPER}, reconfig=True)
NUMBERS = re.compile(r"(?<=version=)[0-9a-f]+|(?<=Zxid = )0x[0-9a-f]+|(?<=Version = )\d+|(?<=cversion = )\d+")

CONNECT_STRING = re.compile(r"^[0-9a-f]+ (\S+,\S+)$")


def comparable(printed: Printed) -> Printed:
    """Without versions and zxids, as both shells change the same ensemble; zkCli has the servers in a hash's order."""
    out = [NUMBERS.sub("N", line) for line in printed.out]
    return evolve(printed, out=[CONNECT_STRING.sub(sorted_servers, line) for line in out])


def sorted_servers(match: re.Match[str]) -> str:
    return "N " + ",".join(sorted(match[1].split(",")))


@pytest.mark.parametrize("kinds", [(JAVA39, PYZOO, PYZOO), (PYZOO, JAVA39, JAVA39)], ids="-".join)
def test_the_membership_is_shown_and_changed_as_by_zkcli(
    kinds: tuple[str, ...],
    zookeeper: JavaZooKeeper,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    connect: Callable[..., KazooClient],
) -> None:
    observer = f"server.9=127.0.0.1:{free_port()}:{free_port()}:observer;127.0.0.1:{free_port()}"
    with new_ensemble(tmp_path_factory, kinds, settings=SETTINGS) as ensemble:
        ensemble.start_led_by(3)
        members = [f"server.{each.sid}={ensemble.server_line(each)}" for each in ensemble.members.values()]
        (tmp_path / "members.cfg").write_text("\n".join(members))
        lines = (
            "config -s\nsync /\nreconfig -remove 9\naddauth digest super:secret\n"
            f"reconfig -s -add {observer}\nconfig\nconfig -c\nreconfig -v 1 -remove 9\nreconfig -remove 9\n"
            f"reconfig -members {','.join([*members, observer])}\nreconfig -file {tmp_path}/members.cfg\n"
            "reconfig -add server.9=nonsense\nconfig -w\n"
        )
        server = ensemble.members[2].host_port
        printed = [comparable(run(shell, server, lines=lines)) for shell in (zkcli(zookeeper, tmp_path), pyzoo_cli())]
    assert "Insufficient permission : " in printed[0].err[0]
    assert printed[0].out.count("Committed new configuration:") == 4
    assert_same(*printed)


def test_a_read_only_member_is_enough_for_reads(
    zookeeper: JavaZooKeeper, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = Settings({"localSessionsEnabled": "true"}, properties={"readonlymode.enabled": "true"})
    with new_ensemble(tmp_path_factory, (JAVA39, PYZOO, PYZOO), settings=settings) as ensemble:
        ensemble.start_led_by(3)
        member = ensemble.members[1]
        assert 0 == run(pyzoo_cli(), member.host_port, ["create", "/x", "y"]).code
        for other in (2, 3):
            ensemble.members[other].stop()
        ensemble.wait_until(lambda: "ro" == member.word("isro"), f"{member} serves read-only")
        shells = zkcli(zookeeper, tmp_path), pyzoo_cli()
        lines = "ls /\nsync /\nset /x z\nget -w /x\nwhoami\n"
        printed = [run(shell, member.host_port, ["-r"], lines) for shell in shells]
    assert ["WatchedEvent state:ConnectedReadOnly type:None path:null zxid: -1"] == printed[0].events
    assert_same(*printed)
