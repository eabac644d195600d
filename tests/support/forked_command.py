"""`pyzoo` for shells and scripts, as a command that need not load it: what it is run with goes to a fork (`forked.py`).

Run as a program, with the path of a socket and the words of the command, it is that command: it says what it has been
given, passes its signals on, and ends as the fork ends. It imports next to nothing.
"""

import json
import os
import signal
import socket
import sys

REQUEST_BYTES = 1 << 20
NOT_FORKED = b"-"
"""The answer where a fork would not begin as a process of its own does."""


def main(path: str, words: list[str]) -> int:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as channel:
        channel.connect(path)
        request = {"words": words, "environment": dict(os.environ), "cwd": os.getcwd()}
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: channel.send(b"%d" % number))
        socket.send_fds(channel, [json.dumps(request).encode()], [0, 1, 2])
        answer = channel.recv(100)
    if answer == NOT_FORKED:
        os.execv(sys.executable, [sys.executable, "-P", "-m", "pyzoo", *words])
    code = int(answer)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
