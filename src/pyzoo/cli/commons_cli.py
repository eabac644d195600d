"""Command lines as the tools of Apache ZooKeeper read them (DefaultParser of commons-cli), and their usage texts."""

from collections.abc import Sequence

from attrs import field, frozen


class ParseError(Exception):
    """A command line that is wrong, in the words of commons-cli."""


@frozen
class Option:
    """`-short`, `--long`; `argument` names what follows, "" for nothing."""

    short: str
    long: str
    help: str
    argument: str = ""
    required: bool = False

    @property
    def usage(self) -> str:
        """The left column of the usage text."""
        return f" -{self.short},--{self.long}" + (f" <{self.argument}>" if self.argument else "")


@frozen
class CommandLine:
    """What was given: values by short name, "" for flags, and the other words."""

    values: dict[str, str] = field(factory=dict)
    words: list[str] = field(factory=list)

    def has(self, short: str) -> bool:
        """Whether an option was given."""
        return short in self.values


def usage_text(command: str, options: Sequence[Option]) -> str:
    """What HelpFormatter prints, for lines that are shorter than its width."""
    ordered = sorted(options, key=lambda option: option.short)
    width = max(len(option.usage) for option in ordered) + 3
    return "\n".join([f"usage: {command}", *(option.usage.ljust(width) + option.help for option in ordered)]) + "\n"


def parse(words: Sequence[str], options: Sequence[Option]) -> CommandLine:
    """Sort the words of a command line. Raises ParseError."""
    result = CommandLine()
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            result.words.extend(waiting)
            break
        if not word.startswith("-") or word == "-":
            result.words.append(word)
            continue
        for option, value in _options_in(word, options):
            if option.argument and value is None:
                if not waiting or _is_option(waiting[0], options):
                    raise ParseError(f"Missing argument for option: {option.short}")
                value = waiting.pop(0)
            result.values.setdefault(option.short, value or "")
    missing = [option.short for option in options if option.required and not result.has(option.short)]
    if missing:
        raise ParseError(f"Missing required option{'s' if len(missing) > 1 else ''}: {', '.join(missing)}")
    return result


def _is_option(word: str, options: Sequence[Option]) -> bool:
    try:
        return word.startswith("-") and bool(_options_in(word, options))
    except ParseError:
        return False


def _options_in(word: str, options: Sequence[Option]) -> list[tuple[Option, str | None]]:
    """The options of a word: `--long`, `--long=x`, `-l`, `-l=x`, `-lx`, or several flags as one."""
    name, equals, text = word.lstrip("-").partition("=")
    value = text if equals else None
    long = _long_option(name, word, options)
    if word.startswith("--") or (long is not None and len(name) > 1):
        if long is None or (value is not None and not long.argument):
            raise ParseError(f"Unrecognized option: {word}")
        return [(long, value)]
    by_short = {option.short: option for option in options}
    if name in by_short and (value is None or by_short[name].argument):
        return [(by_short[name], value)]
    letters = word[1:]
    found: list[tuple[Option, str | None]] = []
    for at, letter in enumerate(letters):
        option = by_short.get(letter)
        if option is None:
            raise ParseError(f"Unrecognized option: {word}")
        if option.argument:
            return [*found, (option, letters[at + 1 :] or None)]
        found.append((option, None))
    return found


def _long_option(name: str, word: str, options: Sequence[Option]) -> Option | None:
    """The option of this long name, which may be cut short where only one begins so."""
    exact = [option for option in options if option.long == name]
    found = exact or [option for option in options if name and option.long.startswith(name)]
    if len(found) > 1 and word.startswith("--"):
        names = ", ".join(f"'{option.long}'" for option in found)
        raise ParseError(f"Ambiguous option: '{word}'  (could be: {names})")
    return found[0] if len(found) == 1 else None
