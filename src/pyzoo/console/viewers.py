"""Who listens to live news: a bounded number, for each has a connection and is asked for every second."""

from typing import Final

from attrs import define, field

MOST_VIEWERS: Final = 24
MOST_OF_ONE_ADDRESS: Final = 12


@define
class Viewers:
    """Who listens, by address: there is room for some."""

    _by_address: dict[str, int] = field(factory=dict)

    def has_room(self, address: str) -> bool:
        """Whether there is room for another one from this address."""
        of_all = sum(self._by_address.values())
        return of_all < MOST_VIEWERS and self._by_address.get(address, 0) < MOST_OF_ONE_ADDRESS

    def come(self, address: str) -> None:
        """Somebody listens now."""
        self._by_address[address] = self._by_address.get(address, 0) + 1

    def leave(self, address: str) -> None:
        """Somebody is gone."""
        left = self._by_address.get(address, 1) - 1
        if left > 0:
            self._by_address[address] = left
        else:
            self._by_address.pop(address, None)
