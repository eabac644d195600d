"""What a command is: its name and usage, its options, and the function that carries it out."""

from collections.abc import Callable, Sequence
from typing import Final

from attrs import evolve, field, frozen

from pyzoo.shell.admin_port import AdminPort
from pyzoo.shell.admin_search import AdminSearch
from pyzoo.shell.client import ZooKeeper
from pyzoo.shell.errors import MalformedCommand
from pyzoo.shell.events import Event
from pyzoo.shell.options import Arguments, Option, Options
from pyzoo.shell.printer import Printer
from pyzoo.subtrees.values import Json

NO_OPTIONS: Final = Options()
STAT: Final = Option("s", "stats")
WATCH: Final = Option("w", "watch")
ADMIN: Final = Option("admin", "The admin server to ask, by its URL", takes_value=True, long=True)
VERSION: Final = Option("v", "version", takes_value=True)


@frozen
class Context:
    """What a command works with."""

    zk: ZooKeeper
    printer: Printer
    #: Calls the function for every event from now on, in place of showing it; None ends that.
    redirect_events: Callable[[Callable[[Event], None] | None], None]
    search: AdminSearch = field(factory=AdminSearch)

    def admins(self, given: Arguments) -> Sequence[AdminPort]:
        """The admin servers to ask, at least one; raises ShellError and KeeperError."""
        return self.search.ports(given.value("admin") if given.has("admin") else None, self.zk, self.printer)

    def admin(self, given: Arguments) -> AdminPort:
        """The first of them."""
        return self.search.port(given.value("admin") if given.has("admin") else None, self.zk, self.printer)


Run = Callable[[Context, Arguments], Json]
"""Carries a command out and prints for people; returns what it prints for scripts."""


@frozen
class Command:
    """A command; `least` and `most` count its words without options, the name included."""

    name: str
    syntax: str
    run: Run
    #: None where all words are passed over, whatever they are.
    options: Options | None = NO_OPTIONS
    least: int = 2
    most: int | None = None
    summary: str = ""
    #: Whether its usage is followed by the table of options.
    tells_options: bool = False
    #: What is said when there are more words than one path, as older releases had it.
    deprecated: str = ""
    #: Whether such an additional word is read as -w.
    watch_word: bool = False
    #: Whether zkCli does not have it.
    addition: bool = False

    @property
    def usage(self) -> str:
        """What is said when it was not written right."""
        text = f"{self.name} {self.syntax}"
        return "\n".join([text, *self.options.help_lines(), ""]) if self.options and self.tells_options else text

    def parse(self, words: Sequence[str], complain: Callable[[str], None]) -> Arguments:
        """Read its words, the name first; raises MalformedCommand."""
        if self.options is None:
            return Arguments(words=tuple(words))
        given = self._parsed(self.options, words)
        if self.deprecated and len(given.words) > 2:
            complain(self.deprecated)
            if self.watch_word:
                given = self.options.parse([*words[:2], "-w", *words[3:]])
        if len(given.words) < self.least or (self.most is not None and len(given.words) > self.most):
            raise MalformedCommand(self.usage)
        return given

    def _parsed(self, options: Options, words: Sequence[str]) -> Arguments:
        """Java's name of an exception is for those who compare with zkCli; elsewhere the usage says more."""
        try:
            return options.parse(words)
        except MalformedCommand as error:
            if not self.addition:
                raise
            raise MalformedCommand(f"{str(error).partition('Exception: ')[2]}\n{self.usage}") from None


def beyond_zkcli(command: Command) -> Command:
    """Mark a command that zkCli does not have."""
    return evolve(command, addition=True, tells_options=bool(command.options and command.options.known))
