"""`python -m interop.install`: fetches what the interop tests start and use, from Maven, Debian and PyPI.

Safe to run again: what is there already is left alone.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from attrs import evolve

from interop.java import (
    CACHE,
    CURATOR_VERSION,
    DEBIAN_JAR,
    OLDER_VERSION,
    ZOOKEEPER_VERSION,
    JavaZooKeeper,
    archive_of,
    fetched,
    java,
    zookeeper_38,
)
from interop.ports import free_port
from interop.server import Config, launch_real
from interop.shells import run, zkcli
from interop.tools import SCRIPTS, run_java

LOGBACK = ("ch.qos.logback", "logback-classic", "1.3.15")
ZOOKEEPER = ("org.apache.zookeeper", "zookeeper", OLDER_VERSION)
JAR_SETS = {
    # The server names these as optional; it needs them for metrics, snapshots in snappy, its shell, its AdminServer.
    f"zookeeper-{OLDER_VERSION}": [
        ZOOKEEPER,
        LOGBACK,
        ("io.dropwizard.metrics", "metrics-core", "4.1.12.1"),
        ("org.xerial.snappy", "snappy-java", "1.1.10.5"),
        ("commons-cli", "commons-cli", "1.5.0"),
        ("com.fasterxml.jackson.core", "jackson-databind", "2.15.2"),
        ("org.eclipse.jetty", "jetty-servlet", "9.4.58.v20250814"),
    ],
    f"curator-{CURATOR_VERSION}": [
        ("org.apache.curator", "curator-recipes", CURATOR_VERSION),
        ("org.apache.curator", "curator-x-discovery", CURATOR_VERSION),
        ZOOKEEPER,
        LOGBACK,
        ("io.dropwizard.metrics", "metrics-core", "4.1.12.1"),
        ("org.xerial.snappy", "snappy-java", "1.1.10.5"),
    ],
}
#: All of 3.9.6 that is its own: it runs with the dependencies of 3.9.5.
OWN_JARS = ["zookeeper", "zookeeper-jute"]
DEBIAN_PACKAGES = ["zookeeper", "zookeeper-bin"]
#: The programs that are needed besides, and the packages that have them.
PROGRAMS = {
    "javac": "default-jdk-headless",
    "mvn": "maven",
    "krb5kdc": "krb5-kdc",
    "kadmin.local": "krb5-admin-server",
    "kinit": "krb5-user",
    "krb5-config": "libkrb5-dev",
}
#: Built for Kerberos, once for all environments: quickly, for they are no part of what is measured.
WHEELS = CACHE / "wheels"

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>pyzoo</groupId><artifactId>interop</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
{dependencies}
  </dependencies>
</project>
"""
DEPENDENCY = "    <dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"


def copy_jars(target: Path, artifacts: list[tuple[str, str, str]]) -> None:
    """Resolve `artifacts` with all they need at run time and copy the jars to `target`."""
    pom = POM.format(dependencies="\n".join(DEPENDENCY.format(*artifact) for artifact in artifacts))
    with tempfile.TemporaryDirectory() as workplace:
        Path(workplace, "pom.xml").write_text(pom)
        jars = Path(workplace, "jars")
        _run_maven(Path(workplace), "copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={jars}")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(jars, target, dirs_exist_ok=True)


def copy_artifacts(target: Path, artifacts: list[str]) -> None:
    """Copy these jars alone, `group:name:version`, with `:jar:classifier` where they have one, to `target`."""
    with tempfile.TemporaryDirectory() as workplace:
        Path(workplace, "pom.xml").write_text(POM.format(dependencies=""))
        jars = Path(workplace, "jars")
        for artifact in artifacts:
            _run_maven(Path(workplace), "copy", f"-Dartifact={artifact}", f"-DoutputDirectory={jars}")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(jars, target, dirs_exist_ok=True)


def copy_reference(target: Path, older: Path) -> None:
    """Put the dependencies of the `older` release and then the reference's own jars into `target`."""
    target.mkdir(parents=True, exist_ok=True)
    for jar in older.glob("*.jar"):
        if jar.name not in [f"{name}-{OLDER_VERSION}.jar" for name in OWN_JARS]:
            shutil.copy(jar, target)
    copy_artifacts(target, [f"org.apache.zookeeper:{name}:{ZOOKEEPER_VERSION}" for name in OWN_JARS])


def _run_maven(workplace: Path, goal: str, *settings: str) -> None:
    # Later ones read the descriptors of all dependencies, which a copy of one jar does not need.
    plugin = "org.apache.maven.plugins:maven-dependency-plugin:2.8"
    subprocess.run(["mvn", "-q", "-B", f"{plugin}:{goal}", *settings], cwd=workplace, check=True)


def has_archive(zookeeper: JavaZooKeeper) -> bool:
    """Whether there is an archive of its classes that fits this java and these jars."""
    archive = archive_of(zookeeper.version)
    words = ["-Xshare:on", f"-XX:SharedArchiveFile={archive}", "-cp", zookeeper.class_path, "-version"]
    return archive.exists() and subprocess.run([java(), *words], capture_output=True).returncode == 0


def archive_classes(zookeeper: JavaZooKeeper) -> None:
    """Put the classes that servers, shells and tools use into an archive; without one, all runs as well, but slower."""
    archive = archive_of(zookeeper.version)
    archive.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as home:
        listed, made = Path(home, "classes"), Path(home, "classes.jsa")
        listed.write_text("\n".join([*used_classes(zookeeper, Path(home)), ""]))
        # Some objects of the JVM are archived by this collector only; the others can load them.
        words = ["-Xshare:dump", "-XX:+UseG1GC", f"-XX:SharedClassListFile={listed}", f"-XX:SharedArchiveFile={made}"]
        ended = subprocess.run([java(), *words, "-cp", zookeeper.class_path], capture_output=True, text=True)
        if ended.returncode == 0:
            shutil.copy(made, archive)
        else:
            print(f"no archive of classes for {zookeeper.version}: {ended.stderr}")


def used_classes(zookeeper: JavaZooKeeper, home: Path) -> list[str]:
    """What a server alone, a member of an ensemble, a shell and the tools load, as lines of a class list."""

    def noting(name: str) -> JavaZooKeeper:
        return evolve(zookeeper, options=(f"-XX:DumpLoadedClassList={home / name}.classes",))

    (home / "member" / "data").mkdir(parents=True)
    (home / "member" / "data" / "myid").write_text("1")
    ports = f"127.0.0.1:{free_port()}:{free_port()}"
    member = {"server.1": ports, "standaloneEnabled": "false", "initLimit": "5", "syncLimit": "5"}
    configs: dict[str, dict[str, str]] = {"alone": {}, "member": member}
    for name, config in configs.items():
        server = launch_real(Config(config), noting(name), home / name)
        server.wait_until_serving()
        run(zkcli(noting(f"{name}-shell"), home), server.host_port, lines="create /a x\nget -s /a\nls -R /\n")
        server.stop()
    files = home / "alone" / "data" / "version-2"
    for tool, file in (("TxnLogToolkit", "log.1"), ("SnapShotToolkit", "snapshot.0")):
        run_java(noting(tool), SCRIPTS[tool], file, directory=files)
    lines = [line for path in sorted(home.glob("*.classes")) for line in path.read_text().splitlines()]
    return list(dict.fromkeys(lines))


def install_debian_packages(packages: list[str]) -> None:
    """Needs root, or sudo without a password."""
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if subprocess.run(["apt-cache", "show", *packages], capture_output=True).returncode:
        subprocess.run([*prefix, "apt-get", "update"], check=True, env=environment)
    command = [*prefix, "apt-get", "install", "-y", "--no-install-recommends", *packages]
    subprocess.run(command, check=True, env=environment)


def is_complete(target: Path, artifacts: list[tuple[str, str, str]]) -> bool:
    """Whether a directory has all the jars that a set names."""
    return all((target / f"{name}-{version}.jar").exists() for _, name, version in artifacts)


def missing_packages() -> list[str]:
    """Debian's packages of what is not there yet: programs, and ZooKeeper 3.8.0 with the C client's shell."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program, path=path) is None]
    if not DEBIAN_JAR.exists() or not Path("/usr/lib/zookeeper/bin/cli_mt").exists():
        missing += DEBIAN_PACKAGES
    return missing


def python_packages() -> list[str]:
    """The packages of the extra `interop`."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    found: list[str] = project["project"]["optional-dependencies"]["interop"]
    return found


def install_python_packages() -> None:
    """Put them into the environment that runs this; those that are built are kept for others."""
    pip = [sys.executable, "-m", "pip", "--quiet"]
    packages = python_packages()
    found = ["--no-index", "--find-links", str(WHEELS)]
    if subprocess.run([*pip, "install", *found, *packages], capture_output=True).returncode:
        environment = {**os.environ, "CFLAGS": "-O0 -g0"}
        subprocess.run([*pip, "wheel", "--wheel-dir", str(WHEELS), *packages], check=True, env=environment)
        subprocess.run([*pip, "install", *found, *packages], check=True)


def main() -> int:
    missing = missing_packages()
    if missing:
        if shutil.which("apt-get") is None:
            print(f"{', '.join(missing)} are Debian packages; this is not a Debian system")
            return 1
        install_debian_packages(missing)
    install_python_packages()
    print(f"3.8.0: {DEBIAN_JAR}")
    for name, artifacts in JAR_SETS.items():
        target = CACHE / name
        if not is_complete(target, artifacts):
            copy_jars(target, artifacts)
        print(f"{name}: {target}")
    reference = CACHE / f"zookeeper-{ZOOKEEPER_VERSION}"
    if not is_complete(reference, [("", name, ZOOKEEPER_VERSION) for name in OWN_JARS]):
        copy_reference(reference, CACHE / f"zookeeper-{OLDER_VERSION}")
    print(f"{reference.name}: {reference}")
    for zookeeper in (fetched(ZOOKEEPER_VERSION), fetched(OLDER_VERSION), zookeeper_38()):
        if not has_archive(zookeeper):
            archive_classes(zookeeper)
    return 0


if __name__ == "__main__":
    sys.exit(main())
