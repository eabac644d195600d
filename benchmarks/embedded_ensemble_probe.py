"""Measures EmbeddedEnsemble in the interpreter that runs this file, and prints the figures as JSON.

`python -m benchmarks.embedded_ensemble_probe STARTS FAILOVERS`, in the directory above this one; all times are ms.
"""

import json
import statistics
import sys
import time

from benchmarks.ensemble import DATA, PATH, WRITES_BEFORE_A_KILL
from benchmarks.writer import Session, first_write_s

PATIENCE_S = 60.0
Figures = dict[str, float]


def starts_of(count: int) -> Figures:
    """From making one until all members serve, and from then until all are gone; the first one loads what it needs."""
    from pyzoo.testing import EmbeddedEnsemble

    starts, stops = [], []
    for _ in range(count + 1):
        begun = time.perf_counter()
        ensemble = EmbeddedEnsemble()
        ensemble.start()
        served = time.perf_counter()
        ensemble.stop()
        starts.append((served - begun) * 1000)
        stops.append((time.perf_counter() - served) * 1000)
    usual = starts[1:]
    return {
        "first_ms": starts[0],
        "start_ms": statistics.median(usual),
        "start_max_ms": max(usual),
        "stop_ms": statistics.median(stops[1:]),
    }


def failovers_of(count: int) -> Figures:
    """As `measure_failover` of processes: from the kill of the leader until a new session has written."""
    from pyzoo.testing import EmbeddedEnsemble

    times = []
    with EmbeddedEnsemble() as ensemble:
        ports = [member.client_port for member in ensemble.members]
        for _ in range(count):
            leader = ensemble.find_leader()
            with Session(leader.client_port, step_s=30) as session:
                session.create(PATH, DATA)
                for _ in range(WRITES_BEFORE_A_KILL):
                    session.set(PATH, DATA)
            killed = time.monotonic()
            ensemble.kill(leader.sid)
            times.append(first_write_s(ports, PATH, killed, PATIENCE_S) * 1000)
            ensemble.restart(leader.sid)
            ensemble.wait_until_serving()
    return {"failover_ms": statistics.median(times), "failover_max_ms": max(times)}


def main() -> None:
    starts, failovers = map(int, sys.argv[1:])
    print(json.dumps(starts_of(starts) | failovers_of(failovers)))


if __name__ == "__main__":
    main()
