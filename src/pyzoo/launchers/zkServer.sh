#!/usr/bin/env bash
# Starts, stops and asks the server of a zoo.cfg, as Apache ZooKeeper's script of this name does.

ZOOBINDIR="$(cd "$(dirname "${BASH_SOURCE-$0}")" && pwd)"
. "$ZOOBINDIR/zkEnv.sh"

# A plain name is a file in the configuration directory, anything with a slash is a path.
case "$2" in
  "") ;;
  */*) ZOOCFG="$2" ;;
  *) ZOOCFG="$ZOOCFGDIR/$2" ;;
esac
export ZOO_DAEMON_OUT="$ZOO_LOG_DIR/zookeeper-$USER-server-$HOSTNAME.out"
LOG=("-Dzookeeper.log.dir=$ZOO_LOG_DIR" ${ZOO_LOG_FILE:+"-Dzookeeper.log.file=$ZOO_LOG_FILE"})
SERVE=("${PYZOO[@]}" serve "${LOG[@]}" "$ZOOCFG")

case "$1" in
  start | stop | restart | status)
    echo "Using config: $ZOOCFG" >&2
    exec "${PYZOO[@]}" launcher zkServer "$1" "$ZOOCFG"
    ;;
  start-foreground)
    echo "Using config: $ZOOCFG" >&2
    [ -n "$ZOO_NOEXEC" ] || exec "${SERVE[@]}"
    "${SERVE[@]}"
    ;;
  print-cmd)
    echo "Using config: $ZOOCFG" >&2
    echo "$(printf '"%s" ' "${SERVE[@]}")> \"$ZOO_DAEMON_OUT\" 2>&1 < /dev/null"
    ;;
  version)
    exec "${PYZOO[@]}" launcher zkServer version
    ;;
  *)
    echo "Usage: $0 [--config <conf-dir>] {start|start-foreground|stop|version|restart|status|print-cmd}" >&2
    ;;
esac
