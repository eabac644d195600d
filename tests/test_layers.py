"""The source itself under test: who may import whom, and who may touch the outside world."""

import ast
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src" / "pyzoo"

LAYERS = [
    {"errors", "zxid", "effects", "summaries", "metric_table", "release", "config"},
    {"jute"},
    {"datatree", "quorum"},
    {"persistence"},
    {"server"},
    {"admin"},
    {"runtime", "sim", "shell", "filetools"},
    {"cli", "testing"},
]
"""Lowest first; rooms of one layer do not know each other, but for the base modules among themselves."""

BASE = {"errors", "zxid", "effects", "summaries", "metric_table", "release", "config"}
OUTSIDE = {"trio", "socket", "ssl", "threading", "signal", "select", "queue"}
CLOCK_AND_SYSTEM = {"time", "os", "datetime"}
MAY_USE_OS = {"persistence/disk.py", "filetools/new_file.py"}


RAW_PROPERTIES = {
    "admin/server_commands.py": "shows them",
    "runtime/local_ensemble.py": "are those that the caller gives, and go to the members as -D",
}
"""Who may look at properties as they were given, and why; beside the rooms that read command lines and files."""


def room_of(path: Path) -> str:
    relative = path.relative_to(SOURCE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module == "pyzoo":
                found |= {f"pyzoo.{alias.name}" for alias in node.names}
    return found


def sources() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*.py") if path.name not in ("__init__.py", "__main__.py"))


def level_of(room: str) -> int:
    return next(level for level, rooms in enumerate(LAYERS) if room in rooms)


def test_a_room_imports_only_from_rooms_below_it() -> None:
    wrong = []
    for path in sources():
        room = room_of(path)
        for name in imports_of(path):
            parts = name.split(".")
            if parts[0] != "pyzoo" or len(parts) < 2 or parts[1] == "__version__":
                continue
            other = parts[1]
            both_base = room in BASE and other in BASE
            if other != room and not both_base and level_of(other) >= level_of(room):
                wrong.append(f"{path.relative_to(SOURCE)} imports {name}")
    assert [] == wrong


def test_the_operators_shell_is_a_client_that_knows_no_server() -> None:
    wrong = [
        f"{path.relative_to(SOURCE)} imports {name}"
        for path in sources()
        for name in imports_of(path)
        if room_of(path) == "shell" and name.startswith("pyzoo.") and name.split(".")[1] not in BASE | {"shell"}
    ]
    assert [] == wrong


def test_only_the_outer_rooms_know_sockets_threads_and_signals() -> None:
    wrong = [
        f"{path.relative_to(SOURCE)} imports {name}"
        for path in sources()
        for name in imports_of(path)
        if name.split(".")[0] in OUTSIDE and room_of(path) not in ("runtime", "testing", "cli", "shell")
    ]
    assert [] == wrong


def test_pure_rooms_take_time_and_files_as_arguments() -> None:
    pure = BASE | {"jute", "datatree", "quorum", "persistence", "server", "admin", "filetools"}
    wrong = [
        f"{path.relative_to(SOURCE)} imports {name}"
        for path in sources()
        for name in imports_of(path)
        if name.split(".")[0] in CLOCK_AND_SYSTEM
        and room_of(path) in pure
        and str(path.relative_to(SOURCE)) not in MAY_USE_OS
    ]
    assert [] == wrong


def test_chance_comes_from_the_shell() -> None:
    wrong = [
        str(path.relative_to(SOURCE))
        for path in sources()
        if "random" in imports_of(path) and room_of(path) not in ("sim", "runtime")
    ]
    assert [] == wrong


def test_no_server_needs_construct_to_run() -> None:
    allowed = {"jute/generate.py", "jute/schema/types.py", "jute/schema/records.py"}
    using = {str(path.relative_to(SOURCE)) for path in sources() if "construct" in imports_of(path)}
    assert allowed == using


def test_what_a_server_wants_of_its_configuration_is_a_typed_setting() -> None:
    """Nobody looks a property up by its name: a wrong value would show only then, and as a traceback."""
    before_a_configuration = {"config", "cli", "shell", "testing"}
    wrong = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path in sources()
        if room_of(path) not in before_a_configuration and str(path.relative_to(SOURCE)) not in RAW_PROPERTIES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr == "properties"
        # ServerEnvironment.properties() is what a JVM would say of its own world.
        and not (isinstance(node.value, ast.Attribute) and node.value.attr == "environment")
    ]
    assert [] == wrong
