"""Commands for nodes: create, delete, deleteall, get, set, ls, stat, sync, getEphemerals, getAllChildrenNumber."""

import base64
import binascii
from collections.abc import Iterator
from typing import Any, Final

from pyzoo import errors as codes
from pyzoo.config.java_numbers import parse_decimal
from pyzoo.errors import KeeperError
from pyzoo.shell.client import NewNode, ZooKeeper
from pyzoo.shell.command import VERSION, WATCH, Command, Context
from pyzoo.shell.errors import ForgivenFailure, MalformedCommand, code_name, code_text
from pyzoo.shell.options import Arguments, Option, Options
from pyzoo.shell.render import hex_dump, stat_json, stat_lines
from pyzoo.subtrees.acl_text import OPEN_ACL, parse_acl
from pyzoo.subtrees.paths import check_path, child_of
from pyzoo.subtrees.values import Json, data_json

ANY_VERSION: Final = -1
MAX_TTL_MS: Final = 0xFFFFFFFFFF
DELETE_BATCH: Final = 1000
BATCHES_IN_FLIGHT: Final = 10
SYNC_TIMEOUT_S: Final = 30.0


def bytes_of(text: str) -> bytes:
    """The data that a word stands for: the bytes that were typed."""
    return text.encode("utf-8", "surrogateescape")


def version_of(given: Arguments) -> int:
    """The value of -v; raises MalformedCommand."""
    if not given.has("v"):
        return ANY_VERSION
    version = parse_decimal(given.value("v"))
    if version is None:
        raise MalformedCommand(f"-v {given.value('v')}: give the version as a whole number")
    return version


def create(context: Context, given: Arguments) -> Json:
    mode, ttl_ms = _mode(given)
    path = given.words[1]
    data = bytes_of(given.words[2]) if len(given.words) > 2 else None
    acl = parse_acl(given.words[3], context.printer.error) if len(given.words) > 3 else list(OPEN_ACL)
    try:
        created = context.zk.create_node(NewNode(path, data, acl, mode, ttl_ms))
    except KeeperError as error:
        if error.code == codes.EPHEMERALONLOCALSESSION:
            context.printer.error("Unable to create ephemeral node on a local session")
        if error.code == codes.INVALIDACL:
            context.printer.error(code_text(error))
        raise
    if not context.printer.as_json:
        context.printer.error(f"Created {created}")
    return {"path": created}


def _mode(given: Arguments) -> tuple[str, int | None]:
    """CreateMode and time to live; raises MalformedCommand for what cannot be combined."""
    ephemeral, sequential, container = given.has("e"), given.has("s"), given.has("c")
    if container and (ephemeral or sequential):
        raise MalformedCommand("-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.")
    ttl_ms = _ttl(given)
    if ttl_ms is not None and ephemeral:
        raise MalformedCommand("TTLs cannot be used with Ephemeral znodes")
    if ttl_ms is not None and container:
        raise MalformedCommand("TTLs cannot be used with Container znodes")
    if ttl_ms is not None and not 0 < ttl_ms <= MAX_TTL_MS:
        raise MalformedCommand(f"ttl must be positive and cannot be larger than: {MAX_TTL_MS}")
    kind = "container" if container else "ephemeral" if ephemeral else "persistent" if ttl_ms is None else "ttl"
    return f"{kind} sequential" if sequential else kind, ttl_ms


def _ttl(given: Arguments) -> int | None:
    if not given.has("t"):
        return None
    ttl_ms = parse_decimal(given.value("t"), 64)
    if ttl_ms is None:
        raise MalformedCommand("-t argument must be a long value")
    return ttl_ms


def delete(context: Context, given: Arguments) -> Json:
    path = given.words[1]
    context.zk.delete(path, version_of(given))
    return {"deleted": path}


def delete_all(context: Context, given: Arguments) -> Json:
    batch = parse_decimal(given.value("b")) if given.has("b") else DELETE_BATCH
    if batch is None:
        raise MalformedCommand("-b argument must be an int value")
    path = given.words[1]
    check_path(path)
    paths = [node.path for node in context.zk.walk(path)][::-1]
    if batch > 0:
        deleted = _delete_in_batches(context.zk, paths, batch)
    else:
        for each in paths:
            context.zk.delete(each)
        deleted = True
    if not deleted:
        context.printer.error("Failed to delete some node(s) in the subtree!")
        raise ForgivenFailure({"error": f"could not delete all of {path}", "path": path})
    return {"deleted": path, "nodes": len(paths)}


def _delete_in_batches(zk: ZooKeeper, paths: list[str], size: int) -> bool:
    """Multis of `size` deletes, some on their way at once; after a failure no more are sent."""
    sent: list[Any] = []
    good = True
    for at in range(0, len(paths), size):
        if len(sent) == BATCHES_IN_FLIGHT:
            good = zk.finish_delete(sent.pop(0))
        if not good:
            break
        sent.append(zk.delete_many(paths[at : at + size]))
    ended = [zk.finish_delete(answer) for answer in sent]
    return good and all(ended)


def get(context: Context, given: Arguments) -> Json:
    path = given.words[1]
    data, stat = context.zk.get_data(path, given.has("w"))
    shown = b"null" if data is None else data
    if given.has("x"):
        context.printer.line(hex_dump(shown))
    elif given.has("b"):
        context.printer.line(base64.b64encode(shown).decode("ascii"))
    else:
        # The bytes as they are; zkCli puts a character of its own in place of what is no UTF-8.
        errors = "replace" if context.printer.compatible else "surrogateescape"
        context.printer.line(shown.decode("utf-8", errors))
    value: dict[str, Json] = {"path": path}
    if given.has("b"):
        value |= {"data": base64.b64encode(data or b"").decode("ascii"), "encoding": "base64"}
    else:
        value |= data_json(data)
    return with_stat(context, given, value, stat)


def with_stat(context: Context, given: Arguments, value: dict[str, Json], stat: object) -> Json:
    """Print the stat where it was asked for, and add it to the document."""
    if given.has("s"):
        for line in stat_lines(stat):
            context.printer.line(line)
        value["stat"] = stat_json(stat)
    return value


def set_(context: Context, given: Arguments) -> Json:
    path = given.words[1]
    data = bytes_of(given.words[2])
    if given.has("b"):
        try:
            data = base64.b64decode(data, validate=True)
        except binascii.Error as error:
            raise MalformedCommand(f"-b {given.words[2]}: this is not base64: {error}") from None
    stat = context.zk.set_data(path, data, version_of(given))
    return with_stat(context, given, {"path": path}, stat)


def ls(context: Context, given: Arguments) -> Json:
    if given.has("?"):
        context.printer.line("usage: ls [options] path")
        for line in LS_OPTIONS.help_lines():
            context.printer.line(line)
    if len(given.words) < 2:
        raise MalformedCommand(LS.usage)
    path = given.words[1]
    if given.has("R"):
        return _ls_below(context, path, given.has("w"))
    names, stat = context.zk.get_children(path, given.has("w"))
    context.printer.line(f"[{', '.join(names)}]")
    return with_stat(context, given, {"path": path, "children": list(names)}, stat)


def _ls_below(context: Context, path: str, watch: bool) -> Json:
    paths = []
    for each in visit(context.zk, path, watch):
        context.printer.line(each)
        paths.append(each)
    return {"path": path, "paths": list(paths)}


def visit(zk: ZooKeeper, path: str, watch: bool = False) -> Iterator[str]:
    """A path and all below it: a node's children, then what is below each (ZKUtil.visitSubTreeDFS)."""
    zk.get_data(path, watch)
    yield path
    waiting = [zk.read_many([path], watch=watch)]
    while waiting:
        for node in waiting[-1]:
            if node is not None and node.children:
                below = [child_of(node.path, name) for name in sorted(node.children)]
                yield from below
                waiting.append(zk.read_many(below, watch=watch))
                break
        else:
            waiting.pop()


def stat(context: Context, given: Arguments) -> Json:
    path = given.words[1]
    found = context.zk.exists(path, given.has("w"))
    if found is None:
        raise KeeperError(codes.NONODE, path)
    for line in stat_lines(found):
        context.printer.line(line)
    return {"path": path, "stat": stat_json(found)}


def sync(context: Context, given: Arguments) -> Json:
    path = given.words[1]
    try:
        context.zk.sync(path, SYNC_TIMEOUT_S)
    except KeeperError as error:
        text = f"Sync has failed. rc={error.code}"
        context.printer.complain(text)
        raise ForgivenFailure({"error": text, "code": code_name(error.code), "path": path, "rc": error.code}) from None
    context.printer.line("Sync is OK")
    return {"path": path, "rc": codes.OK}


def get_ephemerals(context: Context, given: Arguments) -> Json:
    paths = context.zk.get_ephemerals(*given.words[1:2])
    context.printer.line(f"[{', '.join(paths)}]")
    return {"ephemerals": list(paths)}


def get_all_children_number(context: Context, given: Arguments) -> Json:
    path = given.words[1]
    number = context.zk.get_all_children_number(path)
    context.printer.line(str(number))
    return {"path": path, "number": number}


LS_OPTIONS: Final = Options.of(Option("?", "help"), Option("s", "stat"), WATCH, Option("R", "recurse"))
LS: Final = Command(
    "ls",
    "[-s] [-w] [-R] path",
    ls,
    LS_OPTIONS,
    least=1,
    deprecated="'ls path [watch]' has been deprecated. Please use 'ls [-w] path' instead.",
    watch_word=True,
    summary="List the children of a node, or all below it.",
)

COMMANDS: Final = (
    Command(
        "create",
        "[-s] [-e] [-c] [-t ttl] path [data] [acl]",
        create,
        Options.of(
            Option("e", "ephemeral"),
            Option("s", "sequential"),
            Option("c", "container"),
            Option("t", "ttl", takes_value=True),
        ),
        summary="Create a node.",
    ),
    Command(
        "delete",
        "[-v version] path",
        delete,
        Options.of(VERSION),
        deprecated="'delete path [version]' has been deprecated. Please use 'delete [-v version] path' instead.",
        summary="Delete a node that has no children.",
    ),
    Command(
        "deleteall",
        "path [-b batch size]",
        delete_all,
        Options.of(Option("b", "batch size", takes_value=True)),
        summary="Delete a node and all below it.",
    ),
    Command(
        "get",
        "[-s] [-w] [-b] [-x] path",
        get,
        Options.of(
            Option("s", "Print znode stats additionally"),
            Option("w", "Watch for changes on the znode"),
            Option("b", "Output data in base64 format"),
            Option("x", "Output data in hexdump format"),
        ),
        tells_options=True,
        deprecated="'get path [watch]' has been deprecated. Please use 'get [-s] [-w] path' instead.",
        watch_word=True,
        summary="Show the data of a node.",
    ),
    Command(
        "set",
        "path data [-s] [-v version] [-b]",
        set_,
        Options.of(
            Option("s", "Print znode stats additionally"),
            Option("v", "Set with an expected version", takes_value=True),
            Option("b", "Supply data in base64 format"),
        ),
        least=3,
        tells_options=True,
        summary="Set the data of a node.",
    ),
    LS,
    Command(
        "stat",
        "[-w] path",
        stat,
        Options.of(WATCH),
        deprecated="'stat path [watch]' has been deprecated. Please use 'stat [-w] path' instead.",
        watch_word=True,
        summary="Show the stat of a node.",
    ),
    Command("sync", "path", sync, summary="Wait until this server has what the leader has."),
    Command("getEphemerals", "path", get_ephemerals, least=1, summary="List the ephemeral nodes of this session."),
    Command("getAllChildrenNumber", "path", get_all_children_number, summary="Count the nodes below a node."),
)
