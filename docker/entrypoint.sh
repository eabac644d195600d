#!/bin/bash
# The entry point of the image: understands the variables, volumes and users of the official `zookeeper` image, then runs
# the words of the container, by default `zkServer.sh start-foreground`.
set -euo pipefail
set -f # server lines and keys are words, not patterns of file names

fail() {
    echo "docker-entrypoint.sh: $*" >&2
    exit 1
}

lines() {
    for word; do
        printf '%s\n' "$word"
    done
}

zoo_cfg() {
    lines "dataDir=$ZOO_DATA_DIR" \
        "dataLogDir=$ZOO_DATA_LOG_DIR" \
        "tickTime=$ZOO_TICK_TIME" \
        "initLimit=$ZOO_INIT_LIMIT" \
        "syncLimit=$ZOO_SYNC_LIMIT" \
        "autopurge.snapRetainCount=$ZOO_AUTOPURGE_SNAPRETAINCOUNT" \
        "autopurge.purgeInterval=$ZOO_AUTOPURGE_PURGEINTERVAL" \
        "maxClientCnxns=$ZOO_MAX_CLIENT_CNXNS" \
        "standaloneEnabled=$ZOO_STANDALONE_ENABLED" \
        "admin.enableServer=$ZOO_ADMINSERVER_ENABLED"
    # shellcheck disable=SC2086 # words
    lines ${ZOO_SERVERS:-server.1=localhost:2888:3888;2181}
    if [[ -n ${ZOO_4LW_COMMANDS_WHITELIST:-} ]]; then
        lines "4lw.commands.whitelist=$ZOO_4LW_COMMANDS_WHITELIST"
    fi
    # shellcheck disable=SC2086 # words
    lines ${ZOO_CFG_EXTRA:-}
}

# Engines make a directory of what is mounted and is not there.
[[ ! -d $ZOO_CONF_DIR/zoo.cfg ]] ||
    fail "$ZOO_CONF_DIR/zoo.cfg is a directory: the file that is mounted there has to exist, and its path to be absolute"

# Root only hands the directories to the user that the server runs as.
if [[ ${1:-} = zkServer.sh && $(id -u) = 0 ]]; then
    find "$ZOO_DATA_DIR" "$ZOO_DATA_LOG_DIR" "$ZOO_LOG_DIR" ! -user zookeeper -exec chown zookeeper {} +
    if [[ ! -f $ZOO_CONF_DIR/zoo.cfg ]]; then
        chown zookeeper "$ZOO_CONF_DIR" || true # the user will be told when it cannot write there
    fi
    export HOME=/home/zookeeper
    exec setpriv --reuid zookeeper --regid zookeeper --init-groups "$0" "$@"
fi

# What is there already wins over the variables.
if [[ ! -f $ZOO_CONF_DIR/zoo.cfg ]]; then
    [[ -w $ZOO_CONF_DIR ]] ||
        fail "$ZOO_CONF_DIR is not writable for uid $(id -u): mount a zoo.cfg, or a volume or tmpfs for it"
    zoo_cfg > "$ZOO_CONF_DIR/.zoo.cfg.new"
    mv "$ZOO_CONF_DIR/.zoo.cfg.new" "$ZOO_CONF_DIR/zoo.cfg"
fi
if [[ ! -s $ZOO_DATA_DIR/myid ]]; then
    [[ -w $ZOO_DATA_DIR ]] || fail "$ZOO_DATA_DIR is not writable for uid $(id -u): give the volume to that user"
    echo "${ZOO_MY_ID:-1}" > "$ZOO_DATA_DIR/myid"
fi

exec "$@"
