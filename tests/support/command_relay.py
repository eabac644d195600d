"""CommandRelay: runs what `forked_command.py` is asked for by shells and scripts."""

import json
import os
import select
import socket
import threading
from pathlib import Path

from tests.support import forked_command
from tests.support.forked import ForkedProcess, can_be_forked


class CommandRelay:
    """A socket at `path`; whoever connects there becomes a `pyzoo` command. It ends with `close`, or this process."""

    def __init__(self, path: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                channel, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._run, args=(channel,), daemon=True).start()

    def _run(self, channel: socket.socket) -> None:
        with channel:
            data, descriptors, _, _ = socket.recv_fds(channel, forked_command.REQUEST_BYTES, 3)
            if not data:
                return
            request = json.loads(data)
            process = None
            if can_be_forked(request["environment"]):
                stdin, out, err = descriptors
                process = ForkedProcess(request["words"], request["environment"], Path(request["cwd"]), out, err, stdin)
            for descriptor in descriptors:
                os.close(descriptor)
            channel.send(forked_command.NOT_FORKED if process is None else b"%d" % self._end(process, channel))

    def _end(self, process: ForkedProcess, channel: socket.socket) -> int:
        """Pass signals on until it has ended; without anybody who waits for it, it is not wanted any more."""
        while process.poll() is None:
            if channel.fileno() in select.select([channel.fileno(), process.fileno()], [], [])[0]:
                number = channel.recv(100)
                if number:
                    process.send_signal(int(number))
                else:
                    process.kill()
                    return process.wait()
        return process.wait()

    def close(self) -> None:
        """Take no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
