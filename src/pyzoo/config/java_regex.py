"""Regular expressions of Java (java.util.regex.Pattern) as those of Python.

What both have in common is kept, what is only written otherwise is rewritten, and what would mean something else is
refused. `.` and `$` know Java's line ends, and classes are of ASCII, as in a Pattern without flags.
"""

import re
from typing import Final, final

from pyzoo.errors import ConfigError

_LINE_END: Final = r"\n\r\x85\u2028\u2029"
_POSIX: Final = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7f",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F",
    "Space": r" \t\n\x0b\f\r",
}
"""The insides of classes for \\p{...}."""
_SETS: Final = {
    "h": r" \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000",
    "v": r"\n\x0b\f\r\x85\u2028\u2029",
}
_COMPLEMENTS: Final = {"H": "h", "V": "v"}
_SAME: Final = frozenset("dDwWsSbtnrfa")
_NOT_IN_CLASSES: Final = frozenset("bBAzZGRXk123456789")
_ENDS: Final = {
    "A": r"\A",
    "z": r"\Z",
    # In an empty text, too, in which Python's \B finds nothing.
    "B": r"(?!\b)",
    "Z": r"(?=(?:\r\n|(?<!\r)\n|[\r\x85\u2028\u2029])?\Z)",
    "R": r"(?:\r\n|[\n\x0b\f\r\x85\u2028\u2029])",
}
_FLAGS: Final = frozenset("i")
_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9]*")
_TIMES: Final = re.compile(r"\d+(?:,\d*)?\}", re.ASCII)


def java_pattern(text: str) -> re.Pattern[str]:
    """The pattern that finds in ASCII what Java's would find; raises ConfigError, which says where and why."""
    try:
        return re.compile(_Translation(text).translated(), re.ASCII)
    except (re.error, OverflowError) as error:
        raise ConfigError(f"the regular expression {text} is wrong: {error}") from error


@final
class _Translation:
    """One way through the text of a Pattern."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.out: list[str] = []

    def refuse(self, what: str) -> ConfigError:
        return ConfigError(f"the regular expression {self.text} has {what}, which is not offered here")

    def take(self) -> str:
        """The next character; raises ConfigError at the end."""
        if self.at >= len(self.text):
            raise ConfigError(f"the regular expression {self.text} ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def take_until(self, end: str) -> str:
        """What is before `end`, which is taken too."""
        found = self.text.find(end, self.at)
        if found < 0:
            raise ConfigError(f"the regular expression {self.text} has no {end} where one is missing")
        taken = self.text[self.at : found]
        self.at = found + len(end)
        return taken

    def translated(self) -> str:
        while self.at < len(self.text):
            c = self.take()
            if c == "\\":
                self.out.append(self._escape())
            elif c == "[":
                self.out.append(self._class())
            elif c == "(":
                self.out.append(self._group())
            elif c == ".":
                self.out.append(f"[^{_LINE_END}]")
            elif c == "$":
                self.out.append(_ENDS["Z"])
            elif c == "^":
                self.out.append(r"\A")
            elif c == "{":
                self.out.append(self._times())
            else:
                self.out.append(c)
        return "".join(self.out)

    def _times(self) -> str:
        """How often something is repeated; Java has no other use for a brace."""
        found = _TIMES.match(self.text, self.at)
        if found is None:
            raise self.refuse("a brace that is no number of times")
        self.at = found.end()
        return "{" + found[0]

    def _escape(self) -> str:
        """What stands behind a backslash outside of a class."""
        c = self.take()
        if c == "Q":
            return self._quoted()
        if c in _SETS:
            return f"[{_SETS[c]}]"
        if c in _COMPLEMENTS:
            return f"[^{_SETS[_COMPLEMENTS[c]]}]"
        if c in _ENDS:
            return _ENDS[c]
        if c in "pP":
            return f"[{'^' if c == 'P' else ''}{self._property()}]"
        if c == "k":
            return f"(?P={self._name_in_angles()})"
        if c in "123456789":
            return self._reference(c)
        return self._character(c)

    def _reference(self, digit: str) -> str:
        """A group by its number; Java takes as many digits as there are groups for, Python all."""
        if self.text[self.at : self.at + 1].isdecimal():
            raise self.refuse(f"a digit behind \\{digit}")
        return f"(?:\\{digit})"

    def _character(self, c: str) -> str:
        """An escape that means the same in a class and outside of one."""
        if c in _SAME:
            return f"\\{c}"
        if c == "e":
            return r"\x1b"
        if c == "c":
            return _literal(chr(ord(self.take()) ^ 0x40))
        if c == "0":
            return self._octal()
        if c == "x":
            return _literal(self._hexadecimal(2))
        if c == "u":
            return _literal(self._hexadecimal(4))
        if c.isascii() and c.isalnum():
            raise self.refuse(f"\\{c}")
        return _literal(c)

    def _octal(self) -> str:
        found = re.compile("[0-3]?[0-7]{1,2}").match(self.text, self.at)
        if found is None:
            raise self.refuse("\\0 without a number")
        self.at = found.end()
        return _literal(chr(int(found[0], 8)))

    def _hexadecimal(self, digits: int) -> str:
        if digits == 2 and self.text.startswith("{", self.at):
            self.at += 1
            text = self.take_until("}")
        else:
            text = self.text[self.at : self.at + digits]
            self.at += digits
            if len(text) < digits:
                raise self.refuse("an escape that is cut off")
        if not re.fullmatch("[0-9a-fA-F]+", text) or int(text, 16) > 0x10FFFF:
            raise self.refuse(f"{text} where a character's number belongs")
        return chr(int(text, 16))

    def _property(self) -> str:
        name = self.take_until("}")[1:] if self.text.startswith("{", self.at) else self.take()
        if name not in _POSIX:
            raise self.refuse(f"\\p{{{name}}}")
        return _POSIX[name]

    def _quoted(self) -> str:
        """All up to \\E, or to the end, as it stands."""
        text = self.text[self.at :].partition("\\E")[0]
        self.at = min(self.at + len(text) + 2, len(self.text))
        return "".join(map(_literal, text))

    def _name_in_angles(self) -> str:
        if self.take() != "<":
            raise self.refuse("\\k without a name")
        name = self.take_until(">")
        if not _NAME.fullmatch(name):
            raise self.refuse(f"a group called {name}")
        return name

    def _group(self) -> str:
        """What opens a group."""
        if not self.text.startswith("?", self.at):
            return "("
        self.at += 1
        for opening in (":", "=", "!", ">", "<=", "<!"):
            if self.text.startswith(opening, self.at):
                self.at += len(opening)
                return f"(?{opening}"
        if self.text.startswith("<", self.at):
            return f"(?P<{self._name_in_angles()}>"
        found = re.compile("([a-zA-Z]*)([:)])").match(self.text, self.at)
        if found is None or not _FLAGS.issuperset(found[1]) or not found[1]:
            raise self.refuse("flags other than (?i), or a group of a kind")
        if found[2] == ")" and self.at != 2:
            raise self.refuse("(?i) elsewhere than at its beginning")
        self.at = found.end()
        return f"(?i{found[2]}"

    def _class(self) -> str:
        """A class, from behind its bracket."""
        out = ["["]
        if self.text.startswith("^", self.at):
            self.at += 1
            out.append("^")
        first = True
        while True:
            c = self.take()
            if c == "]" and not first:
                return "".join([*out, "]"])
            if c == "]":
                raise self.refuse("a class that begins with ]")
            if c == "[":
                raise self.refuse("a class inside a class")
            if c == "&" and self.text.startswith("&", self.at):
                raise self.refuse("an intersection of classes")
            out.append(self._escape_in_class() if c == "\\" else "-" if c == "-" else _literal(c))
            first = False

    def _escape_in_class(self) -> str:
        c = self.take()
        if c == "Q":
            return self._quoted()
        if c in _SETS:
            return _SETS[c]
        if c == "p":
            return self._property()
        if c in _NOT_IN_CLASSES or c in _COMPLEMENTS or c == "P":
            raise self.refuse(f"\\{c} in a class")
        return self._character(c)


def _literal(c: str) -> str:
    """A character that stands for itself, in a class and outside of one."""
    return re.escape(c)
