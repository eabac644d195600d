"""How many examples a property test tries that says so itself."""

from hypothesis import settings

USUAL = 30
"""What the default profile has."""


def examples(count: int) -> int:
    """`count`, or as much less of it as the profile has less than usual."""
    return max(1, min(count, count * settings().max_examples // USUAL))
