"""The changes in logs that real servers wrote, beside what another parser has read in them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyzoo.history.page import read_page
from pyzoo.history.query import HistoryQuery
from pyzoo.persistence.directories import Directories
from pyzoo.persistence.disk import RealDisk

FIXTURES = Path(__file__).parents[1] / "fixtures"
KINDS = {1: "create", 2: "delete", 5: "setData", 7: "setACL", 15: "create2", 16: "reconfig"}
RARE_KINDS = {19: "createContainer", 20: "deleteContainer", 21: "createTTL"}
CHANGES = KINDS | RARE_KINDS

Row = tuple[int, int, str, str]
"""zxid, session, kind, path."""


def rows_of(recorded: dict[str, Any]) -> Iterator[Row]:
    for log in sorted(recorded.values(), key=lambda log: log["txns"][0]["header"]["zxid"]):
        for logged in log["txns"]:
            header, txn = logged["header"], logged["txn"]
            parts = txn["txns"] if header["type"] == 14 else [[header["type"], txn]]
            if any(type == -1 for type, _ in parts):
                continue
            for type, body in parts:
                if type in CHANGES:
                    yield header["zxid"], header["sid"], CHANGES[type], body["path"]
                for path in body.get("paths") or () if body else ():
                    yield header["zxid"], header["sid"], "delete", path


@pytest.mark.parametrize(
    ("directory", "recorded"),
    [
        ("standalone-3.9.5", ("standalone-3.9.5",)),
        ("standalone-3.8.0", ("standalone-3.8.0",)),
        ("ensemble-3.9.5/s3/log", ("ensemble-3.9.5", "s3")),
    ],
)
def test_each_change_of_each_path_is_found(directory: str, recorded: tuple[str, ...]) -> None:
    name, *keys = recorded
    decoded = json.loads((FIXTURES / f"{name}.txns.json").read_text())
    for key in keys:
        decoded = decoded[key]
    expected = list(rows_of(decoded))
    directories = Directories(str(FIXTURES / directory), str(FIXTURES / directory))
    for path in {row[3] for row in expected}:
        page = read_page(RealDisk(), directories, HistoryQuery(path, limit=200))
        found = [(change.zxid, change.session, change.kind, change.path) for change in page.changes]
        assert [row for row in expected if row[3] == path] == found[::-1]
        assert page.reach.is_whole
