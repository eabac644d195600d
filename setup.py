"""The build: compiles the hot rooms with mypyc where a C compiler is there, and leaves word where not.

mypyc makes C of the modules that COMPILED names. They become one shared library, and beside it one small library for
each module, which Python imports and which takes the module out of the shared one. Setting PYZOO_PLAIN leaves all of it
out. Whatever the reason, an installation as plain Python keeps it in WHY_PLAIN, for `pyzoo --version` to tell.
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
GROUP = "pyzoo"
SHARED_LIBRARY = "pyzoo__mypyc"
"""mypyc's name for the library of the group."""

WHY_PLAIN = "why_plain.txt"
"""In the package: one line, why nothing is compiled. Not there when it is."""

COMPILED = [
    "src/pyzoo/errors.py",
    "src/pyzoo/outbox.py",
    "src/pyzoo/summaries.py",
    "src/pyzoo/zxid.py",
    "src/pyzoo/release.py",
    "src/pyzoo/jute",
    "src/pyzoo/datatree",
    "src/pyzoo/quorum",
    "src/pyzoo/persistence/disk.py",
    "src/pyzoo/persistence/log_format.py",
    "src/pyzoo/persistence/log_replay.py",
    *(f"src/pyzoo/persistence/snapshot/{name}.py" for name in ("file", "layout", "nodes", "stream")),
    "src/pyzoo/persistence/txn_decoder.py",
    "src/pyzoo/persistence/txnlog.py",
    "src/pyzoo/history/log_walk.py",
    "src/pyzoo/server",
    "src/pyzoo/server/auth",
    "src/pyzoo/server/clients",
    "src/pyzoo/server/member",
    "src/pyzoo/server/operators",
    "src/pyzoo/server/requests",
    "src/pyzoo/server/requests/operations",
    "src/pyzoo/server/roles",
    "src/pyzoo/server/workers",
    "src/pyzoo/runtime/clock.py",
    "src/pyzoo/runtime/log_thread.py",
    "src/pyzoo/runtime/event_wait.py",
    "src/pyzoo/runtime/log_writer.py",
    "src/pyzoo/runtime/thread_pace.py",
    "src/pyzoo/runtime/turn.py",
    "src/pyzoo/runtime/wakeup.py",
    *(
        f"src/pyzoo/runtime/transport/{name}.py"
        for name in ("client_port", "client_tls", "endpoint", "handshakes", "peer_port", "session", "tls_records")
    ),
    *(
        f"src/pyzoo/runtime/transport/{name}.py"
        for name in ("endpoints", "lingering", "listeners", "newcomers", "worker_link")
    ),
]
NOT_COMPILED = {"__init__.py", "generate.py"}
"""Package markers, and the generator, which no server runs."""

COLD = [
    *(
        f"src/pyzoo/quorum/{name}.py"
        for name in ("cnxmanager", "election", "hand_over", "hello", "notification", "reconfig", "auth_packet")
    ),
    *(f"src/pyzoo/server/member/{name}.py" for name in ("config_files", "configuration", "loading")),
    *(f"src/pyzoo/server/member/{name}.py" for name in ("reconfiguration", "restore", "settings", "view")),
    *(f"src/pyzoo/server/operators/{name}.py" for name in ("answers", "counters", "ensemble_view", "environment")),
    *(f"src/pyzoo/server/operators/{name}.py" for name in ("families", "measurements", "mntr", "operated_server")),
    *(f"src/pyzoo/server/operators/{name}.py" for name in ("prometheus", "words")),
    "src/pyzoo/server/clients/sasl_logins.py",
    "src/pyzoo/server/roles/restoring.py",
    "src/pyzoo/server/roles/sasl_steps.py",
    "src/pyzoo/server/workers/report.py",
]
"""Runs for elections, reconfigurations, logins, metrics and words, not for requests: a tenth of all C, left Python."""

HOT = [
    "src/pyzoo/outbox.py",
    "src/pyzoo/summaries.py",
    *(
        f"src/pyzoo/datatree/{name}.py"
        for name in ("acl", "changes", "children", "creations", "digest", "digest_parts")
    ),
    *(
        f"src/pyzoo/datatree/{name}.py"
        for name in ("ephemeral_type", "foreseen", "java_order", "listing", "listing_build")
    ),
    *(f"src/pyzoo/datatree/{name}.py" for name in ("listings", "node", "node_store", "node_table", "owed_events")),
    *(f"src/pyzoo/datatree/{name}.py" for name in ("ownership", "path_hash", "path_node", "paths", "quota")),
    *(f"src/pyzoo/datatree/{name}.py" for name in ("spread_table", "standard_watches", "tree", "txn_result", "walk")),
    *(f"src/pyzoo/datatree/{name}.py" for name in ("watcher", "watches")),
    *(f"src/pyzoo/jute/{name}.py" for name in ("framing", "primitives")),
    *(f"src/pyzoo/persistence/{name}.py" for name in ("log_format", "log_replay", "txn_decoder")),
    "src/pyzoo/persistence/snapshot/nodes.py",
    *(f"src/pyzoo/server/{name}.py" for name in ("core", "database", "effects", "sessions", "stats")),
    "src/pyzoo/server/auth/access_control.py",
    *(f"src/pyzoo/server/clients/{name}.py" for name in ("admission", "cnxn", "cnxn_factory")),
    *(f"src/pyzoo/server/clients/{name}.py" for name in ("pending_requests", "request", "request_throttler")),
    *(f"src/pyzoo/server/requests/{name}.py" for name in ("change_records", "commits", "final", "log_batch")),
    *(f"src/pyzoo/server/requests/{name}.py" for name in ("namespace_counts", "open_acl", "outstanding")),
    *(f"src/pyzoo/server/requests/{name}.py" for name in ("prep", "prepared", "reads", "replies", "request_queue")),
    "src/pyzoo/server/requests/sync.py",
    *(
        f"src/pyzoo/server/requests/operations/{name}.py"
        for name in ("changes", "child_reads", "creates", "multi_write", "node_reads", "operation", "parts")
    ),
    *(f"src/pyzoo/server/requests/operations/{name}.py" for name in ("session_reads", "table")),
    *(f"src/pyzoo/server/roles/{name}.py" for name in ("writing", "zookeeper_server")),
    *(f"src/pyzoo/runtime/{name}.py" for name in ("event_wait", "log_thread", "log_writer", "turn", "wakeup")),
    *(
        f"src/pyzoo/runtime/transport/{name}.py"
        for name in ("client_port", "client_tls", "endpoint", "endpoints", "handshakes", "peer_port", "session")
    ),
    "src/pyzoo/runtime/transport/tls_records.py",
]
"""Runs for every request, or for every node and transaction of a start."""

MYPY_OPTIONS = ["--config-file=", "--follow-imports=silent", "--ignore-missing-imports"]
"""Lenient: a mypy of tomorrow that is stricter must not make an installation slow. CI has the strict check."""

C_FLAGS = ["-g0", "-w", "-fvisibility=hidden"]
"""Hidden names let the functions of one library call each other directly."""

DEALLOCATION = """\
#include <Python.h>
#include <string.h>

#define PYZOO_MOST_NESTED 50

static __thread int pyzoo_nested;
static __thread PyObject *pyzoo_put_off;

static inline int pyzoo_begin_dealloc(PyObject *op)
{
    if (pyzoo_nested >= PYZOO_MOST_NESTED) {
        memcpy(op, &pyzoo_put_off, sizeof(PyObject *));
        pyzoo_put_off = op;
        return 0;
    }
    pyzoo_nested++;
    return 1;
}

static inline void pyzoo_end_dealloc(void)
{
    pyzoo_nested--;
    while (pyzoo_nested == 0 && pyzoo_put_off != NULL) {
        PyObject *op = pyzoo_put_off;
        memcpy(&pyzoo_put_off, op, sizeof(PyObject *));
        memset(op, 0, sizeof(PyObject *));
        pyzoo_nested++;
        Py_TYPE(op)->tp_dealloc(op);
        pyzoo_nested--;
    }
}

#undef Py_TRASHCAN_BEGIN
#undef Py_TRASHCAN_END
#define Py_TRASHCAN_BEGIN(op, dealloc) \\
    do { \\
        int is_whole = Py_TYPE((PyObject *)(op))->tp_dealloc == (destructor)(dealloc); \\
        if (is_whole && !pyzoo_begin_dealloc((PyObject *)(op))) \\
            break;
#define Py_TRASHCAN_END \\
        if (is_whole) \\
            pyzoo_end_dealloc(); \\
    } while (0);
"""
"""What is read ahead of generated code: CPython's macros against chains of objects that are freed within each other.

CPython's link what is put off in the header for the garbage collector. mypyc (2.4.1) uses them for acyclic classes too,
whose objects have no such header: the memory in front of them would be overwritten. These link it where the count of
references is, which is 0 by then.
"""

QUICKLY, THOROUGHLY = "-O1", "-O2"
"""-O2 takes nearly twice the time to compile; what does not run for every request gains nothing from it."""

HOT_UNITS, UNITS = 3, 9
"""How many files the C compiler gets: enough to share among processors, few as each reads all declarations."""

SHIMS_TOGETHER = 8
"""How many modules share a compile and a link. Each gets the code for all, 600 bytes for each of them."""

MOST_JOBS = 8
"""Compilers at a time; each takes some 300 MB of memory."""


class NotCompiled(Exception):
    """Why pyzoo is installed as plain Python."""


def compiled_sources() -> list[str]:
    """Every file of the hot rooms, in a fixed order, relative to the project."""
    files: list[Path] = []
    for entry in COMPILED:
        path = ROOT / entry
        files += [path] if path.is_file() else sorted(path.glob("*.py"))
    names = [str(path.relative_to(ROOT)) for path in files if path.name not in NOT_COMPILED]
    return [name for name in names if name not in COLD]


def module_name(source: str) -> str:
    """`pyzoo.server.requests.prep` of `src/pyzoo/server/requests/prep.py`."""
    return ".".join(Path(source).with_suffix("").parts[1:])


def extensions() -> list[Extension]:
    """What the build is to make; none when plain Python was asked for. mypyc runs later, when it is built."""
    if os.environ.get("PYZOO_PLAIN"):
        return []
    sources = compiled_sources()
    return [Extension(SHARED_LIBRARY, sources), *(Extension(module_name(source), [source]) for source in sources)]


class BuildPy(build_py):
    """Copies the modules, and says of a build that was asked for as plain that it is."""

    def run(self) -> None:
        remove_libraries(Path(self.build_lib))
        super().run()
        reason = "" if self.distribution.ext_modules else "PYZOO_PLAIN was set when it was installed"
        write_reason(self, reason)


class BuildExt(build_ext):
    """Compiles all of the group or nothing: half of it would not import."""

    def run(self) -> None:
        try:
            super().run()
        except Exception as error:
            reason = str(error) if isinstance(error, NotCompiled) else f"{type(error).__name__}: {error}"
            print(f"pyzoo: not compiled, it runs as plain Python: {reason}", file=sys.stderr)
            remove_libraries(Path(self.build_lib))
            self.extensions = []
            write_reason(self.get_finalized_command("build_py"), reason)

    def build_extensions(self) -> None:
        jobs = ThreadPoolExecutor(min(len(os.sched_getaffinity(0)), MOST_JOBS))
        with tempfile.TemporaryDirectory(prefix="pyzoo-build-") as made, jobs:
            directory = Path(made)
            self._try_compiler(directory)
            shared, *shims = generate_c(compiled_sources(), directory)
            self._build_shared_library(shared, directory, jobs)
            groups = enumerate(shim_groups([shim.sources[0] for shim in shims]))
            list(jobs.map(lambda group: self._build_shims(*group, directory), groups))

    def _try_compiler(self, directory: Path) -> None:
        """What fails here would fail later, when mypyc has worked for nothing."""
        trial = directory / "trial.c"
        trial.write_text("#include <Python.h>\n")
        self._compile(trial, self.include_dirs)

    def _build_shared_library(self, shared: Any, directory: Path, jobs: ThreadPoolExecutor) -> None:
        include = [*self.include_dirs, *shared.include_dirs, str(directory)]
        header = directory / "deallocation.h"
        header.write_text(DEALLOCATION)
        hot_files = {generated_file(source, directory) for source in HOT}
        hot = [source for source in shared.sources if source in hot_files]
        other = [source for source in shared.sources if source not in hot_files]
        units = [(unit, THOROUGHLY) for unit in write_units(hot, HOT_UNITS, directory / "hot")]
        units += [(unit, QUICKLY) for unit in write_units(other, UNITS, directory / "other")]
        objects = list(jobs.map(lambda unit: self._compile(unit[0], include, unit[1], header), units))
        self._link(objects, self.get_ext_fullpath(SHARED_LIBRARY))

    def _build_shims(self, number: int, shims: list[str], directory: Path) -> None:
        """A library that can be imported under the name of any of these modules, copied to each of the names."""
        unit = directory / f"shims{number}.c"
        unit.write_text("".join(shim_include(shim) for shim in shims))
        library = str(unit.with_suffix(".so"))
        self._link([self._compile(unit, self.include_dirs)], library)
        for shim in shims:
            name = module_name(f"src/{Path(shim).relative_to(directory)}")
            target = Path(self.get_ext_fullpath(name))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, target)

    def _compile(self, unit: Path, include: Iterable[str], level: str = QUICKLY, header: Path | None = None) -> str:
        """The object file of a C file, beside it; the header is read ahead of the file."""
        target = str(unit.with_suffix(".o"))
        flags = [f"-I{directory}" for directory in include] + ([] if header is None else ["-include", str(header)])
        run_compiler([*self.compiler.compiler_so, *flags, level, *C_FLAGS, "-c", str(unit), "-o", target])
        return target

    def _link(self, objects: list[str], target: str) -> None:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        run_compiler([*self.compiler.linker_so, *objects, "-o", target])


def generate_c(sources: list[str], directory: Path) -> list[Any]:
    """What mypyc makes of the sources, as extensions: the shared library first. Raises NotCompiled."""
    said = io.StringIO()
    try:
        from mypyc.build import mypycify

        with redirect_stdout(said):
            return mypycify([*MYPY_OPTIONS, *sources], group_name=GROUP, multi_file=True, target_dir=str(directory))
    except ImportError as error:
        raise NotCompiled(f"mypyc is not there: {error}") from error
    except SystemExit as error:  # How mypycify leaves when types are wrong.
        sys.stderr.write(said.getvalue())
        raise NotCompiled(f"mypyc failed: {first_error(said.getvalue()) or error}") from error


def generated_file(source: str, directory: Path) -> str:
    """mypyc's name for the C file of a module."""
    return str(directory / f"__native_{module_name(source).replace('.', '___')}.c")


def write_units(sources: list[str], count: int, directory: Path) -> list[Path]:
    """Files that include the generated ones, of about one size each, the largest first."""
    size_of = {source: Path(source).stat().st_size for source in sources}
    units: list[list[str]] = [[] for _ in range(count)]
    for source in sorted(sources, key=size_of.__getitem__, reverse=True):
        min(units, key=lambda unit: sum(size_of[member] for member in unit)).append(source)
    directory.mkdir()
    paths = [directory / f"unit{number}.c" for number in range(count)]
    for path, members in zip(paths, units, strict=True):
        path.write_text("".join(f'#include "{member}"\n' for member in members))
    return paths


def shim_groups(sources: list[str]) -> list[list[str]]:
    """A few shims each, without two of one file name: the name of an init function has no package in it."""
    groups: list[list[str]] = []
    for source in sources:
        names = [{Path(member).name for member in group} for group in groups]
        free = (
            group
            for group, taken in zip(groups, names, strict=True)
            if len(group) < SHIMS_TOGETHER and Path(source).name not in taken
        )
        group = next(free, None)
        if group is None:
            groups.append(group := [])
        group.append(source)
    return groups


def shim_include(source: str) -> str:
    """C that includes a shim; each has the same alias for its init function, which here gets a name of its own."""
    return f'#define PyInit___init__ PyInit___init___{Path(source).stem}\n#include "{source}"\n#undef PyInit___init__\n'


def run_compiler(words: list[str]) -> None:
    """Run the C compiler or linker; raises NotCompiled with the first line that says what is wrong."""
    name = Path(words[0]).name
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NotCompiled(f"no C compiler: {words[0]}: {error.strerror}") from error
    if done.returncode:
        sys.stderr.write(done.stderr)
        raise NotCompiled(f"{name} failed: {first_error(done.stderr) or f'exit code {done.returncode}'}")


def first_error(output: str) -> str:
    """The first line that speaks of an error, or else the first line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line), lines[0] if lines else "")


def remove_libraries(directory: Path) -> None:
    """Nothing that an earlier build has compiled may be installed with this one."""
    for library in (directory / "pyzoo").rglob("*.so"):
        library.unlink()
    for library in directory.glob(f"{SHARED_LIBRARY}*.so"):
        library.unlink()


def write_reason(command: Any, reason: str) -> None:
    """Leave the reason in the package that is being built, or nothing when there is none."""
    base = ROOT / "src" if command.editable_mode else Path(command.build_lib)
    path = base / "pyzoo" / WHY_PLAIN
    if reason:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(reason + "\n")
    else:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    setup(ext_modules=extensions(), cmdclass={"build_py": BuildPy, "build_ext": BuildExt})
