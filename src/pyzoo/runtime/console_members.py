"""Asks the other members of the ensemble with four-letter words, for the console: a few short connections, no more."""

import os
import ssl
from collections.abc import Iterable
from typing import Final

import trio
from attrs import evolve

from pyzoo.config.settings import ServerConfig
from pyzoo.console.endpoints import NOT_CONFIGURED, ClientEndpoint, endpoint_of
from pyzoo.console.member_words import NO_ANSWER, RARE_WORDS, SRVR, WORDS, MemberState, with_answers
from pyzoo.console.own_member import not_asked, other_members
from pyzoo.errors import ConfigError
from pyzoo.runtime.clock import elapsed_ms
from pyzoo.runtime.host_names import HostNames
from pyzoo.runtime.tls.contexts import make_context
from pyzoo.runtime.workers import in_thread
from pyzoo.server.roles.zookeeper_server import ZooKeeperServer

ANSWER_SECONDS: Final = 2.0
ANSWER_BYTES: Final = 1 << 20
RARELY_MS: Final = 30_000
"""Between two questions that are asked rarely, or with a word that was off."""
CONTEXT_MS: Final = 300_000
"""So long a TLS context is used before the stores are read again."""
RECEIVE_BYTES: Final = 1 << 16
_FAILURES: Final = (OSError, trio.BrokenResourceError, trio.TooSlowError, ConfigError)


class MemberAsker:
    """Asks members; remembers which words are off, and what is asked rarely."""

    def __init__(self, config: ServerConfig) -> None:
        self._config = config
        self._names = HostNames()
        self._rare: dict[tuple[int, str], tuple[int, str]] = {}
        self._context: ssl.SSLContext | None = None
        self._context_until_ms = 0

    async def ask_all(self, server: ZooKeeperServer) -> list[MemberState]:
        """What all other members say now, by id; who does not answer in time is in the list too."""
        found: dict[int, MemberState] = {}

        async def ask(member: MemberState, endpoint: ClientEndpoint) -> None:
            found[member.id] = await self._ask_member(member, endpoint)

        async with trio.open_nursery() as nursery:
            for each in other_members(server):
                endpoint = endpoint_of(each, self._config)
                if endpoint is None:
                    found[each.id] = not_asked(each, NOT_CONFIGURED.format(id=each.id))
                else:
                    nursery.start_soon(ask, MemberState(each.id, str(endpoint), not each.observer), endpoint)
        return [found[sid] for sid in sorted(found)]

    async def _ask_member(self, member: MemberState, endpoint: ClientEndpoint) -> MemberState:
        """One word after the other: of ours it then counts one connection."""
        now_ms = elapsed_ms()
        known = {
            word: answer
            for (sid, word), (until_ms, answer) in self._rare.items()
            if sid == member.id and until_ms > now_ms
        }
        answers: dict[str, str] = {}
        try:
            for word in (*WORDS, *RARE_WORDS):
                if word not in known:
                    answers[word] = await self._ask(endpoint, word)
        except _FAILURES as error:
            if SRVR not in answers:
                return evolve(member, role=NO_ANSWER, error=reason_of(error))
        told = with_answers(member, known | answers)
        self._remember(member.id, answers, {*RARE_WORDS, *told.words_off}, now_ms)
        return told

    def _remember(self, sid: int, answers: dict[str, str], rare: Iterable[str], now_ms: int) -> None:
        for word in rare:
            if word in answers:
                self._rare[sid, word] = (now_ms + RARELY_MS, answers[word])

    async def _ask(self, endpoint: ClientEndpoint, word: str) -> str:
        """The answer to a word; raises one of `_FAILURES`."""
        with trio.fail_after(ANSWER_SECONDS):
            addresses = await self._names.look_up(endpoint.host)
            stream: trio.abc.Stream = await trio.open_tcp_stream(addresses[0], endpoint.port)
            if endpoint.secure:
                context = await self._tls()
                stream = trio.SSLStream(stream, context, server_hostname=endpoint.host, https_compatible=True)
            async with stream:
                await stream.send_all(word.encode())
                answer = bytearray()
                while len(answer) < ANSWER_BYTES and (data := await stream.receive_some(RECEIVE_BYTES)):
                    answer += data
        return answer.decode(errors="replace")

    async def _tls(self) -> ssl.SSLContext:
        """How a client of this ensemble does TLS, with the stores that this server has for clients."""
        now_ms = elapsed_ms()
        if self._context is None or now_ms >= self._context_until_ms:
            self._context = await in_thread(make_context, self._config.tls, False)
            self._context_until_ms = now_ms + CONTEXT_MS
        return self._context


def reason_of(error: Exception) -> str:
    """Why there is no answer, for people."""
    if isinstance(error, trio.TooSlowError):
        return f"no answer within {ANSWER_SECONDS:g} s"
    cause = error.__cause__
    while isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    told = cause or error
    if isinstance(told, OSError) and told.errno is not None and not isinstance(told, ssl.SSLError):
        # What trio makes of it names the address once more.
        return os.strerror(told.errno)
    return str(told) or type(told).__name__
