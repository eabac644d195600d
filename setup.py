"""The build: compiles the hot rooms with mypyc where a C compiler is there, and says so where not.

Without a compiler, or with PYZOO_PLAIN=1, the same sources are installed as plain Python.
"""

import os
import sys
from pathlib import Path
from typing import Any

from setuptools import setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent
NOT_COMPILED = {"__init__.py", "generate.py"}
"""Package markers, and the generator, which no server runs."""

COMPILED = [
    "src/pyzoo/errors.py",
    "src/pyzoo/effects.py",
    "src/pyzoo/summaries.py",
    "src/pyzoo/zxid.py",
    "src/pyzoo/release.py",
    "src/pyzoo/jute",
    "src/pyzoo/datatree",
    "src/pyzoo/quorum",
    "src/pyzoo/persistence/disk.py",
    "src/pyzoo/persistence/log_format.py",
    "src/pyzoo/persistence/snapshot_format.py",
    "src/pyzoo/persistence/snapshot_stream.py",
    "src/pyzoo/persistence/txnlog.py",
    "src/pyzoo/server",
    "src/pyzoo/runtime/clock.py",
    "src/pyzoo/runtime/log_thread.py",
    "src/pyzoo/runtime/event_wait.py",
    "src/pyzoo/runtime/turn.py",
    "src/pyzoo/runtime/peers.py",
]


def compiled_sources() -> list[str]:
    """Every file of the hot rooms, in a fixed order, relative to the project."""
    files: list[Path] = []
    for entry in COMPILED:
        path = ROOT / entry
        files += [path] if path.is_file() else sorted(path.glob("*.py"))
    return [str(path.relative_to(ROOT)) for path in files if path.name not in NOT_COMPILED]


class OptionalBuildExt(build_ext):
    """Compile all of the group or nothing: half of it would not import."""

    def run(self) -> None:
        try:
            super().run()
        except Exception as error:
            print(f"pyzoo: not compiled, it runs as plain Python: {error}", file=sys.stderr)
            for built in Path(self.build_lib).rglob("*.so"):
                built.unlink()
            self.extensions = []


def extensions() -> list[Any]:
    """The mypyc group, or nothing with a line that says why."""
    if os.environ.get("PYZOO_PLAIN"):
        print("pyzoo: PYZOO_PLAIN is set, it is installed as plain Python", file=sys.stderr)
        return []
    try:
        from mypyc.build import mypycify

        return mypycify(
            ["--config-file", "pyproject.toml", *compiled_sources()],
            opt_level="3",
            debug_level="0",
            group_name="pyzoo",
        )
    except (ImportError, SystemExit) as error:  # mypycify leaves by sys.exit when types are wrong
        print(f"pyzoo: not compiled, it runs as plain Python: {error}", file=sys.stderr)
        return []


setup(ext_modules=extensions(), cmdclass={"build_ext": OptionalBuildExt})
