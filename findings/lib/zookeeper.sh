# shellcheck shell=bash
# For the findings: jars by Maven, servers on free loopback ports. All of it ends and goes with the script that sources this.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
pids=()

clean_up() {
    for pid in "${pids[@]}"; do
        kill "$pid" 2> /dev/null || true
    done
    wait
    rm -rf "$work"
}
trap clean_up EXIT

# fetch NAME GROUP:ARTIFACT:VERSION...: the jars of these with all they need at run time, in $work/NAME.
fetch() {
    local name=$1 artifact
    shift
    mkdir -p "$work/$name.pom"
    {
        echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        echo '<groupId>finding</groupId><artifactId>finding</artifactId><version>1</version><packaging>pom</packaging><dependencies>'
        for artifact; do
            IFS=: read -r group id version <<< "$artifact"
            echo "<dependency><groupId>$group</groupId><artifactId>$id</artifactId><version>$version</version></dependency>"
        done
        echo '</dependencies></project>'
    } > "$work/$name.pom/pom.xml"
    (cd "$work/$name.pom" && mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$work/$name")
}

# need VERSION: the class path of a ZooKeeper release is $work/VERSION/*.
need() {
    local version=$1
    [[ ! -d $work/$version ]] || return 0
    case $version in
        3.8.0 | 3.8.1) fetch "$version" "org.apache.zookeeper:zookeeper:$version" \
            io.dropwizard.metrics:metrics-core:4.1.12.1 org.xerial.snappy:snappy-java:1.1.7.7 commons-cli:commons-cli:1.4 ;;
        3.9.5) fetch "$version" "org.apache.zookeeper:zookeeper:$version" ch.qos.logback:logback-classic:1.3.15 \
            io.dropwizard.metrics:metrics-core:4.1.12.1 org.xerial.snappy:snappy-java:1.1.10.5 commons-cli:commons-cli:1.5.0 \
            com.fasterxml.jackson.core:jackson-databind:2.15.2 org.eclipse.jetty:jetty-servlet:9.4.58.v20250814 ;;
        3.9.6) # Its own jars, with the dependencies of 3.9.5, with which it runs as well.
            need 3.9.5
            mkdir "$work/$version"
            cp "$work"/3.9.5/*.jar "$work/$version"
            rm "$work/$version"/zookeeper-*3.9.5.jar
            for id in zookeeper zookeeper-jute; do
                (cd "$work/3.9.5.pom" && mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:2.8:copy \
                    -Dartifact="org.apache.zookeeper:$id:$version" -DoutputDirectory="$work/$version")
            done ;;
    esac
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start VERSION NAME PORT [-D...]: a server with the lines of standard input in its zoo.cfg; its data stay in $work/NAME.
# The process id is in $started.
start() {
    local version=$1 name=$2 port=$3
    shift 3
    need "$version"
    mkdir -p "$work/$name/data"
    {
        printf 'tickTime=2000\ndataDir=%s\nclientPort=%s\n' "$work/$name/data" "$port"
        printf 'clientPortAddress=127.0.0.1\n4lw.commands.whitelist=*\n'
        cat
    } > "$work/$name/zoo.cfg"
    (cd "$work/$name" && exec java -Xmx256m -XX:TieredStopAtLevel=1 -Dzookeeper.admin.enableServer=false "$@" \
        -cp "$work/$version/*" org.apache.zookeeper.server.quorum.QuorumPeerMain zoo.cfg) \
        > "$work/$name/output.txt" 2>&1 < /dev/null &
    started=$!
    pids+=("$started")
}

# stop PID: ends a server and waits for it.
stop() {
    kill "$1"
    wait "$1" || true
}

# until_serving PORT: waits until a server answers `srvr` with its mode.
until_serving() {
    for _ in {1..300}; do
        kill -0 "$started" 2> /dev/null || break
        if word "$1" srvr | grep -q '^Mode:'; then
            return 0
        fi
        sleep 0.1
    done
    cat "$work"/*/output.txt >&2
    echo "no server at port $1" >&2
    exit 2
}

# word PORT WORD: the answer to a four-letter word.
word() {
    python3 - "$1" "$2" 2> /dev/null <<- 'END' || true
		import socket, sys
		with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 2) as s:
		    s.sendall(sys.argv[2].encode())
		    while piece := s.recv(65536):
		        sys.stdout.buffer.write(piece)
	END
}

# cli VERSION PORT COMMAND...: one command of zkCli.
cli() {
    local version=$1 port=$2
    shift 2
    java -XX:TieredStopAtLevel=1 -Dlogback.configurationFile="$here/quiet.xml" -cp "$work/$version/*" \
        org.apache.zookeeper.ZooKeeperMain -server "127.0.0.1:$port" "$@" 2>&1 |
        grep -v -e '^Connecting to' -e '^$' -e '^WATCHER::' -e '^WatchedEvent' || true
}

# raw PORT: runs the Python of standard input with `zk` as a session on that server (lib/raw.py).
raw() {
    PYTHONPATH="$here" python3 -c '
import sys
from raw import *
zk = Session(int(sys.argv[1]))
exec(sys.stdin.read())
' "$1"
}

# expect WHAT WANTED SEEN: says what was seen, and ends with 1 where it is something else.
expect() {
    echo "$1: $3"
    if [[ $2 != "$3" ]]; then
        echo "CHANGED, it was: $2" >&2
        exit 1
    fi
}
