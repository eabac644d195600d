"""How the commands present themselves: whole descriptions, and errors that say what would be right."""

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from pyzoo.errors import PyzooError
from pyzoo.shell.nearest import nearest_names, or_list

#: What the commands are called elsewhere.
OTHER_NAMES = {"start": "serve", "run": "serve", "server": "serve", "shell": "cli", "check": "config", "print": "dump"}


class UnknownCommand(click.ClickException):
    """A name that no command has: one line, and the exit code of a usage error."""

    exit_code = 2


class Group(click.Group):
    """A group whose list of commands is not cut, and that names the command that was probably meant."""

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Each command with the first sentence of its description, on several lines if need be."""
        commands = [(name, self.get_command(context, name)) for name in self.list_commands(context)]
        rows = [
            (name, command.get_short_help_str(limit=1000))
            for name, command in commands
            if command is not None and not command.hidden
        ]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; an unknown name is compared with those that there are."""
        name = args[0]
        if not name.startswith("-") and not context.resilient_parsing and self.get_command(context, name) is None:
            known = self.list_commands(context)
            near = [repr(each) for each in nearest_names(name, known, self.names_elsewhere())]
            hint = f"did you mean {or_list(near)}?" if near else f"there are {', '.join(known)}."
            raise UnknownCommand(f"No such command {name!r}; {hint}")
        return super().resolve_command(context, args)

    def names_elsewhere(self) -> dict[str, str]:
        """What the commands are called elsewhere, in lower case; only asked for a name that is not known."""
        return OTHER_NAMES

    def invoke(self, context: click.Context) -> Any:
        """As click does; of an option that is missing it is said what it is for."""
        try:
            return super().invoke(context)
        except click.MissingParameter as error:
            if error.message or not isinstance(error.param, click.Option):
                raise
            raise click.MissingParameter(error.param.help, error.ctx, error.param) from None


class ImportingGroup(Group):
    """A group each of whose commands is imported when it is called."""

    def __init__(self, *arguments: Any, places: Mapping[str, str], **settings: Any) -> None:
        """`places` has "module:name" of each command, by what it is called."""
        super().__init__(*arguments, **settings)
        self._places = places

    def list_commands(self, context: click.Context) -> list[str]:
        return [*super().list_commands(context), *self._places]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self._places:
            return super().get_command(context, name)
        module, _, attribute = self._places[name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


class WholeNumber(click.IntRange):
    """A whole number in a range; whatever is wrong, the range is named."""

    def __init__(self, minimum: int | None = None, maximum: int | None = None, what: str = "a whole number") -> None:
        super().__init__(minimum, maximum)
        self._what = what

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number. Raises BadParameter."""
        try:
            number = int(value)
        except ValueError:
            number = None
        if (
            number is None
            or (self.min is not None and number < self.min)
            or (self.max is not None and number > self.max)
        ):
            self.fail(f"{value!r} is not {self._what}{self._range()}", param, ctx)
        return number

    def _range(self) -> str:
        if self.min is None:
            return ""
        return f" of at least {self.min:g}" if self.max is None else f" from {self.min:g} to {self.max:g}"


class Seconds(click.FloatRange):
    """A time; whatever is wrong, an example is given."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number. Raises BadParameter."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is not a number of seconds of at least {self.min:g}, such as 2.5", param, ctx)


def reason_of(error: Exception) -> str:
    """An error as a message has it: an OSError with its file, and without its number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


@contextmanager
def ending_with_one_line() -> Iterator[None]:
    """What cannot be done ends the command with code 1, and a line that says why."""
    try:
        yield
    except (PyzooError, OSError) as error:
        click.echo(f"pyzoo: {reason_of(error)}", err=True)
        sys.exit(1)


PORT = WholeNumber(1, 65535, "a port: give a number")
FREE_OR_PORT = WholeNumber(0, 65535, "a port: give a number")
"""0 lets the system choose one."""
