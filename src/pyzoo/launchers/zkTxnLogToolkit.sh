#!/usr/bin/env bash
# Dumps, chops and repairs transaction logs, with the arguments of TxnLogToolkit.

ZOOBINDIR="$(cd "$(dirname "${BASH_SOURCE-$0}")" && pwd)"
. "$ZOOBINDIR/zkEnv.sh"
exec "${PYZOO[@]}" launcher TxnLogToolkit "$@"
