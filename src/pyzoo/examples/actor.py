"""An actor: the side of a process that plays a part in an example. How it is started and ended is in stage.py."""

import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from attrs import frozen

from pyzoo.examples.client import connect


@frozen
class Event:
    """Something that an actor said: when (`time.monotonic`), who, the line for the reader, and facts for the claims."""

    at: float
    who: str
    text: str
    facts: dict[str, Any]


class Actor:
    """What a part is given beside its client: its name, a voice, and an ear for the stage."""

    def __init__(self, name: str, pipe: "Connection[Any, Any]") -> None:
        self.name = name
        self._pipe = pipe
        self._speaking = threading.Lock()
        self._go = threading.Semaphore(0)
        threading.Thread(target=self._listen, daemon=True).start()

    def say(self, text: str, **facts: Any) -> None:
        """Tell the stage; it prints `text`, or nothing where it is empty, and keeps the facts."""
        with self._speaking:
            self._pipe.send(Event(time.monotonic(), self.name, text, facts))

    def wait_for_go(self) -> None:
        """Until the stage says go on."""
        self._go.acquire()

    def told_to_end(self) -> bool:
        """Whether the stage has said go on, which for a part without an end means to come to one."""
        return self._go.acquire(blocking=False)

    def _listen(self) -> None:
        try:
            while True:
                self._pipe.recv()
                self._go.release()
        except (EOFError, OSError):
            os._exit(1)  # The stage is gone.


Part = Callable[..., None]
"""A function of an example: `part(zk, me, ...)`, the client and the Actor first."""


def play(
    part: Part, name: str, hosts: str, session_s: float, pipe: "Connection[Any, Any]", arguments: tuple[Any, ...]
) -> None:
    """The main function of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the stage, which ends all of them.
    me = Actor(name, pipe)
    try:
        zk = connect(hosts, session_s)
        part(zk, me, *arguments)
        zk.stop()
        zk.close()
        me.say("", ended=True)
    except Exception as error:
        me.say(f"failed: {error!r}", failed=traceback.format_exc())
