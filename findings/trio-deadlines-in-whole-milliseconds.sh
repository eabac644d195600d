#!/bin/sh
# How long trio sleeps when it is asked for a fraction of a millisecond.
#
# Seen with trio 0.35.0 (CPython 3.11 and epoll, Linux): trio.sleep(0.0002) takes 1.2 ms and trio.sleep(0.0012) takes 2.2,
# medians of 200, where time.sleep takes 0.26 and 1.26 ms. Trio waits in select.epoll.poll, whose timeout becomes whole
# milliseconds, rounded up. A deadline that has passed is met at once. A guess would be that a timer of trio is as fine as the clock
# that it is set by: work in slices with a rest of 0.2 ms between them rests six times as long.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q trio==0.35.0
"$work/venv/bin/python" - <<'EOF'
import statistics
import time

import trio

TIMES = 200


async def of_trio(seconds):
    taken = []
    for _ in range(TIMES):
        begin = time.perf_counter()
        await trio.sleep(seconds)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def of_time(seconds):
    taken = []
    for _ in range(TIMES):
        begin = time.perf_counter()
        time.sleep(seconds)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


async def past():
    begin = time.perf_counter()
    with trio.move_on_at(trio.current_time() - 1):
        await trio.sleep_forever()
    return time.perf_counter() - begin


print("asked for, trio, time.sleep; ms")
for seconds, least in ((0.0002, 0.0009), (0.0012, 0.0019)):
    found = trio.run(of_trio, seconds)
    print(f"{seconds * 1000:.1f} {found * 1000:.2f} {of_time(seconds) * 1000:.2f}")
    assert found >= least, "trio has become finer"
met = min(trio.run(past) for _ in range(20))
print(f"a deadline of a second ago: {met * 1000:.2f} ms")
assert met < 0.001, "a deadline that has passed is waited for"
EOF
