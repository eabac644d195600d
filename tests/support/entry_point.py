"""Runs an entry point outside of a container, and records what the one of the official image writes.

    python -m tests.support.entry_point docker-entrypoint.sh

writes official_configs.json anew, with docker-entrypoint.sh from a release of github.com/31z4/zookeeper-docker.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pyzoo.config.settings import ServerConfig

ROOT = Path(__file__).parent.parent.parent
OURS = ROOT / "docker" / "entrypoint.sh"
RECORDED = Path(__file__).with_name("official_configs.json")
DIRECTORIES = ("conf", "data", "datalog", "logs")
PLACE = "/PLACE"
"""Stands for the directory that a run was in."""

#: What the official image sets, besides the directories.
DEFAULTS = {
    "ZOO_TICK_TIME": "2000",
    "ZOO_INIT_LIMIT": "5",
    "ZOO_SYNC_LIMIT": "2",
    "ZOO_AUTOPURGE_PURGEINTERVAL": "0",
    "ZOO_AUTOPURGE_SNAPRETAINCOUNT": "3",
    "ZOO_MAX_CLIENT_CNXNS": "60",
    "ZOO_STANDALONE_ENABLED": "true",
    "ZOO_ADMINSERVER_ENABLED": "true",
}

THREE = "server.1=zoo1:2888:3888;2181 server.2=zoo2:2888:3888;2181 server.3=zoo3:2888:3888;2181"

#: Environments by name; what they lead to is in official_configs.json.
ENVIRONMENTS: dict[str, dict[str, str]] = {
    "nothing set": {},
    "a member of three": {"ZOO_MY_ID": "3", "ZOO_SERVERS": THREE},
    "an observer": {
        "ZOO_MY_ID": "4",
        "ZOO_SERVERS": f"{THREE} server.4=zoo4:2888:3888:observer;2181",
        "ZOO_CFG_EXTRA": "peerType=observer",
    },
    "servers on lines of their own": {"ZOO_SERVERS": "\n  " + THREE.replace(" ", "\n\t") + "\n"},
    "no servers": {"ZOO_SERVERS": ""},
    "blank servers": {"ZOO_SERVERS": "  "},
    "own address": {"ZOO_SERVERS": "server.1=0.0.0.0:2888:3888;0.0.0.0:2181"},
    "every variable": {
        "ZOO_TICK_TIME": "1000",
        "ZOO_INIT_LIMIT": "10",
        "ZOO_SYNC_LIMIT": "4",
        "ZOO_AUTOPURGE_PURGEINTERVAL": "24",
        "ZOO_AUTOPURGE_SNAPRETAINCOUNT": "5",
        "ZOO_MAX_CLIENT_CNXNS": "0",
        "ZOO_STANDALONE_ENABLED": "false",
        "ZOO_ADMINSERVER_ENABLED": "false",
        "ZOO_4LW_COMMANDS_WHITELIST": "srvr,mntr,ruok",
        "ZOO_CFG_EXTRA": "reconfigEnabled=true snapCount=5000",
    },
    "all words allowed": {"ZOO_4LW_COMMANDS_WHITELIST": "*"},
    "words with blanks": {"ZOO_4LW_COMMANDS_WHITELIST": "srvr, mntr"},
    "no words": {"ZOO_4LW_COMMANDS_WHITELIST": ""},
    "metrics": {
        "ZOO_CFG_EXTRA": "metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider"
        " metricsProvider.httpPort=7000"
    },
    "signs of the shell": {"ZOO_CFG_EXTRA": "a=$HOME b=\"x y\" c='z' d=\\e f=`id` g=* h=?"},
    "an empty value": {"ZOO_TICK_TIME": "", "ZOO_MY_ID": ""},
}


def environment_of(place: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """That of a container whose directories, which are made, are below `place`."""
    directories = {
        f"ZOO_{name}_DIR": str(place / directory)
        for name, directory in zip(("CONF", "DATA", "DATA_LOG", "LOG"), DIRECTORIES, strict=True)
    }
    for directory in DIRECTORIES:
        (place / directory).mkdir(exist_ok=True)
    fixed = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "ZOOCFGDIR": str(place / "conf")}
    return {**fixed, **DEFAULTS, **directories, **variables}


def run(script: Path, place: Path, variables: Mapping[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    """Run an entry point with a command, `true` unless given."""
    return subprocess.run(
        ["bash", str(script), *(words or ("true",))],
        env=environment_of(place, variables),
        cwd=place,
        capture_output=True,
        text=True,
        timeout=60,
    )


def written(script: Path, place: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """zoo.cfg and myid after a run, with PLACE for the directory."""
    run(script, place, environment).check_returncode()
    files = {"zoo.cfg": place / "conf" / "zoo.cfg", "myid": place / "data" / "myid"}
    return {name: path.read_text().replace(str(place), PLACE) for name, path in files.items()}


def own_host(config: ServerConfig) -> str:
    """The host of a member in its own list of members."""
    me = config.membership.server(config.server_id)
    assert me is not None
    return me.addresses[0].host


def record(script: Path) -> None:
    """Write down what the official entry point makes of every environment."""
    recorded = {}
    for name, environment in ENVIRONMENTS.items():
        with tempfile.TemporaryDirectory() as place:
            recorded[name] = written(script, Path(place), environment)
    RECORDED.write_text(json.dumps(recorded, indent=1) + "\n")


if __name__ == "__main__":
    record(Path(sys.argv[1]))
