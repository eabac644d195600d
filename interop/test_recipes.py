"""`pyzoo cli locks` tells what Curator's recipes hold and wait for, of both servers the same."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from interop.conftest import required
from interop.java import JAVAC_OPTIONS, curator_class_path, java, javac
from interop.pair import Pair
from interop.server import LOGBACK_XML
from interop.shells import RUN_SECONDS, pyzoo_cli

SOURCE = Path(__file__).parent / "java_client" / "CuratorRecipes.java"
#: By the path: the recipe, and who holds, waits or is in it: the number of the client, 0 for no session.
EXPECTED = {
    "/mutex": ("Curator InterProcessMutex, LeaderSelector; go-zookeeper Lock", ["holder 1", "waiter 2"]),
    "/downgraded": (
        "Curator InterProcessReadWriteLock",
        ["holder 1 exclusive", "holder 1 shared", "waiter 2 shared"],
    ),
    "/read": ("Curator InterProcessReadWriteLock", ["holder 1 shared", "holder 2 shared", "waiter 3 exclusive"]),
    "/semaphore": ("Curator InterProcessSemaphoreV2", ["holder 1", "holder 2", "waiter 3"]),
    "/latch": ("Curator LeaderLatch", ["holder 1", "waiter 2"]),
    "/selector": ("Curator InterProcessMutex, LeaderSelector; go-zookeeper Lock", ["holder 1"]),
    "/queue": ("Curator DistributedQueue", ["item 0"]),
    "/priorities": ("Curator DistributedQueue", ["item 0", "item 0"]),
    "/delays": ("Curator DistributedQueue", ["item 0"]),
    "/ids": ("Curator DistributedQueue", ["item 0"]),
    "/simple": ("ZooKeeper recipes DistributedQueue, Curator SimpleDistributedQueue", ["item 0"]),
    "/double": ("Curator, kazoo DoubleBarrier", ["waiter 1"]),
    "/barrier": ("node called barrier", ["item 0"]),
    "/group": ("ephemeral nodes", ["member 1"]),
    "/services/web": ("Curator ServiceDiscovery", ["member 1"]),
}

Hold = Callable[[str], Any]


@pytest.fixture(scope="module")
def holding(tmp_path_factory: pytest.TempPathFactory) -> Hold:
    """Curator's recipes at work with host:port as long as the context lasts; gives the sessions of its clients."""
    jars = str(required(curator_class_path))
    classes = tmp_path_factory.mktemp("curator")
    subprocess.run([str(required(javac)), *JAVAC_OPTIONS, "-cp", jars, "-d", classes, SOURCE], check=True)
    (classes / "logback.xml").write_text(LOGBACK_XML)

    @contextmanager
    def hold(host_port: str) -> Iterator[list[str]]:
        words = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", f"{classes}:{jars}", "CuratorRecipes", host_port]
        program = subprocess.Popen([java(), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert program.stdout is not None
            yield [program.stdout.readline().strip() for _ in range(3)]
        finally:
            program.communicate(timeout=RUN_SECONDS)

    return hold


def recipes_of(host_port: str) -> list[dict[str, Any]]:
    """What the shell says."""
    words = ["-server", host_port, "--json", "locks", "--kind", "all", "/curator"]
    ended = subprocess.run([*pyzoo_cli(), *words], capture_output=True, text=True, timeout=RUN_SECONDS, check=True)
    found: list[dict[str, Any]] = json.loads(ended.stdout)["recipes"]
    return found


def told(part: dict[str, Any], sessions: list[str]) -> str:
    number = sessions.index(part["session"]) + 1 if part["session"] else 0
    return " ".join(filter(None, [part["role"], str(number), part.get("mode")]))


def test_the_recipes_of_curator_are_recognised(pair: Pair, holding: Hold) -> None:
    for side in pair.sides:
        with holding(side.server.host_port) as sessions:
            recipes = recipes_of(side.server.host_port)
            found = {
                recipe["path"].removeprefix("/curator"): (
                    recipe["recipe"],
                    [told(part, sessions) for part in recipe["parts"]],
                )
                for recipe in recipes
            }
            assert EXPECTED == found
            holder = next(recipe for recipe in recipes if recipe["path"] == "/curator/mutex")["parts"][0]
            assert holder["address"].startswith("127.0.0.1:")
