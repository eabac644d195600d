"""ReadyLinks: which connections to other members the shell has something to do for."""

from typing import final

from pyzoo.quorum.link import LinkOwner, PeerLink


@final
class ReadyLinks(LinkOwner):
    """The links that have output, or are to be dialled, in order."""

    def __init__(self) -> None:
        self.ready: list[PeerLink] = []
        self.dials: list[PeerLink] = []

    def link_ready(self, link: PeerLink) -> None:
        self.ready.append(link)

    def take_ready(self) -> list[PeerLink]:
        ready = self.ready
        self.ready = []
        return ready

    def take_dials(self) -> list[PeerLink]:
        dials = self.dials
        self.dials = []
        return dials
