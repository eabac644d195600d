"""Every input that once broke a promise, and those that reach most of the code, again."""

import logging
from collections.abc import Iterator

import pytest

from tests.fuzz.logs import watch_logs
from tests.fuzz.target import CORPUS, Target
from tests.fuzz.targets import TARGETS

EMPTY = [b"", b"\0", b"\xff" * 9]


@pytest.fixture(autouse=True)
def _watched_logs() -> Iterator[None]:
    root = logging.getLogger()
    kept, level = root.handlers, root.level
    watch_logs()
    yield
    root.handlers = kept
    root.setLevel(level)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_no_known_input_breaks_a_promise(target: Target) -> None:
    for data in EMPTY:
        target.run(data)
    for number, data in enumerate(target.seeds()):
        assert len(data) <= target.most, f"seed {number} is too long to be tried"
        target.run(data)
    for path in target.inputs():
        try:
            target.run(path.read_bytes())
        except BaseException as error:
            error.add_note(f"python -m tests.fuzz {target.name} --replay {path}")
            raise


def test_every_corpus_has_its_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} <= set(TARGETS)
