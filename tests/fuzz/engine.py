"""One target under atheris, in a process of its own, for libFuzzer never comes back from its work.

The parent has loaded everything with its counters of coverage, so that a target costs a fork and not a start.
"""

import math
import mmap
import os
import random
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import atheris
from attrs import frozen

from tests.fuzz.logs import watch_logs
from tests.fuzz.target import Target

INPUT_SECONDS = 20
"""An input that takes longer counts as one that hangs."""
MOST_MEGABYTES = 2048
_COUNTER_BYTES = 8


@frozen
class Limits:
    """When a run ends, by itself: after so many inputs or so many seconds, 0 for no such limit."""

    runs: int
    seconds: float
    seed: int


@frozen
class Outcome:
    """How a run ended; `culprits` are inputs that broke a promise, hung or took too much memory."""

    inputs: int
    status: int
    culprits: list[Path]
    log: Path


def fuzz(target: Target, limits: Limits, grown: Path) -> Outcome:
    """Run a target; `grown` is a directory for the inputs that it finds worth keeping, and for culprits."""
    own = grown / target.name
    own.mkdir(parents=True, exist_ok=True)
    log = grown / f"{target.name}.log"
    prefix = f"{target.name}-"
    for old in grown.glob(f"{prefix}*-*"):
        old.unlink()
    for number, seed in enumerate(target.seeds()):
        (own / f"seed-{number:03}").write_bytes(seed)
    counter = mmap.mmap(-1, _COUNTER_BYTES)
    child = os.fork()
    if child == 0:
        _become_fuzzer(target, _arguments(target, limits, grown, own), limits.seconds, counter, log)
    _, status = os.waitpid(child, 0)
    culprits = sorted(grown.glob(f"{prefix}*-*"))
    return Outcome(int.from_bytes(counter[:], "big"), status, culprits, log)


def _arguments(target: Target, limits: Limits, grown: Path, own: Path) -> list[str]:
    arguments = [
        target.name,
        f"-artifact_prefix={grown}/{target.name}-",
        f"-max_len={target.most}",
        f"-seed={limits.seed}",
        f"-timeout={INPUT_SECONDS}",
        f"-rss_limit_mb={MOST_MEGABYTES}",
        "-print_final_stats=1",
    ]
    if target.words:
        words = grown / f"{target.name}.dict"
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words if word))
        arguments.append(f"-dict={words}")
    if limits.runs:
        arguments.append(f"-runs={limits.runs}")
    return [*arguments, str(own), *([str(target.corpus)] if target.corpus.is_dir() else [])]


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _become_fuzzer(target: Target, arguments: list[str], seconds: float, counter: mmap.mmap, log: Path) -> None:
    """Never returns; libFuzzer itself looks at the clock only once a second."""
    end = time.monotonic() + seconds if seconds else math.inf
    try:
        with log.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        watch_logs()
        count = 0
        culprit = log.with_name(f"{target.name}-broken-promise")

        def run(data: bytes) -> None:
            nonlocal count
            count += 1
            counter[:] = count.to_bytes(_COUNTER_BYTES, "big")
            try:
                target.run(data)
            except BaseException:
                culprit.write_bytes(data)
                raise
            if time.monotonic() > end:
                os._exit(0)

        mutator = target.mutator
        if mutator is None:
            atheris.Setup(arguments, run)
        else:
            known = mutator

            def mutate(data: bytes, most: int, seed: int) -> bytes:
                return known(data, most, random.Random(seed), _mutation())

            atheris.Setup(arguments, run, custom_mutator=mutate)
        atheris.Fuzz()
        os._exit(0)
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 1)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def _mutation() -> Callable[[bytes, int], bytes]:
    def inner(data: bytes, most: int) -> bytes:
        return bytes(atheris.Mutate(data, most)) if most > 0 else b""

    return inner
