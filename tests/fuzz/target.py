"""A target with what helps to get deep into what it tries."""

from collections.abc import Callable
from pathlib import Path

from attrs import field, frozen

from tests.fuzz.mutators import Mutator

CORPUS = Path(__file__).parent / "corpus"


def _nothing() -> list[bytes]:
    return []


@frozen
class Target:
    """`seeds` are inputs to begin with, `words` pieces that inputs are made of; `most` is the longest input tried.

    `weight` is its share of a bounded run, beside those of the others.
    """

    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]] = _nothing
    words: list[bytes] = field(factory=list)
    mutator: Mutator | None = None
    most: int = 4096
    weight: int = 1

    @property
    def name(self) -> str:
        """What it is called on the command line and in the corpus."""
        return self.run.__name__.removeprefix("fuzz_")

    @property
    def corpus(self) -> Path:
        """Where its inputs are kept."""
        return CORPUS / self.name

    def inputs(self) -> list[Path]:
        """The files of its corpus."""
        return sorted(self.corpus.iterdir()) if self.corpus.is_dir() else []
