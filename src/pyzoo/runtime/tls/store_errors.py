"""Why a key store or trust store is refused, before anybody knows which key of the configuration it belongs to."""

from typing import final

from pyzoo.errors import PyzooError


@final
class StoreError(PyzooError):
    """A store that cannot be used; `{key}` in the text, which has no password, is for what its keys begin with."""

    def of(self, key: str) -> str:
        """The reason, with the names of the configuration."""
        return str(self).replace("{key}", key)
