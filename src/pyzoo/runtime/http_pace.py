"""How long a client may take over a transfer: what is slow for ever costs as much as what stands still."""

import math

from attrs import define, field


@define
class Pace:
    """The patience with one body, in one direction; all times in seconds.

    Each wait may last `idle_s`, and all of them together `idle_s` and a second for every `bytes_per_s` that were moved;
    0 bytes a second asks for no rate. Only time in which the client is waited for counts.
    """

    idle_s: float
    bytes_per_s: int
    _moved: int = field(default=0, init=False)
    _waited_s: float = field(default=0.0, init=False)

    def left_s(self) -> float:
        """How long the next wait may last."""
        if self.bytes_per_s <= 0 or math.isinf(self.idle_s):
            return self.idle_s
        earned_s = self._moved / self.bytes_per_s
        return max(min(self.idle_s, self.idle_s + earned_s - self._waited_s), 0.0)

    def moved(self, size: int, waited_s: float) -> None:
        """A wait is over, and brought so many bytes."""
        self._moved += size
        self._waited_s += waited_s
