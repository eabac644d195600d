"""All examples, by the names of the command."""

from collections.abc import Callable

from attrs import frozen

from pyzoo.examples import (
    barrier,
    configuration,
    double_barrier,
    election,
    failover,
    lock,
    majorities,
    membership,
    naming,
    priority_queue,
    read_write_lock,
    services,
    split_brain,
    two_phase_commit,
    work_queue,
)
from pyzoo.examples.stage import Stage


@frozen
class Example:
    """An example as it is listed and run."""

    name: str
    show: Callable[[Stage], str]
    """Plays it; returns what was shown, in a sentence. Claims that are false are kept by the stage."""
    has_wrong: bool = False
    """Whether it can leave out what makes it right."""
    own_servers: bool = False
    """Whether it kills servers, and so makes its own."""

    @property
    def text(self) -> str:
        """What it teaches."""
        return __import__(self.show.__module__, fromlist=["show"]).__doc__ or ""

    @property
    def summary(self) -> str:
        """In a line."""
        return self.text.partition("\n")[0]


EXAMPLES = {
    example.name: example
    for example in (
        Example("lock", lock.show, has_wrong=True),
        Example("read-write-lock", read_write_lock.show, has_wrong=True),
        Example("naming", naming.show, has_wrong=True),
        Example("configuration", configuration.show, has_wrong=True),
        Example("election", election.show, has_wrong=True),
        Example("services", services.show, has_wrong=True),
        Example("membership", membership.show, has_wrong=True),
        Example("queue", work_queue.show, has_wrong=True),
        Example("priority-queue", priority_queue.show),
        Example("barrier", barrier.show, has_wrong=True),
        Example("double-barrier", double_barrier.show, has_wrong=True),
        Example("two-phase-commit", two_phase_commit.show, has_wrong=True),
        Example("failover", failover.show, own_servers=True),
        Example("majorities", majorities.show, own_servers=True),
        Example("split-brain", split_brain.show, own_servers=True),
    )
}
