"""All commands that need a session, by name."""

from typing import Final

from pyzoo.shell.command import Command
from pyzoo.shell.commands import access, ensemble, nodes, quota, watching

COMMANDS: Final[dict[str, Command]] = {
    command.name: command
    for command in (
        *nodes.COMMANDS,
        *access.COMMANDS,
        *quota.COMMANDS,
        *watching.COMMANDS,
        *ensemble.COMMANDS,
    )
}
