"""The checkers are worth something only if they find bugs: each planted one within a few seeds."""

import pytest

from pyzoo.sim.mutations import MUTATIONS, Mutation, planted
from pyzoo.sim.simulation import run_seed
from pyzoo.sim.world import World

MOST_SEEDS = 8
MINUTES = 0.3

needs_plain_python = pytest.mark.skipif(
    not hasattr(World.after, "__code__") or hasattr(MUTATIONS[0].patches[0][0], "__mypyc_attrs__"),
    reason="compiled classes cannot be patched",
)


@needs_plain_python
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name.replace(" ", "-"))
def test_a_planted_bug_is_found(mutation: Mutation) -> None:
    with planted(mutation):
        seeds = range(mutation.first_seed, mutation.first_seed + MOST_SEEDS)
        assert any(run_seed(seed, MINUTES, mutation.options).failure for seed in seeds)
