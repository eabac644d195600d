#!/bin/sh
# An error that trio.to_thread.run_sync brings back from a thread, and what the frames of that thread held.
#
# Seen with trio 0.35.0 and outcome 1.3.0.post0 (CPython 3.11): when the error was caught and forgotten, the objects of the
# thread's frames are still there, and only the cyclic collector frees them. The frame of to_thread_run_sync keeps the outcome,
# the outcome the error, the error its traceback, and that the frame. The same function called without a thread leaves nothing.
# A guess would be that they go with the error, as trio and outcome take care to break such cycles where they raise: where the
# collector is off or rarely looks at old objects, each error keeps what its thread was working on.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q trio==0.35.0 outcome==1.3.0.post0
"$work/venv/bin/python" - <<'EOF'
import gc
import weakref

import trio


class Large:
    pass


def fail(seen):
    large = Large()
    seen.append(weakref.ref(large))
    raise OSError("the disk is full")


async def main():
    here, thread = [], []
    try:
        fail(here)
    except OSError:
        pass
    try:
        await trio.to_thread.run_sync(fail, thread)
    except OSError:
        pass
    await trio.sleep(0.1)
    found = [here[0]() is not None, thread[0]() is not None]
    gc.collect()
    found.append(thread[0]() is not None)
    print(f"alive after an error here: {found[0]}, of a thread: {found[1]}, of a thread after gc.collect(): {found[2]}")
    return found


gc.disable()
raise SystemExit(0 if trio.run(main) == [False, True, False] else 1)
EOF
