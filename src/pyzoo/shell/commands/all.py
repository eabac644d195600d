"""All commands that need a session, by name."""

from typing import Final

from pyzoo.shell.command import Command, beyond_zkcli
from pyzoo.shell.commands import (
    access,
    ensemble,
    exporting,
    following,
    nodes,
    past,
    quota,
    recipes,
    sessions,
    top,
    trees,
    watching,
)

COMMANDS: Final[dict[str, Command]] = {
    command.name: command
    for command in (
        *nodes.COMMANDS,
        *access.COMMANDS,
        *quota.COMMANDS,
        *watching.COMMANDS,
        *ensemble.COMMANDS,
        *map(
            beyond_zkcli,
            (
                *trees.COMMANDS,
                *exporting.COMMANDS,
                *following.COMMANDS,
                *recipes.COMMANDS,
                *sessions.COMMANDS,
                *past.COMMANDS,
                *top.COMMANDS,
            ),
        ),
    )
}
