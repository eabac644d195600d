"""The source kept in order: lengths, circles of imports, names, and nothing that nobody uses.

What may be otherwise stands here with its reason.
"""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from vulture.core import Item, Vulture

from pyzoo.metric_table import METRICS
from tests.support.sources import ROOT, Module, modules

FILE_LINES = 420
TEST_FILE_LINES = 580
FUNCTION_LINES = 60
CLASS_LINES = 350
CLASS_METHODS = 30

LONG_FILES = {
    "src/pyzoo/jute/records.py": "is generated",
}

LARGE_CLASSES = {
    "QuorumPeer": "has a method for each thing that can happen to a member",
}

SERVER_ROOMS = {"jute", "datatree", "quorum", "persistence", "server", "admin", "runtime"}
"""One process has all of these; the shell, the simulator and the file tools have the same names for the same things."""

VAGUE_NAMES = {"common", "helper", "helpers", "lib", "misc", "util", "utils"}

NOT_DEAD = {
    "what Python calls": {"__getattr__"},
    "what templates of the console and JSON show": {
        "area",
        "data_bytes",
        "data_dir_bytes",
        "established_ms",
        "expires_ms",
        "height",
        "is_exceeded",
        "is_here",
        "last_operation",
        "last_seen_ms",
        "log_dir_bytes",
        "maker",
        "role_class",
    },
    "what click calls": {"blame", "cli", "format_commands", "launchers", "parse_args", "recover"},
    "what is imported when the command is called": {
        "launcher",
        "snapshot_comparer",
        "snapshot_formatter",
        "snapshot_recursive_summary",
        "txn_log_toolkit",
        "zk_cleanup",
        "zk_server",
    },
    "what construct calls": {"_parse"},
    "what ctypes reads": {"restype"},
    "what logging calls and reads": {
        "emit",
        "enqueue",
        "logMultiprocessing",
        "logProcesses",
        "raiseExceptions",
        "_srcfile",
    },
    "what gssapi reads": {"__DEFER_STEP_ERRORS__"},
    "what ssl reads": {
        "check_hostname",
        "maximum_version",
        "minimum_version",
        "num_tickets",
        "verify_flags",
        "verify_mode",
    },
    "what kazoo calls and looks at": {
        "_authenticate_with_sasl",
        "_read_response",
        "_read_watch_event",
        "_send_request",
        "sasl_options",
    },
    "what prompt-toolkit calls": {"complete_event", "get_completions"},
    "what tests of pyzoo's users do to an ensemble": {"member_at", "rolling_restart"},
    "what tests of pyzoo's users do to a server, and see of it": {"disk_full", "step_clock"},
    "what tests on kazoo's harness call": {
        "_get_nonchroot_client",
        "destroy",
        "expire_session",
        "get_ssl_client_configuration",
        "lose_connection",
        "tearDown",
        "tearDownClass",
    },
    "kinds of alternative names": {"EDI", "OTHER_NAME", "X400"},
    "operations that are only named": {"NOTIFICATION"},
    "defaults of attrs": {"_twenty_ticks", "_two_ticks"},
    "whole texts of what a server makes in pieces, for tests": {
        "exposition_text",
        "json_bytes",
        "key_reference",
        "string_hash",
    },
    "what tests ask of the shell, the simulator and the machine": {
        "NONE",
        "MUTATIONS",
        "checked",
        "first_seed",
        "free_port",
        "planted",
    },
}

METRIC_NAMES = {metric.name for metric in METRICS}
"""Metrics are counted under them and read by them."""


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for module in modules():
        for node in module.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield module.path, node


def classes() -> Iterator[tuple[Module, ast.ClassDef]]:
    for module in modules():
        for node in module.nodes:
            if isinstance(node, ast.ClassDef):
                yield module, node


def texts() -> Iterator[tuple[str, str]]:
    for module in modules():
        yield f"src/pyzoo/{module.path}", module.text
    for folder in ("tests", "interop", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def lines_of(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_file_is_longer_than_one_likes_to_read() -> None:
    large_classes = {f"src/pyzoo/{module.path}" for module, node in classes() if node.name in LARGE_CLASSES}
    long = {}
    for path, text in texts():
        lines = text.count("\n")
        if lines > (TEST_FILE_LINES if path.startswith("tests/") else FILE_LINES) and path not in large_classes:
            long[path] = lines
    assert {} == {path: lines for path, lines in long.items() if path not in LONG_FILES}
    assert set() == LONG_FILES.keys() - long.keys(), "these are long no more"


def test_functions_fit_on_a_screen() -> None:
    assert {} == {
        f"{path}: {node.name}": lines_of(node) for path, node in functions() if lines_of(node) > FUNCTION_LINES
    }


def test_classes_can_be_held_in_mind() -> None:
    large = {}
    for _, node in classes():
        methods = sum(isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) for part in node.body)
        if methods > CLASS_METHODS or lines_of(node) > CLASS_LINES:
            large[node.name] = (methods, lines_of(node))
    assert {} == {name: size for name, size in large.items() if name not in LARGE_CLASSES}
    assert set() == LARGE_CLASSES.keys() - large.keys(), "these are large no more"


def test_imports_go_in_no_circle() -> None:
    names = {module.name for module in modules()}
    graph = {module.name: module.imports & names - {module.name} for module in modules()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " -> ".join(error.args[1])
    else:
        circle = "none"
    assert circle == "none"


def test_a_name_says_what_is_there() -> None:
    assert [] == [path for path, _ in texts() if VAGUE_NAMES & set(re.split(r"[_./]", path))]


def test_two_classes_of_a_server_do_not_share_a_name() -> None:
    count = Counter(
        node.name
        for module, node in classes()
        if module.room in SERVER_ROOMS and module.path != "jute/records.py" and not node.name.startswith("_")
    )
    assert [] == [name for name, times in count.items() if times > 1]


class DeadCode(Vulture):
    """Vulture, on trees that are there already."""

    def look_at(self, module: Module) -> None:
        self.filename = Path(module.path)
        self.noqa_lines: dict[str, set[int]] = defaultdict(set)
        for node in module.nodes:
            visit = getattr(self, f"visit_{type(node).__name__}", None)
            if visit is not None:
                visit(node)


@cache
def unused() -> list[Item]:
    dead = DeadCode(ignore_names=["pytest_*"], ignore_decorators=["@pytest.fixture"])
    for module in modules():
        dead.look_at(module)
    found: list[Item] = dead.get_unused_code(min_confidence=60)
    return found


def test_everything_is_used_by_somebody() -> None:
    known = METRIC_NAMES.union(*NOT_DEAD.values())
    assert [] == [
        f"{item.filename}:{item.first_lineno}: {item.typ} {item.name}" for item in unused() if item.name not in known
    ]


def test_only_what_looks_unused_is_excused_from_being_used() -> None:
    assert set() == set[str]().union(*NOT_DEAD.values()) - {item.name for item in unused()}


def test_no_tuple_is_spread_where_mypyc_would_pass_it_whole() -> None:
    """See findings/mypyc-star-in-super-init.sh; the rooms of `SERVER_ROOMS` are compiled, or may be some day."""
    assert [] == [
        f"{module.path}:{node.lineno}"
        for module in modules()
        if module.room in SERVER_ROOMS
        for node in module.nodes
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "super().__init__"
        if any(isinstance(argument, ast.Starred) for argument in node.args)
    ]
