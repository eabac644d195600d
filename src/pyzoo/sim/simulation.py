"""A run: faults for a while, then healing, progress, convergence. See `run_seed`."""

from typing import Final

from attrs import frozen

from pyzoo.sim.convergence import require_equal_trees, require_one_configuration, require_sessions_to_end
from pyzoo.sim.ensemble import Ensemble
from pyzoo.sim.nemesis import Nemesis
from pyzoo.sim.options import HARSH, Options, draw_options
from pyzoo.sim.tracing import traced
from pyzoo.sim.world import InvariantViolation, World

CALM_START_MS: Final = 4000
PROGRESS_MS: Final = 180_000
CONVERGENCE_MS: Final = 120_000
LINES_SHOWN: Final = 60


@frozen
class Outcome:
    """What a run came to; `failure` is None when all went well."""

    seed: int
    options: Options
    failure: str | None
    virtual_ms: int
    events: int
    transactions: int
    acknowledged: int
    trace: tuple[str, ...]

    def report(self, minutes: float) -> str:
        """A failure for people: options, the end of the trace, what happened, how to see it again."""
        lines = [f"seed {self.seed}", *(f"  {line}" for line in self.options.lines()), "  ..."]
        lines += self.trace[-LINES_SHOWN:]
        lines += ["", f"FAILED: {self.failure}", f"again:  {_command_of(self.seed, minutes, self.options)}"]
        return "\n".join(lines)


def _command_of(seed: int, minutes: float, options: Options) -> str:
    """What a person types to see the run again."""
    harsh = " --harsh" if options == HARSH else ""
    return f"python -m pyzoo.sim --seed {seed} --minutes {minutes:g}{harsh}"


def run_seed(seed: int, minutes: float, options: Options | None = None, verbose: bool = False) -> Outcome:
    """Run one seed with so many virtual minutes of faults; options are drawn unless given."""
    world = World(seed)
    if verbose:
        world.listener = print
    drawn = draw_options(world)
    options = drawn if options is None else options
    failure: str | None = None
    ensemble = Ensemble(world, options)
    with traced(world):
        try:
            _run(ensemble, int(minutes * 60_000))
        except InvariantViolation as violation:
            failure = str(violation)
            world.note(f"FAILED: {failure}")
        except Exception as error:
            error.add_note(f"again:  {_command_of(seed, minutes, options)}")
            raise
    return Outcome(
        seed,
        options,
        failure,
        world.now_ms,
        world.event_count,
        len(ensemble.facts.ledger.entries),
        ensemble.acknowledged,
        tuple(world.trace),
    )


def _run(ensemble: Ensemble, faults_ms: int) -> None:
    world = ensemble.world
    nemesis = Nemesis(ensemble)
    ensemble.start()
    world.run_until(CALM_START_MS)
    nemesis.begin()
    world.run_until(CALM_START_MS + faults_ms)
    nemesis.end()
    _require_progress(ensemble)
    _require_convergence(ensemble)


def _require_progress(ensemble: Ensemble) -> None:
    world = ensemble.world
    before = ensemble.acknowledged
    if not world.run_until(world.now_ms + PROGRESS_MS, lambda: ensemble.acknowledged > before):
        raise InvariantViolation(
            f"no write was acknowledged within {PROGRESS_MS // 1000} s after everything was healed"
        )


def _require_convergence(ensemble: Ensemble) -> None:
    """Once nobody asks for anything all members come to the same, and dead sessions end."""
    world = ensemble.world
    for worker in ensemble.workers:
        worker.is_quiet = True
    if not world.run_until(world.now_ms + CONVERGENCE_MS, ensemble.is_converged):
        raise InvariantViolation(f"the members did not come to the same within {CONVERGENCE_MS // 1000} s")
    require_equal_trees(ensemble)
    require_one_configuration(ensemble)
    require_sessions_to_end(ensemble)
