"""Options of commands, read as zkCli reads them (the DefaultParser of commons-cli 1.5).

Options are short names after one dash, may stand anywhere, may be joined (`-sw`), and take their value from the
next word, after `=`, or from the rest of their own word. `--` ends them. Options that zkCli does not have are long
ones with two dashes.
"""

import re
from collections.abc import Sequence
from typing import Final

from attrs import define, field, frozen

from pyzoo.config.java_numbers import parse_float
from pyzoo.shell.errors import MalformedCommand

_CLI_PACKAGE: Final = "org.apache.commons.cli."
_SURROUNDED: Final = re.compile(r'"([^"]*)"', re.DOTALL)


@frozen
class Option:
    """`-name`, or `--name` for a long one, with a value if `takes_value`."""

    name: str
    description: str
    takes_value: bool = False
    #: Options of which only one may be given are of one group.
    group: str = ""
    long: bool = False

    @property
    def spelling(self) -> str:
        """As it is typed."""
        return f"--{self.name}" if self.long else f"-{self.name}"


@frozen
class Options:
    """The options that one command knows; one of each group in `required` has to be given."""

    known: tuple[Option, ...] = ()
    required: tuple[str, ...] = ()

    @classmethod
    def of(cls, *known: Option, required: tuple[str, ...] = ()) -> "Options":
        return cls(known, required)

    def find(self, name: str) -> Option | None:
        return next((option for option in self.known if option.name == name), None)

    @property
    def spellings(self) -> list[str]:
        """All options as they are typed."""
        return [option.spelling for option in self.known]

    def help_lines(self) -> list[str]:
        """The table of options (HelpFormatter), without regard to case in its order."""
        left = [f" {option.spelling}{' <arg>' if option.takes_value else ''}" for option in self.known]
        width = max(map(len, left), default=0) + 3
        rows = zip(self.known, left, strict=True)
        ordered = sorted(rows, key=lambda row: row[0].name.lower())
        return [f"{begin.ljust(width)}{option.description}" for option, begin in ordered]

    def parse(self, words: Sequence[str]) -> "Arguments":
        """Options and other words apart; raises MalformedCommand."""
        parsing = _Parsing(self)
        for word in words:
            parsing.read(word)
        return parsing.finished()


@frozen
class Arguments:
    """What was given: values by option (the first one counts), and the other words, the command's name first."""

    values: dict[str, str] = field(factory=dict)
    words: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        return name in self.values

    def value(self, name: str) -> str:
        """The value of an option that was given."""
        return self.values[name]


@define
class _Parsing:
    options: Options
    values: dict[str, str] = field(factory=dict)
    words: list[str] = field(factory=list)
    chosen: dict[str, str] = field(factory=dict)
    waiting: Option | None = None
    only_words: bool = False

    def read(self, word: str) -> None:
        if self.only_words:
            self.words.append(word)
        elif word == "--":
            self.only_words = True
        elif self.waiting is not None and self._is_value(word):
            self._give(_unquoted(word))
        elif len(word) > 1 and word.startswith("-"):
            self._read_option(word)
        else:
            self.words.append(word)

    def finished(self) -> Arguments:
        self._refuse_missing_value()
        for group in self.options.required:
            if group not in self.chosen:
                members = [f"{option.spelling} {option.description}" for option in self.options.known]
                raise MalformedCommand(
                    f"{_CLI_PACKAGE}MissingOptionException: Missing required option: [{', '.join(members)}]"
                )
        return Arguments(self.values, tuple(self.words))

    def _is_value(self, word: str) -> bool:
        """Anything but an option; a negative number is a value even where -1 would be an option."""
        if not word.startswith("-") or len(word) == 1 or parse_float(word) is not None:
            return True
        name = word.removeprefix("--").removeprefix("-").partition("=")[0]
        return self.options.find(name) is None and (not name or self.options.find(name[0]) is None)

    def _read_option(self, word: str) -> None:
        if word.startswith("--"):
            self._read_long(word)
            return
        name, equals, value = word[1:].partition("=")
        option = self.options.find(name)
        if not equals and option is not None:
            self._begin(option)
        elif not equals and len(name) > 1:
            self._read_joined(word, name)
        elif equals and len(name) == 1 and option is not None and option.takes_value:
            self._begin(option)
            self._give(value)
        else:
            raise _unrecognized(word)

    def _read_long(self, word: str) -> None:
        name, equals, value = word[2:].partition("=")
        option = self.options.find(name)
        if option is None or not option.long or (equals and not option.takes_value):
            raise _unrecognized(word)
        self._begin(option)
        if equals:
            self._give(value)

    def _read_joined(self, word: str, names: str) -> None:
        """`-sw` is two options; what follows one with a value is its value."""
        for at, name in enumerate(names, 1):
            option = self.options.find(name)
            if option is None:
                raise _unrecognized(word)
            self._begin(option)
            if self.waiting is not None and at < len(names):
                self._give(_unquoted(names[at:]))
                return

    def _begin(self, option: Option) -> None:
        self._refuse_missing_value()
        if option.group:
            before = self.chosen.setdefault(option.group, option.name)
            if before != option.name:
                raise MalformedCommand(
                    f"{_CLI_PACKAGE}AlreadySelectedException: The option '{option.name}' was specified but an option "
                    f"from this group has already been selected: '{before}'"
                )
        if option.takes_value:
            self.waiting = option
        else:
            self.values.setdefault(option.name, "")

    def _give(self, value: str) -> None:
        assert self.waiting is not None
        self.values.setdefault(self.waiting.name, value)
        self.waiting = None

    def _refuse_missing_value(self) -> None:
        if self.waiting is not None:
            raise MalformedCommand(
                f"{_CLI_PACKAGE}MissingArgumentException: Missing argument for option: {self.waiting.name}"
            )


def _unrecognized(word: str) -> MalformedCommand:
    return MalformedCommand(f"{_CLI_PACKAGE}UnrecognizedOptionException: Unrecognized option: {word}")


def _unquoted(value: str) -> str:
    match = _SURROUNDED.fullmatch(value)
    return value if match is None else match[1]
