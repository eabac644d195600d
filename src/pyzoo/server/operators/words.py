"""Four-letter words: four bytes in place of a first frame get a text, and the connection closes.

Who may ask what, and what that counts as; the texts themselves are in answers.py, long_answers.py and mntr.py.
"""

import logging
from collections.abc import Callable, Iterator
from typing import Final

from librt.strings import read_i64_be
from mypy_extensions import i64

from pyzoo.server.clients.cnxn import ServerCnxn
from pyzoo.server.clients.log_extras import of_client
from pyzoo.server.modes import NOT_SERVING
from pyzoo.server.operators import answers, long_answers
from pyzoo.server.operators.mntr import mntr
from pyzoo.server.operators.operated_server import OperatedServer
from pyzoo.server.operators.text_answer import answer_text, count_packets

logger: Final = logging.getLogger(__name__)

Command = Callable[[OperatedServer, ServerCnxn], str]
LongCommand = Callable[[OperatedServer, ServerCnxn], Iterator[str]]

TELNET_CLOSE: Final = 0xFFF4FFFD
"""What telnet sends when its user interrupts it."""
_TELNET_NAME: Final = "telnet close"


def word_number(word: str) -> int:
    """The word as a length field would hold it."""
    return int.from_bytes(word.encode("ascii"), "big")


def maybe_four_letter_word(server: OperatedServer, cnxn: ServerCnxn) -> bool:
    """Answer a connection that begins with a known word; False when it begins with something else."""
    if cnxn.is_busy:
        return True
    word = word_of(cnxn)
    if word is None:
        return False
    allowed = is_allowed(server, word)
    if allowed and word == _TELNET_NAME:
        return False
    cnxn.packets_received += 1
    server.stats.packets_received += 1
    if not allowed:
        _answer(server, cnxn, f"{word} is not executed because it is not in the whitelist.\n")
        return True
    logger.info("Processing %s command from %s:%d", word, cnxn.address, cnxn.port, extra=of_client(cnxn))
    if server.mode == NOT_SERVING and word not in WITHOUT_SERVER:
        _answer(server, cnxn, NO_SERVER if word == "hash" else NO_SERVER + "\n")
    elif word == "stmk":
        _set_trace_mask(server, cnxn)
    elif word in LONG_COMMANDS:
        answer_text(server, cnxn, LONG_COMMANDS[word](server, cnxn))
    else:
        _answer(server, cnxn, COMMANDS[word](server, cnxn))
    return True


def word_of(cnxn: ServerCnxn) -> str | None:
    """The known word that a connection begins with, None where it begins with something else."""
    number: i64 = cnxn.frames.peek_word()
    return None if number < 0 else WORDS.get(number)


def is_allowed(server: OperatedServer, word: str) -> bool:
    """Whether the whitelist has the word (FourLetterCommands.isEnabled)."""
    whitelist = server.config.four_letter_word_whitelist
    if word in whitelist or "*" in whitelist or word == "srvr":
        return True
    return word == "isro" and server.config.readonly_mode_enabled


def _answer(server: OperatedServer, cnxn: ServerCnxn, text: str) -> None:
    if text:
        count_packets(server, cnxn, len(text))
        cnxn.write_text(text)
    cnxn.close()


def _set_trace_mask(server: OperatedServer, cnxn: ServerCnxn) -> None:
    """The mask are the eight bytes after the word; without them the connection just closes."""
    data = cnxn.frames.rest()
    if len(data) < 12:
        cnxn.abort()
        return
    server.stats.trace_mask = read_i64_be(data, 4)
    _answer(server, cnxn, str(server.stats.trace_mask))


COMMANDS: Final[dict[str, Command]] = {
    "conf": answers.conf,
    "crst": answers.crst,
    "dirs": answers.dirs,
    "envi": answers.envi,
    "gtmk": answers.gtmk,
    "hash": answers.digests,
    "isro": answers.isro,
    "ruok": answers.ruok,
    "srst": answers.srst,
    "srvr": answers.srvr,
}

LONG_COMMANDS: Final[dict[str, LongCommand]] = {
    "cons": long_answers.cons,
    "dump": long_answers.dump,
    "mntr": mntr,
    "stat": long_answers.stat,
    "wchc": long_answers.wchc,
    "wchp": long_answers.wchp,
    "wchs": long_answers.wchs,
}

WITHOUT_SERVER: Final = ("ruok", "envi", "gtmk", "stmk", "isro")
"""Words that are answered also where no leader is."""
NO_SERVER: Final = "This ZooKeeper instance is not currently serving requests"

WORDS: Final[dict[int, str]] = {
    TELNET_CLOSE: _TELNET_NAME,
    word_number("stmk"): "stmk",
    **{word_number(word): word for word in (*COMMANDS, *LONG_COMMANDS)},
}
