"""`python -m interop.apache_tests [CLASS...]`: Apache's own test classes about who may do what, with pyzoo for server.

It takes minutes, a JVM for each class, so it is no part of CI. What it needs is fetched the first time. A class starts
a server for each test, and the factory of its port (java_client/apache_tests) starts a pyzoo process in its place.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from attrs import frozen

from interop.install import copy_artifacts
from interop.java import CACHE, JAVAC_OPTIONS, OLDER_VERSION, java, javac, zookeeper_39
from interop.processes import PYZOO_COMMAND, environment_of_pyzoo

SOURCES = Path(__file__).parent / "java_client" / "apache_tests"
JARS = CACHE / f"apache-tests-{OLDER_VERSION}"
#: The tests of 3.9.6 are not published; those of 3.9.5 run with the classes of 3.9.6.
ARTIFACTS = [
    f"org.apache.zookeeper:zookeeper:{OLDER_VERSION}:jar:tests",
    "org.junit.platform:junit-platform-console-standalone:1.6.2",
    "org.hamcrest:hamcrest:2.2",
    "org.apache.commons:commons-lang3:3.12.0",
    "org.bouncycastle:bcprov-jdk18on:1.78",
    "org.bouncycastle:bcpkix-jdk18on:1.78",
    "org.bouncycastle:bcutil-jdk18on:1.78",
    "org.mockito:mockito-core:3.6.28",
    "net.bytebuddy:byte-buddy:1.10.18",
    "net.bytebuddy:byte-buddy-agent:1.10.18",
    "org.objenesis:objenesis:3.1",
]
RUN_SECONDS = 300
PACKAGE = "org.apache.zookeeper"
COUNTS = re.compile(r"(\d+) tests (successful|failed)")


@frozen
class Expected:
    """How many tests of a class pass with a server that is another process, and how many need one in theirs."""

    passed: int
    failed: int = 0
    #: What the class sets, or means to, after the server has started.
    properties: tuple[str, ...] = ()


CLASSES = {
    "SaslAuthTest": Expected(6),
    "test.ACLCountTest": Expected(1),
    "test.ACLRootTest": Expected(1),
    "test.AuthSHA2Test": Expected(7),
    "test.AuthSHA3Test": Expected(7),
    "test.AuthTest": Expected(7),
    # One test sets a property of the server while that runs.
    "test.ClientSkipACLTest": Expected(15, 1),
    "test.CreateTest": Expected(3),
    "test.DigestAuthDisabledTest": Expected(1),
    "test.EnsembleAuthTest": Expected(7),
    "test.KeyAuthClientTest": Expected(1),
    "test.PersistentWatcherACLTest": Expected(10),
    "test.SaslAuthDesignatedClientTest": Expected(3, properties=("-Dzookeeper.letAnySaslUserDoX=anyone",)),
    "test.SaslAuthFailDesignatedClientTest": Expected(1),
    "test.SaslAuthFailTest": Expected(2),
    "test.SaslAuthMissingClientConfigTest": Expected(1),
    "test.SaslAuthRequiredFailWrongSASLTest": Expected(1),
    "test.SaslAuthRequiredMultiClientTest": Expected(2),
    "test.SaslAuthRequiredTest": Expected(1),
    "test.SaslSuperUserTest": Expected(2, properties=("-Dzookeeper.superUser.1=other_super",)),
}


def fetch() -> None:
    """The jars of the tests, JUnit and what they use."""
    if not (JARS / f"zookeeper-{OLDER_VERSION}-tests.jar").exists():
        copy_artifacts(JARS, ARTIFACTS)


def compile_sources(target: Path, class_path: str) -> None:
    sources = [str(path) for path in sorted(SOURCES.rglob("*.java"))]
    subprocess.run([javac(), *JAVAC_OPTIONS, "-cp", class_path, "-d", str(target), *sources], check=True)


def run(name: str, expected: Expected, class_path: str) -> bool:
    """Run a class in a JVM of its own; prints how it went, and what it said if that is not what is expected."""
    with tempfile.TemporaryDirectory() as home:
        command = [
            java(),
            "-XX:TieredStopAtLevel=1",
            "-Dzookeeper.serverCnxnFactory=PyzooCnxnFactory",
            "-Dzookeeper.admin.enableServer=false",
            "-Dzookeeper.4lw.commands.whitelist=*",
            f"-Dtest.build.data={home}",
            f"-Dbuild.test.dir={home}",
            "-Dpyzoo.command=" + "\n".join(PYZOO_COMMAND),
            *expected.properties,
            "-cp",
            class_path,
            "org.junit.platform.console.ConsoleLauncher",
            "--details=tree",
            "--disable-banner",
            f"--select-class={PACKAGE}.{name}",
        ]
        try:
            ended = subprocess.run(
                command, capture_output=True, text=True, env=environment_of_pyzoo(), timeout=RUN_SECONDS
            )
            said = ended.stdout + ended.stderr
        except subprocess.TimeoutExpired as late:
            said = str(late)
    counts = {word: int(number) for number, word in COUNTS.findall(said)}
    servers = len(re.findall(r"^PYZOO ", said, re.MULTILINE))
    is_right = (expected.passed, expected.failed) == (counts.get("successful"), counts.get("failed")) and servers > 0
    print(f"{name}: {counts}, {servers} servers of pyzoo", flush=True)
    if not is_right:
        print(f"{said}\nexpected: {expected}")
    return is_right


def main(names: Iterable[str]) -> int:
    fetch()
    with tempfile.TemporaryDirectory() as compiled:
        # Ours stand in for classes of the tests, and the reference's for those that the tests were made with.
        class_path = os.pathsep.join([compiled, zookeeper_39().class_path, f"{JARS}/*"])
        compile_sources(Path(compiled), class_path)
        results = [run(name, CLASSES.get(name, Expected(0)), class_path) for name in names or CLASSES]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
