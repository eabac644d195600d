#!/usr/bin/env bash
# The shell, with the arguments of Apache ZooKeeper's script of this name.

ZOOBINDIR="$(cd "$(dirname "${BASH_SOURCE-$0}")" && pwd)"
. "$ZOOBINDIR/zkEnv.sh"
exec "${PYZOO[@]}" cli -compatible "$@"
