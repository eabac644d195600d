#!/usr/bin/env bash
# Removes old snapshots and logs of the server of zoo.cfg: zkCleanup.sh -n COUNT.

ZOOBINDIR="$(cd "$(dirname "${BASH_SOURCE-$0}")" && pwd)"
. "$ZOOBINDIR/zkEnv.sh"
exec "${PYZOO[@]}" launcher zkCleanup "$ZOOCFG" "$@"
