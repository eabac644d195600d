"""JAAS login configurations, read as the JDK reads them (com.sun.security.auth.login.ConfigFile).

Server {
    org.apache.zookeeper.server.auth.DigestLoginModule required
    user_bob="secret";
};

A value is a plain word or stands in double quotes, where a backslash escapes and `${name}` is a system property.
Numbers, paths and e-mail addresses are no plain words, and `#` begins no comment: the JDK refuses such files, and so
does this.
"""

import re
from collections.abc import Mapping
from typing import Final, final

from attrs import field, frozen

from pyzoo.errors import ConfigError

DIGEST_MODULE: Final = "org.apache.zookeeper.server.auth.DigestLoginModule"
KERBEROS_MODULE: Final = "com.sun.security.auth.module.Krb5LoginModule"

_FLAGS: Final = ("required", "requisite", "sufficient", "optional")
_USER: Final = "user_"
_PROPERTY: Final = re.compile(r"\$\{(?:(\{).*?(?:\}\}|$)|([^}]*)(\}|$))", re.DOTALL)
_TOKEN: Final = re.compile(
    r"""
    (?P<blank>[\x00-\x20]+ | //[^\r\n]* | /\*.*?(?:\*/|\Z) | /[^\r\n]*)
    | "(?P<quoted>(?:[^"\\\r\n]|\\.)*\\?)(?:"|(?=[\r\n])|\Z)
    | (?P<word>[A-Za-z$_*\xa0-\U0010ffff][A-Za-z0-9.$_*\xa0-\U0010ffff-]*)
    | (?P<other>.)
    """,
    re.DOTALL | re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\([0-3][0-7]{0,2}|[4-7][0-7]?|.)", re.DOTALL)
_ESCAPED: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@frozen
class LoginModule:
    """One module of a section: its class, how it counts, and its options."""

    name: str
    flag: str
    options: Mapping[str, str] = field(repr=False)


Sections = dict[str, tuple[LoginModule, ...]]


def parse_jaas(text: str, path: str, properties: Mapping[str, str]) -> Sections:
    """The modules of every section by its name, without sections that have none; raises ConfigError."""
    return {name: modules for name, modules in _Parser(text, path, properties).sections().items() if modules}


def users_of(modules: tuple[LoginModule, ...]) -> dict[str, str]:
    """Names and passwords that the modules of a section know."""
    return {
        name.removeprefix(_USER): value
        for module in modules
        for name, value in module.options.items()
        if name.startswith(_USER)
    }


@frozen
class _Token:
    """A word, or one other character; `text` of the end of the file is empty, and it `is_word` not."""

    text: str
    is_word: bool
    line: int


@final
class _Parser:
    """Reads a file once; no message repeats what may be a password."""

    def __init__(self, text: str, path: str, properties: Mapping[str, str]) -> None:
        self._path = path
        self._properties = properties
        self._tokens = list(_tokens(text))
        self._at = 0

    def sections(self) -> Sections:
        found: Sections = {}
        while self._next().text or self._next().is_word:
            token = self._take()
            modules = self._section()
            if token.text in found:
                raise self._error(f"there are two sections {token.text}", token)
            if token.is_word:
                found[token.text] = modules
        return found

    def _section(self) -> tuple[LoginModule, ...]:
        self._expect("{")
        modules = []
        while not self._next_is("}"):
            modules.append(self._module())
        self._take()
        self._expect(";")
        return tuple(modules)

    def _module(self) -> LoginModule:
        name = self._word("a login module's class, or `}`")
        token = self._next()
        flag = self._word(f"one of {', '.join(_FLAGS)}").lower()
        if flag not in _FLAGS:
            raise self._error(f"a module has to be one of {', '.join(_FLAGS)}", token)
        options: dict[str, str] = {}
        while not self._next_is(";"):
            option = self._word("an option, or `;`; a value that is no plain word needs double quotes")
            self._expect("=")
            token = self._next()
            options[option] = self._expanded(
                self._word("a value; one that is no plain word needs double quotes"), token
            )
        self._take()
        return LoginModule(name, flag, options)

    def _expanded(self, value: str, token: _Token) -> str:
        """The value with system properties filled in (sun.security.util.PropertyExpander)."""

        def filled_in(found: re.Match[str]) -> str:
            if found.group(1) or not found.group(3):
                return found.group()
            name = found.group(2)
            if name != "/" and name not in self._properties:
                raise self._error(f"the system property {name} is not set", token)
            return "/" if name == "/" else self._properties[name]

        expanded = _PROPERTY.sub(filled_in, value)
        if value and not expanded:
            raise self._error("a value whose system properties are all empty", token)
        return expanded

    # --- tokens

    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _next_is(self, text: str) -> bool:
        token = self._next()
        return not token.is_word and token.text == text

    def _take(self) -> _Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _expect(self, text: str) -> None:
        if not self._next_is(text):
            raise self._error(f"`{text}` is expected", self._next())
        self._take()

    def _word(self, what: str) -> str:
        if not self._next().is_word:
            raise self._error(f"{what} is expected", self._next())
        return self._take().text

    def _error(self, message: str, token: _Token) -> ConfigError:
        return ConfigError(message, self._path, token.line)


def _tokens(text: str) -> list[_Token]:
    """The tokens of a file (java.io.StreamTokenizer as ConfigFile sets it up), with one for its end."""
    tokens = []
    line = 1
    for found in _TOKEN.finditer(text):
        if found.lastgroup == "quoted":
            tokens.append(_Token(_ESCAPE.sub(_unescaped, found.group("quoted")), True, line))
        elif found.lastgroup != "blank":
            tokens.append(_Token(found.group(), found.lastgroup == "word", line))
        line += len(re.findall(r"\r\n|\r|\n", found.group()))
    tokens.append(_Token("", False, line))
    return tokens


def _unescaped(found: re.Match[str]) -> str:
    text = found.group(1)
    return chr(int(text, 8)) if text[0] in "01234567" else _ESCAPED.get(text, text)
