"""Attempts: how often somebody may try something, such as a password or a change."""

from typing import Final

from attrs import define, field

MOST_KEYS: Final = 4096


@define
class Attempts:
    """Each key has `most` attempts at once, and gets one back every `refill_ms`; times are monotonic ms.

    For more keys than can be kept those are forgotten that have not tried for longest.
    """

    most: int
    refill_ms: int
    _spent: dict[str, tuple[float, int]] = field(factory=dict, init=False)
    """What a key has used up at a time."""

    def wait_ms(self, key: str, now_ms: int) -> int:
        """How long this key has to wait for its next attempt; 0 for not at all."""
        return max(round((self._spent_by(key, now_ms) - self.most + 1) * self.refill_ms), 0)

    def count(self, key: str, now_ms: int) -> None:
        """There was an attempt."""
        spent = self._spent_by(key, now_ms) + 1
        self._spent.pop(key, None)
        if len(self._spent) >= MOST_KEYS:
            del self._spent[next(iter(self._spent))]
        self._spent[key] = (spent, now_ms)

    def take_back(self, key: str) -> None:
        """The last attempt was none of those that are counted."""
        spent, since_ms = self._spent.get(key, (0.0, 0))
        if spent <= 1:
            self._spent.pop(key, None)
        else:
            self._spent[key] = (spent - 1, since_ms)

    def _spent_by(self, key: str, now_ms: int) -> float:
        spent, since_ms = self._spent.get(key, (0.0, now_ms))
        return max(spent - (now_ms - since_ms) / self.refill_ms, 0.0)
