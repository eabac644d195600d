"""A process that has loaded pyzoo and becomes the `pyzoo` command as often as it is asked to, by forking.

Most of what a start costs is loading: a test of what a command does need not pay for that each time. Tests use
`forked.py`, which runs this module as a program.

A request is JSON, and the file descriptors that shall be stdin, stdout and stderr: `words`, `cwd` and `environment` of
the command. The answer is its process id; that number as a request asks for its exit status, once it has ended.
"""

import gc
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

REQUEST_BYTES = 1 << 20


def requests(channel: socket.socket) -> dict[str, Any] | None:
    """Answer requests; returns twice for each command: in its process with what to be, at the end with None."""
    while True:
        data, descriptors, _, _ = socket.recv_fds(channel, REQUEST_BYTES, 3)
        if not data:
            return None
        request = json.loads(data)
        if isinstance(request, int):
            _, status = os.waitpid(request, 0)
            channel.sendall(b"%d" % os.waitstatus_to_exitcode(status))
            continue
        pid = os.fork()
        if pid == 0:
            for number, descriptor in enumerate(descriptors):
                os.dup2(descriptor, number)
                os.close(descriptor)
            channel.close()
            assert isinstance(request, dict)
            return request
        for descriptor in descriptors:
            os.close(descriptor)
        channel.sendall(b"%d" % pid)


def become(request: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["cwd"])
    sys.argv[1:] = request["words"]
    # The present ones remember what can be done with the files that were there before.
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        old = getattr(sys, name)
        stream = open(number, "w" if number else "r", encoding=old.encoding, errors=old.errors, closefd=False)
        if number == 2:
            stream.reconfigure(line_buffering=True)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


if __name__ == "__main__":
    # What the commands load when they are asked for.
    import pyzoo.cli.main
    import pyzoo.cli.serve
    import pyzoo.runtime.log_context
    import pyzoo.runtime.log_output
    import pyzoo.runtime.run

    gc.collect()
    gc.freeze()
    wanted = requests(socket.socket(fileno=int(sys.argv[1])))
    if wanted is not None:
        become(wanted)
        # As `python -m pyzoo` it would be called in its help.
        __package__ = "pyzoo"
        sys.argv[0] = str(Path(pyzoo.__file__).with_name("__main__.py"))
        pyzoo.cli.main.main()
