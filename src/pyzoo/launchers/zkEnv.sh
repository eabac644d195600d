# Sourced by the other launchers: the configuration directory, environment files and the pyzoo command.

PYZOO=()
ZOOBINDIR="${ZOOBINDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)}"
ZOOKEEPER_PREFIX="$ZOOBINDIR/.."

if [ $# -gt 1 ] && [ "$1" = "--config" ]; then
  ZOOCFGDIR=$2
  shift 2
fi
if [ -z "$ZOOCFGDIR" ]; then
  if [ -e "$ZOOKEEPER_PREFIX/conf" ]; then
    ZOOCFGDIR="$ZOOKEEPER_PREFIX/conf"
  else
    ZOOCFGDIR="$ZOOKEEPER_PREFIX/etc/zookeeper"
  fi
fi

if [ -f "$ZOOCFGDIR/zookeeper-env.sh" ]; then
  . "$ZOOCFGDIR/zookeeper-env.sh"
fi
ZOOCFG="$ZOOCFGDIR/${ZOOCFG:-zoo.cfg}"
if [ -f "$ZOOCFGDIR/java.env" ]; then
  . "$ZOOCFGDIR/java.env"
fi
ZOO_LOG_DIR="${ZOO_LOG_DIR:-$ZOOKEEPER_PREFIX/logs}"

export SERVER_JVMFLAGS CLIENT_JVMFLAGS JVMFLAGS ZOO_DATADIR_AUTOCREATE_DISABLE ZOOPIDFILE ZOO_LOG_DIR ZOO_LOG_FILE

# Without a Python of their own, launchers take the pyzoo beside their site-packages, then that of PATH.
if [ ${#PYZOO[@]} -eq 0 ]; then
  above="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
  while [ "$above" != / ] && [ ! -x "$above/bin/pyzoo" ]; do
    above="$(dirname "$above")"
  done
  if [ "$above" != / ]; then
    PYZOO=("$above/bin/pyzoo")
  elif type -p pyzoo >/dev/null; then
    PYZOO=(pyzoo)
  else
    echo "Error: pyzoo could not be found: run \`pyzoo launchers --install DIR\`, or put pyzoo on PATH." >&2
    exit 1
  fi
fi
