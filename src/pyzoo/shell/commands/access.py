"""Commands for who may do what: getAcl, setAcl, addauth, whoami."""

from typing import Final

from pyzoo.errors import KeeperError
from pyzoo.shell.command import STAT, VERSION, Command, Context
from pyzoo.shell.commands.nodes import version_of, visit, with_stat
from pyzoo.shell.errors import ForgivenFailure, code_text
from pyzoo.shell.options import Arguments, Option, Options
from pyzoo.subtrees.acl_text import acl_texts, parse_acl
from pyzoo.subtrees.values import Json


def get_acl(context: Context, given: Arguments) -> Json:
    path = given.words[1]
    acl, stat = context.zk.get_acl(path)
    for entry in acl:
        # The id of an ACL prints itself as a record, which ends with a newline.
        context.printer.line(f"'{entry.scheme},'{entry.id}\n: {entry.perms_text}")
    value: dict[str, Json] = {"path": path, "acl": list(acl_texts(acl))}
    return with_stat(context, given, value, stat)


def set_acl(context: Context, given: Arguments) -> Json:
    path = given.words[1]
    acl = parse_acl(given.words[2], context.printer.error)
    version = version_of(given)
    value: dict[str, Json] = {"path": path}
    if given.has("R"):
        failed: list[Json] = []
        for each in visit(context.zk, path):
            try:
                context.zk.set_acl(each, acl, version)
            except KeeperError as error:
                context.printer.complain(code_text(error))
                failed.append(each)
        if failed:
            raise ForgivenFailure({"error": f"the ACL of {len(failed)} nodes was not set", **value, "failed": failed})
        return value | {"failed": failed}
    stat = context.zk.set_acl(path, acl, version)
    return with_stat(context, given, value, stat)


def add_auth(context: Context, given: Arguments) -> Json:
    scheme = given.words[1]
    context.zk.session.authenticate(scheme, given.words[2] if len(given.words) > 2 else None)
    refused = not context.zk.session.alive
    if refused and not context.printer.compatible:
        for line in context.zk.session.why_not_connected():
            context.printer.error(line)
        raise ForgivenFailure({"error": "AuthFailed", "scheme": scheme, "refused": refused})
    return {"scheme": scheme, "refused": refused}


def who_am_i(context: Context, _given: Arguments) -> Json:
    users = context.zk.who_am_i()
    context.printer.line("Auth scheme: User")
    for scheme, user in users:
        context.printer.line(f"{scheme}: {user}")
    return {"users": [{"scheme": scheme, "user": user} for scheme, user in users]}


COMMANDS: Final = (
    Command("getAcl", "[-s] path", get_acl, Options.of(STAT), summary="Show who may do what with a node."),
    Command(
        "setAcl",
        "[-s] [-v version] [-R] path acl",
        set_acl,
        Options.of(STAT, VERSION, Option("R", "recursive")),
        least=3,
        summary="Set who may do what with a node.",
    ),
    Command("addauth", "scheme auth", add_auth, summary="Add credentials to this session."),
    Command("whoami", "", who_am_i, None, summary="Show who the server takes this session for."),
)
