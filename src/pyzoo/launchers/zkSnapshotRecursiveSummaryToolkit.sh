#!/usr/bin/env bash
# Sums up the nodes of a snapshot, with the arguments of SnapshotRecursiveSummary.

ZOOBINDIR="$(cd "$(dirname "${BASH_SOURCE-$0}")" && pwd)"
. "$ZOOBINDIR/zkEnv.sh"
exec "${PYZOO[@]}" launcher SnapshotRecursiveSummary "$@"
