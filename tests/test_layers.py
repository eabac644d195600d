"""The source itself under test: who may import whom, and who may touch the outside world."""

import ast

from tests.support.sources import Module, modules

LAYERS = [
    {
        "errors",
        "checksums",
        "zxid",
        "outbox",
        "subtrees",
        "summaries",
        "metric_table",
        "release",
        "portable",
        "config",
        "sasl",
        "auth",
        "certificates",
        "recipes",
    },
    {"jute"},
    {"datatree", "quorum"},
    {"persistence"},
    {"server", "history"},
    {"admin"},
    {"console"},
    {"runtime", "sim", "shell", "filetools"},
    {"cli", "testing"},
    {"examples"},
]
"""Lowest first; rooms of one layer do not know each other, but for the base modules among themselves."""

SERVER_LAYERS = [
    {"metrics", "modes", "sessions", "slices"},
    {"stats", "effects"},
    {"auth"},
    {"clients"},
    {"core", "database"},
    {"requests"},
    {"operators"},
    {"roles"},
    {"member", "workers"},
]
"""The rooms and files of server/, likewise: of these no two of one layer know each other."""

RUNTIME_LAYERS = [{"transport"}, {"tls", "logins"}]
"""The rooms of runtime/, likewise; the files beside them are free."""

TESTING_LAYERS = [
    {"errors"},
    {"faults"},
    {"controls"},
    {"embedded"},
    {"preload", "server_log", "server_settings"},
    {"clients"},
    {"plugin", "cases", "kazoo"},
]
"""The rooms and files of testing/, likewise."""

BASE = LAYERS[0]
OUTSIDE = {"trio", "socket", "ssl", "threading", "signal", "select", "queue"}
CLOCK_AND_SYSTEM = {"time", "os", "datetime"}
MAY_USE_OS = {
    "portable.py",
    "persistence/disk.py",
    "persistence/file_calls.py",
    "filetools/new_file.py",
    # The date of a number, whatever the clock says.
    "console/times.py",
}


RAW_PROPERTIES = {
    "admin/server_commands.py": "shows them",
    "runtime/logins/jaas_file.py": "may be named in a JAAS file",
    "runtime/local_ensemble.py": "are those that the caller gives, and go to the members as -D",
}
"""Who may look at properties as they were given, and why; beside the rooms that read command lines and files."""


def sources() -> list[Module]:
    return [module for module in modules() if not module.is_program_or_package]


def level_of(room: str) -> int:
    return next(level for level, rooms in enumerate(LAYERS) if room in rooms)


def test_a_room_imports_only_from_rooms_below_it() -> None:
    wrong = []
    for module in sources():
        room = module.room
        for name in module.imports:
            parts = name.split(".")
            if parts[0] != "pyzoo" or len(parts) < 2 or parts[1] == "__version__":
                continue
            other = parts[1]
            both_base = room in BASE and other in BASE
            if other != room and not both_base and level_of(other) >= level_of(room):
                wrong.append(f"{module.path} imports {name}")
    assert [] == wrong


def test_a_room_of_the_server_imports_only_from_rooms_below_it() -> None:
    level = {room: number for number, rooms in enumerate(SERVER_LAYERS) for room in rooms}
    wrong = []
    for module in sources():
        if module.room != "server":
            continue
        room = module.name.split(".")[2]
        for name in module.imports:
            parts = name.split(".")
            if parts[:2] == ["pyzoo", "server"] and len(parts) > 2 and parts[2] != room:
                if level[parts[2]] >= level[room]:
                    wrong.append(f"{module.path} imports {name}")
    assert [] == wrong


def test_a_room_of_the_runtime_imports_only_from_rooms_below_it() -> None:
    level = {room: number for number, rooms in enumerate(RUNTIME_LAYERS) for room in rooms}
    wrong = []
    for module in sources():
        room = module.name.split(".")[2] if module.room == "runtime" else ""
        for name in module.imports if room in level else ():
            parts = name.split(".")
            if parts[:2] == ["pyzoo", "runtime"] and len(parts) > 2 and parts[2] in level and parts[2] != room:
                if level[parts[2]] >= level[room]:
                    wrong.append(f"{module.path} imports {name}")
    assert [] == wrong


def test_a_room_of_testing_imports_only_from_rooms_below_it() -> None:
    level = {room: number for number, rooms in enumerate(TESTING_LAYERS) for room in rooms}
    wrong = []
    for module in modules():
        if module.room != "testing" or module.path == "testing/__init__.py":
            continue
        room = module.name.split(".")[2]
        for name in module.imports:
            parts = name.split(".")
            if parts[:2] == ["pyzoo", "testing"] and len(parts) > 2 and parts[2] != room:
                if level[parts[2]] >= level[room]:
                    wrong.append(f"{module.path} imports {name}")
    assert [] == wrong


def test_of_testing_only_the_plugin_knows_pytest() -> None:
    """A project on unittest need not have it."""
    wrong = [
        module.path
        for module in modules()
        if module.path.startswith("testing/") and not module.path.startswith("testing/plugin/")
        if {name.split(".")[0] for name in module.imports} & {"pytest", "_pytest"}
    ]
    assert [] == wrong


def test_the_operators_shell_is_a_client_that_knows_no_server() -> None:
    wrong = [
        f"{module.path} imports {name}"
        for module in sources()
        if module.room == "shell"
        for name in module.imports
        if name.startswith("pyzoo.") and name.split(".")[1] not in BASE | {"shell"}
    ]
    assert [] == wrong


def test_only_the_outer_rooms_know_sockets_threads_and_signals() -> None:
    wrong = [
        f"{module.path} imports {name}"
        for module in sources()
        if module.room not in ("runtime", "testing", "cli", "shell", "examples")
        for name in module.imports
        if name.split(".")[0] in OUTSIDE
    ]
    assert [] == wrong


def test_pure_rooms_take_time_and_files_as_arguments() -> None:
    pure = BASE | {"jute", "datatree", "quorum", "persistence", "server", "history", "admin", "console", "filetools"}
    wrong = [
        f"{module.path} imports {name}"
        for module in sources()
        if module.room in pure and module.path not in MAY_USE_OS
        for name in module.imports
        if name.split(".")[0] in CLOCK_AND_SYSTEM
    ]
    assert [] == wrong


def test_chance_comes_from_the_shell() -> None:
    wrong = [
        module.path for module in sources() if "random" in module.imports and module.room not in ("sim", "runtime")
    ]
    assert [] == wrong


def test_no_server_needs_construct_to_run() -> None:
    allowed = {"jute/generate.py", "jute/schema/types.py", "jute/schema/records.py"}
    assert allowed == {module.path for module in sources() if "construct" in module.imports}


def test_what_a_server_wants_of_its_configuration_is_a_typed_setting() -> None:
    """Nobody looks a property up by its name: a wrong value would show only then, and as a traceback."""
    before_a_configuration = {"config", "cli", "shell", "testing"}
    wrong = [
        f"{module.path}:{node.lineno}"
        for module in sources()
        if module.room not in before_a_configuration and module.path not in RAW_PROPERTIES
        for node in module.nodes
        if isinstance(node, ast.Attribute)
        and node.attr == "properties"
        # ServerEnvironment.properties() is what a JVM would say of its own world.
        and not (isinstance(node.value, ast.Attribute) and node.value.attr == "environment")
    ]
    assert [] == wrong
