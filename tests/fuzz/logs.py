"""What is logged while an input runs is written as a server writes it: that must not fail, nor make up lines."""

import logging
import re

from pyzoo.runtime.log_lines import JsonFormatter, TextFormatter

_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
"""What a terminal or a reader of lines may take for something else; a tab stands between the fields of an audit."""


class _Unseen(logging.Handler):
    """Makes every line and throws it away; it raises what logging would only mention."""

    def __init__(self) -> None:
        super().__init__()
        self._formatters = (TextFormatter(), JsonFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        for formatter in self._formatters:
            line = formatter.format(record)
            line.encode("utf-8", "backslashreplace")
            assert record.exc_info or not _CONTROLS.search(line), ascii(line)


def watch_logs() -> None:
    """From now on every message is looked at, and none is shown."""
    root = logging.getLogger()
    root.handlers = [_Unseen()]
    root.setLevel(logging.DEBUG)
