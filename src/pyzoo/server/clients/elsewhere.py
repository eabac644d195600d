"""Elsewhere: what other processes of the same server serve, as of the last look, for operators."""

from mypy_extensions import i64, mypyc_attr

from pyzoo.datatree.watches import WatchManager
from pyzoo.server.clients.cnxn import ServerCnxn


@mypyc_attr(allow_interpreted_subclasses=True)
class Elsewhere:
    """Nothing, where a server is one process.

    `cnxns` look like connections, and nobody talks through them; `watches` are those of both tables. `data_watches` are
    the data watches of all processes, this one included, if that was wanted.
    """

    def __init__(self) -> None:
        self.cnxns: list[ServerCnxn] = []
        self.outstanding: i64 = 0
        self.watches: i64 = 0
        self.data_watches: WatchManager | None = None

    def reset_stats(self) -> None:
        """Set the statistics of these connections back."""
