#!/usr/bin/env bash
# Compares two snapshots, with the arguments of SnapshotComparer.

ZOOBINDIR="$(cd "$(dirname "${BASH_SOURCE-$0}")" && pwd)"
. "$ZOOBINDIR/zkEnv.sh"
exec "${PYZOO[@]}" launcher SnapshotComparer "$@"
