"""What of a configuration is nobody's business: passwords and digests, wherever properties are shown.

(LogRedactor of 3.9.6, which knows passwords only.)
"""

import re
from typing import Final

from pyzoo.config.properties import logical_lines, split_property

REDACTED: Final = "***"
_ENDINGS: Final = ("password", "passphrase", "superdigest", "secret")


def is_secret(name: str) -> bool:
    """Whether the value of this key or property is one."""
    return name.lower().endswith(_ENDINGS)


def redacted(name: str, value: str) -> str:
    """The value, unless it is a secret."""
    return REDACTED if value and is_secret(name) else value


def redacted_flag(flag: str) -> str:
    """`-Dname=value` as it may be shown; other words of a command line stay as they are."""
    name, separator, value = flag.partition("=")
    return f"{name}{separator}{redacted(name, value)}"


def redacted_text(text: str) -> str:
    """The text of a properties file as it may be shown: secrets have no value in it, commented ones neither."""
    # Lines and their ends in turns.
    pieces = re.split(r"(\r\n|\r|\n)", text)
    for first, last, logical in logical_lines(text):
        _redact(pieces, first, last, logical)
    for at in range(0, len(pieces), 2):
        line = pieces[at].lstrip()
        if line.startswith(("#", "!")):
            _redact(pieces, at // 2 + 1, at // 2 + 1, line.lstrip("#! \t"), line[0])
    return "".join(pieces)


def _redact(pieces: list[str], first: int, last: int, logical: str, before: str = "") -> None:
    """Put one line in place of the lines that a property takes, if it is a secret."""
    key, value = split_property(logical)
    if value and is_secret(key.replace("\\", "")):
        pieces[2 * first - 2 : 2 * last - 1] = [f"{before}{key}={REDACTED}", *[""] * (2 * (last - first))]
