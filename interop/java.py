"""Where the Java side comes from: jars of Apache ZooKeeper 3.9.6 and 3.9.5, Debian's 3.8.0, and Apache Curator.

3.9.6 is the reference: what pyzoo is compared with unless a test names another release.

An installation is only looked up here; `interop.install` puts it there. `Missing` says what to run.
"""

import os
import shutil
from pathlib import Path

from attrs import evolve, frozen

CACHE = Path(os.environ.get("PYZOO_INTEROP_CACHE", Path.home() / ".cache" / "pyzoo-interop"))
DEBIAN_JAR = Path("/usr/share/java/zookeeper.jar")
#: The reference release.
ZOOKEEPER_VERSION = "3.9.6"
#: The release before it, which ensembles still meet.
OLDER_VERSION = "3.9.5"
CURATOR_VERSION = "5.9.0"
JVM_OPTIONS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:CICompilerCount=1", "-XX:-UsePerfData")
"""For servers that live for seconds."""
TRUSTED = ("-XX:+UnlockDiagnosticVMOptions", "-XX:-BytecodeVerificationRemote")
"""For those without an archive: verifying each class of a release would be a sixth of the time of a start."""
JAVAC_OPTIONS = ("-J-XX:+UseSerialGC", "-J-XX:TieredStopAtLevel=1")
"""For the compiler: with its usual ones a file takes nearly twice the processor time."""


class Missing(Exception):
    """Something of the Java or C world is not installed; the message says how to get it."""


@frozen
class JavaZooKeeper:
    """One installation of Apache ZooKeeper: its version and the class path of its server and shell."""

    version: str
    class_path: str
    #: What its JVMs are started with, unless they have an AdminServer.
    options: tuple[str, ...] = ()


def java() -> str:
    """The java program. Raises Missing."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which(str(Path(home, "bin", "java"))) if home else shutil.which("java")
    if not found:
        raise Missing("no java found: install a JRE 11 or newer, or set JAVA_HOME")
    return found


def zookeeper_39() -> JavaZooKeeper:
    """The reference: ZOOKEEPER_HOME if set, else the 3.9.6 that `python -m interop.install` fetched. Raises Missing."""
    java()
    home = os.environ.get("ZOOKEEPER_HOME")
    if home:
        jars = Path(home, "lib")
        if not jars.is_dir():
            raise Missing(f"ZOOKEEPER_HOME={home} has no lib directory with jars")
        return JavaZooKeeper("ZOOKEEPER_HOME", f"{jars}/*:{home}/*")
    return fetched(ZOOKEEPER_VERSION)


def zookeeper_395() -> JavaZooKeeper:
    """The 3.9.5 that `python -m interop.install` fetched. Raises Missing."""
    java()
    return fetched(OLDER_VERSION)


def fetched(version: str) -> JavaZooKeeper:
    """The jars of a release in the cache. Raises Missing."""
    jars = CACHE / f"zookeeper-{version}"
    if not (jars / f"zookeeper-{version}.jar").exists():
        raise Missing(f"no ZooKeeper jars in {jars}: run `python -m interop.install`, or set ZOOKEEPER_HOME")
    return with_archive(JavaZooKeeper(version, f"{jars}/*"))


def zookeeper_38() -> JavaZooKeeper:
    """Debian's package `zookeeper` (3.8.0). Raises Missing."""
    java()
    if not DEBIAN_JAR.exists():
        raise Missing(f"no {DEBIAN_JAR}: run `python -m interop.install` (Debian package zookeeper)")
    return with_archive(JavaZooKeeper("3.8.0", str(DEBIAN_JAR)))


def archive_of(version: str) -> Path:
    """Where `interop.install` leaves the classes of a release, in a form that a JVM begins with in half the time.

    A JVM that cannot use it does without. One with an AdminServer has to: the order in which Java names the fields of
    its answers is another with an archive.
    """
    return CACHE / f"zookeeper-{version}.jsa"


def with_archive(zookeeper: JavaZooKeeper) -> JavaZooKeeper:
    """The installation, with its classes from the archive if there is one."""
    archive = archive_of(zookeeper.version)
    if not archive.exists():
        return zookeeper
    # What JVMs say about an archive that does not fit would be among the output that is compared.
    return evolve(zookeeper, options=(f"-XX:SharedArchiveFile={archive}", "-Xlog:disable"))


def curator_class_path() -> str:
    """Jars of Curator's recipes and a ZooKeeper client. Raises Missing."""
    jars = CACHE / f"curator-{CURATOR_VERSION}"
    if not list(jars.glob("curator-recipes-*.jar")):
        raise Missing(f"no Curator jars in {jars}: run `python -m interop.install`")
    return f"{jars}/*"


def javac() -> str:
    """The Java compiler. Raises Missing."""
    found = shutil.which("javac")
    if not found:
        raise Missing("no javac found: install a JDK 11 or newer")
    return found


def c_shell() -> str:
    """The shell of the C client, from Debian's package `zookeeper-bin`. Raises Missing."""
    for candidate in ("/usr/lib/zookeeper/bin/cli_mt", "/usr/bin/cli_mt"):
        if Path(candidate).exists():
            return candidate
    raise Missing("no cli_mt found: run `python -m interop.install` (Debian package zookeeper-bin)")
