"""kazoo's own test suite, run on its harness or on pyzoo's, which is put in by changing the imports of a copy.

    python -m interop.kazoo_suite                  # on pyzoo.testing.kazoo; about four minutes
    python -m interop.kazoo_suite --real           # on kazoo.testing and Apache ZooKeeper; about fifteen
    python -m interop.kazoo_suite -k TestSSLClient # what follows goes to pytest

It comes with the package: wheel and sdist of 2.11.0 hold the same tests. They need `objgraph`, and for all of them
`eventlet`, `gevent` and `pure-sasl`; those on the real server need "pyopenssl<26" and `pyjks` besides. Of kazoo 2.11.0
all 493 pass on pyzoo. On 3.9.6 the two logins by DIGEST-MD5 fail, which its FIPS mode refuses, and on a busy machine
some that give a server five seconds to come back.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import kazoo

from interop.java import ZOOKEEPER_VERSION, Missing, zookeeper_39
from interop.kdc import running_kdc

ITS_IMPORT = "from kazoo.testing import"
OUR_IMPORT = "from pyzoo.testing.kazoo import"
OPTIONS = ("-p", "no:cacheprovider", "-p", "no:trio", "--import-mode=prepend", "-ra", "--durations=10")


def copy_suite(target: Path, real: bool) -> Path:
    """Put kazoo with its tests below `target`; returns that. The imports of its harness are changed unless `real`."""
    shutil.copytree(Path(kazoo.__file__).parent, target / "kazoo", ignore=shutil.ignore_patterns("__pycache__"))
    (target / "pytest.ini").write_text("[pytest]\n")
    for test in (target / "kazoo" / "tests").glob("test_*.py") if not real else ():
        test.write_text(test.read_text().replace(ITS_IMPORT, OUR_IMPORT))
    return target


def command(options: Sequence[str]) -> list[str]:
    """What runs the tests of a copy, in its directory."""
    return [sys.executable, "-m", "pytest", *OPTIONS, *(options or ["kazoo/tests"])]


def environment(real: bool) -> dict[str, str]:
    """What the tests look at: the release that they meet, and where it is. Raises Missing."""
    found = {**os.environ, "CI": "true", "ZOOKEEPER_VERSION": ZOOKEEPER_VERSION}
    if real:
        found["ZOOKEEPER_CLASSPATH"] = zookeeper_39().class_path
    return found


@contextmanager
def its_realm(directory: Path) -> Iterator[None]:
    """The Kerberos realm that the tests look for, in the environment; without a KDC they are skipped."""
    with ExitStack() as stack:
        try:
            kdc = stack.enter_context(running_kdc("KAZOOTEST.ORG"))
        except Missing as missing:
            print(f"without Kerberos: {missing}")
        else:
            kdc.add("zookeeper/127.0.0.1", "client")
            for keytab, principal in (("server.keytab", "zookeeper/127.0.0.1"), ("client.keytab", "client")):
                kdc.realm.extract_keytab(principal, str(directory / keytab))
            os.environ["KRB5_TEST_ENV"] = str(directory)
        yield


def main() -> int:
    options = sys.argv[1:]
    real = "--real" in options
    options = [each for each in options if each != "--real"]
    with tempfile.TemporaryDirectory(prefix="kazoo-suite-") as directory, its_realm(Path(directory)):
        suite = copy_suite(Path(directory), real)
        return subprocess.run(command(options), cwd=suite, env=environment(real)).returncode


if __name__ == "__main__":
    raise SystemExit(main())
