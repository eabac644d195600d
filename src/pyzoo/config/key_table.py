"""The one table of all keys, and its text for the documentation."""

from typing import Final

from pyzoo.config.keys import Key, KeyTable, Source, Treatment
from pyzoo.config.keys_admin import ADMIN_KEYS
from pyzoo.config.keys_ensemble import ENSEMBLE_KEYS
from pyzoo.config.keys_file import BASIC_KEYS, ENSEMBLE_FILE_KEYS
from pyzoo.config.keys_security import AUTH_KEYS, CLIENT_KEYS, TLS_KEYS
from pyzoo.config.keys_server import NETWORK_KEYS, REQUEST_KEYS, STORAGE_KEYS

KEYS: Final = KeyTable.of(
    ("Basics", BASIC_KEYS),
    ("Storage", STORAGE_KEYS),
    ("Requests and limits", REQUEST_KEYS),
    ("Connections", NETWORK_KEYS),
    ("TLS", TLS_KEYS),
    ("Authentication", AUTH_KEYS),
    ("AdminServer, audit and logging", ADMIN_KEYS),
    ("Member list and ensemble file keys", ENSEMBLE_FILE_KEYS),
    ("Ensemble tuning", ENSEMBLE_KEYS),
    ("Keys of clients", CLIENT_KEYS),
)

GIVEN: Final = {
    Source.FILE: "file",
    Source.PROPERTY: "file, -Dzookeeper.",
    Source.RAW: "-D only",
}
"""Where a key of each kind is given, in words."""


def key_reference() -> str:
    """All keys as Markdown tables, as they stand in docs/configuration.md."""
    return "\n\n".join(_section(title, keys) for title, keys in KEYS.sections) + "\n"


def _section(title: str, keys: tuple[Key, ...]) -> str:
    rows = ["| key | given in | kind | default | in pyzoo |", "|---|---|---|---|---|", *map(_row, keys)]
    return f"### {title}\n\n" + "\n".join(rows)


def _row(key: Key) -> str:
    default = f"`{key.default}`" if key.default else "none"
    meaning = key.meaning
    if key.treatment is not Treatment.USED:
        meaning = f"*{key.treatment.value}.* {meaning}"
    return f"| `{key.name}` | {GIVEN[key.source]} | {key.values} | {default} | {meaning} |"
