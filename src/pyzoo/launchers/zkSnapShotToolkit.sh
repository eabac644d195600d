#!/usr/bin/env bash
# Shows a snapshot, with the arguments of SnapshotFormatter.

ZOOBINDIR="$(cd "$(dirname "${BASH_SOURCE-$0}")" && pwd)"
. "$ZOOBINDIR/zkEnv.sh"
exec "${PYZOO[@]}" launcher SnapshotFormatter "$@"
