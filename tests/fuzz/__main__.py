"""python -m tests.fuzz: look for inputs that break a promise, for as long as is wanted; see tests/README.md."""

import argparse
import base64
import os
import random
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fuzz.target import Target

GROWN = Path(".fuzz")
SHOWN_BYTES = 3000


def main() -> int:
    """0 when every promise was kept."""
    arguments = _parser().parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The same seed shall meet the same coverage.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.fuzz", *sys.argv[1:]])
    try:
        import atheris
    except ImportError:
        print('fuzzing needs atheris: pip install ".[fuzz]" (Linux, x86_64, CPython 3.11 to 3.13)', file=sys.stderr)
        return 2
    with _quiet(), atheris.instrument_imports(include=["pyzoo"]):
        from tests.fuzz.targets import TARGETS
    unknown = [name for name in arguments.target if name not in TARGETS]
    if unknown:
        print(f"no such target: {', '.join(unknown)}; there are {', '.join(TARGETS)}", file=sys.stderr)
        return 2
    chosen = [TARGETS[name] for name in arguments.target or TARGETS]
    if arguments.list:
        for target in chosen:
            print(f"{target.name:20} {(target.run.__doc__ or '').splitlines()[0]}")
        return 0
    if arguments.replay:
        from tests.fuzz.logs import watch_logs

        watch_logs()
        for path in arguments.replay:
            chosen[0].run(path.read_bytes())
        return 0
    arguments.grown.mkdir(parents=True, exist_ok=True)
    if arguments.merge:
        from tests.fuzz.smallest import merge

        for target in chosen:
            print(f"{target.name:20} {merge(target, arguments.grown)} inputs")
        return 0
    return _fuzz_all(chosen, arguments)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the line that atheris writes for each module."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", nargs="*", help="which targets; all of them by default")
    parser.add_argument("--runs", type=int, default=0, help="inputs for each target")
    parser.add_argument("--seconds", type=int, default=0, help="time for all targets together (60 without --runs)")
    parser.add_argument("--seed", type=int, help="begin as the run did that printed it")
    parser.add_argument("--grown", type=Path, default=GROWN, help="where found inputs are kept (%(default)s)")
    parser.add_argument("--replay", type=Path, nargs="+", help="run these files through the target, and nothing else")
    parser.add_argument("--merge", action="store_true", help="bring what was found into the corpus of the project")
    parser.add_argument("--list", action="store_true", help="say what each target tries")
    return parser


def _fuzz_all(chosen: "list[Target]", arguments: argparse.Namespace) -> int:
    from tests.fuzz.engine import Limits, fuzz

    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1, 1 << 31)
    print(f"--seed {seed}", flush=True)
    seconds = arguments.seconds or (0 if arguments.runs else 60)
    weights = sum(target.weight for target in chosen)
    inputs = failures = 0
    for target in chosen:
        share = seconds * target.weight / weights
        began = time.monotonic()
        outcome = fuzz(target, Limits(arguments.runs, share, seed), arguments.grown)
        inputs += outcome.inputs
        print(f"{target.name:20} {outcome.inputs:9} inputs in {time.monotonic() - began:6.1f} s", flush=True)
        if outcome.status != 0:
            failures += 1
            print(outcome.log.read_text(errors="replace")[-8000:])
            for culprit in outcome.culprits:
                _show(target.name, culprit)
            print(f"again: python -m tests.fuzz {target.name} --seed {seed} --runs {outcome.inputs}")
    print(f"{'in all':20} {inputs:9} inputs, {failures} targets failed")
    return 1 if failures else 0


def _show(name: str, culprit: Path) -> None:
    data = culprit.read_bytes()
    print(f"python -m tests.fuzz {name} --replay {shlex.quote(str(culprit))}")
    if len(data) <= SHOWN_BYTES:
        print(f"base64 of it: {base64.b64encode(data).decode()}")


if __name__ == "__main__":
    sys.exit(main())
