"""Commands for watches: addWatch, removewatches."""

from typing import Final

from pyzoo.shell.command import Command, Context
from pyzoo.shell.errors import MalformedCommand
from pyzoo.shell.options import Arguments, Option, Options
from pyzoo.shell.watches import WatcherType
from pyzoo.subtrees.values import Json

PERSISTENT: Final = "PERSISTENT"
RECURSIVE: Final = "PERSISTENT_RECURSIVE"
_TYPES: Final = {
    "c": WatcherType.CHILDREN,
    "d": WatcherType.DATA,
    "p": WatcherType.PERSISTENT,
    "r": WatcherType.PERSISTENT_RECURSIVE,
    "a": WatcherType.ANY,
}


def add_watch(context: Context, given: Arguments) -> Json:
    mode = given.value("m").upper() if given.has("m") else RECURSIVE
    if mode not in (PERSISTENT, RECURSIVE):
        raise MalformedCommand(ADD_WATCH.usage)
    path = given.words[1]
    context.zk.add_watch(path, mode == RECURSIVE)
    return {"path": path, "mode": mode}


def remove_watches(context: Context, given: Arguments) -> Json:
    path = given.words[1]
    type = next((type for letter, type in _TYPES.items() if given.has(letter)), WatcherType.ANY)
    context.zk.remove_watches(path, type, local=given.has("l"))
    return {"path": path, "removed": type.name}


ADD_WATCH: Final = Command(
    "addWatch",
    f"[-m mode] path # optional mode is one of [{PERSISTENT}, {RECURSIVE}] - default is {RECURSIVE}",
    add_watch,
    Options.of(Option("m", f"{PERSISTENT} or {RECURSIVE}", takes_value=True)),
    most=2,
    summary="Watch a node, or all below it, until the watch is removed.",
)
COMMANDS: Final = (
    ADD_WATCH,
    Command(
        "removewatches",
        "path [-c|-d|-a] [-l]",
        remove_watches,
        Options.of(
            Option("c", "child watcher type"),
            Option("d", "data watcher type"),
            Option("p", "persistent watcher type"),
            Option("r", "persistent recursive watcher type"),
            Option("a", "any watcher type"),
            Option("l", "remove locally when there is no server connection"),
        ),
        summary="Remove watches of this session.",
    ),
)
