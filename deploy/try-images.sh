#!/usr/bin/env bash
# Builds the image and tries what docs/containers.md says of it: one server, its users, volumes and variables, then the
# compose files, one server and whole ensembles, also one that moves from the official image to this one and back, and the
# containers of the Kubernetes manifests. Needs a container engine with the docker command line, docker compose, and the ports 2181 to 2184
# of this machine.
#
#   deploy/try-images.sh                    builds the image first, then tries it
#   IMAGE=pyzoo deploy/try-images.sh        tries an image that is there
#   OFFICIAL=zookeeper:3.9 deploy/try-images.sh
#   DOCKER_ARGS="--build-arg PYZOO_PLAIN=1" deploy/try-images.sh
#
# Everything that it starts has names with `pyzoo-try`, and is removed at the end.
set -Eeuo pipefail
cd "$(dirname "$0")/.."

IMAGE=${IMAGE:-}
OFFICIAL=${OFFICIAL:-zookeeper:3.9.5}
NETWORK=pyzoo-try
NAME=pyzoo-try-server
THREE="server.1=zoo1:2888:3888;2181 server.2=zoo2:2888:3888;2181 server.3=zoo3:2888:3888;2181"
PATIENCE_S=120
scratch=$(mktemp -d)
compose=(docker compose)
docker compose version > /dev/null 2>&1 || compose=(docker-compose)

clean_up() {
    docker rm -fv "$NAME" "$NAME-alone" pyzoo-try-pyzoo-{0,1,2} > /dev/null 2>&1 || true
    docker volume rm "$NAME-data" "$NAME-datalog" > /dev/null 2>&1 || true
    for project in single classic own; do
        remove "$project" || true
    done
    docker network rm pyzoo-try > /dev/null 2>&1 || true
    # Files in bind mounts belong to other users.
    docker run --rm --user 0 --entrypoint rm -v "$scratch:/scratch" "$IMAGE" -rf /scratch/data /scratch/datalog || true
    rm -rf "$scratch"
}

step() {
    echo "--- $*"
}

fail() {
    echo "FAILED: $*" >&2
    docker logs --tail 30 "$NAME" >&2 || true
    exit 1
}

# What a command says is mostly not shown: at least which one it was.
exec 3>&2
trap 'echo "FAILED in line $LINENO: $BASH_COMMAND" >&3' ERR

# eventually COMMAND...: until it succeeds.
eventually() {
    local deadline=$((SECONDS + PATIENCE_S))
    until "$@" > "$scratch/last" 2>&1; do
        [[ $SECONDS -lt $deadline ]] || fail "after $PATIENCE_S s still not: $* ($(tail -3 "$scratch/last"))"
        sleep 0.1
    done
}

# equal WANTED GOT
equal() {
    [[ $1 = "$2" ]] || fail "'$2' is not '$1'"
}

# --- one server

start() {
    docker rm -fv "$NAME" > /dev/null 2>&1 || true
    docker run -d --name "$NAME" --network "$NETWORK" "$@" > /dev/null
}

serves() {
    docker exec "$NAME" bash -c 'echo srvr | nc -w 3 127.0.0.1 2181 | grep ^Mode:'
}

# answers CONTAINER: whether it serves or not.
answers() {
    docker exec "$1" bash -c 'echo srvr | nc -w 3 127.0.0.1 2181 | grep .'
}

is_healthy() {
    [[ $(docker inspect --format '{{.State.Health.Status}}' "$NAME") = healthy ]]
}

# cli SERVERS COMMAND...: what the shell prints last.
cli() {
    local servers=$1
    shift
    docker run --rm --network "$NETWORK" "$IMAGE" bash -c 'zkCli.sh -server "$@" 2>&1' zkCli "$servers" "$@" | tail -1
}

conf() {
    docker exec "$NAME" bash -c 'echo conf | nc -w 3 127.0.0.1 2181'
}

# runs_as UID GID: the server, which is process 1.
runs_as() {
    equal "$1 $2" "$(docker exec "$NAME" awk '/^[UG]id:/ {printf "%s%s", sep, $2; sep = " "}' /proc/1/status)"
}

try_one_server() {
    step "a server starts, is healthy, is not root, stops on SIGTERM and keeps its data"
    start "$IMAGE"
    eventually serves
    runs_as 1000 1000
    equal "Created /kept" "$(cli "$NAME" create /kept value)"
    equal "value" "$(cli "$NAME:2181" get /kept)"
    eventually is_healthy
    docker stop --time 20 "$NAME" > /dev/null
    equal 0 "$(docker inspect --format '{{.State.ExitCode}}' "$NAME")"
    docker start "$NAME" > /dev/null
    eventually serves
    equal "value" "$(cli "$NAME" get /kept)"
    docker exec "$NAME" zkServer.sh status 2> /dev/null | grep -q '^Mode: standalone$' || fail "zkServer.sh status"

    step "killed, it comes back with what it acknowledged"
    equal "Created /acknowledged" "$(cli "$NAME" create /acknowledged)"
    docker kill "$NAME" > /dev/null
    docker start "$NAME" > /dev/null
    eventually serves
    equal "[acknowledged, kept, zookeeper]" "$(cli "$NAME" ls /)"

    step "a member without a quorum answers, but is not well"
    docker run -d --name "$NAME-alone" --network "$NETWORK" -e ZOO_MY_ID=1 -e ZOO_SERVERS="$THREE" "$IMAGE" > /dev/null
    eventually answers "$NAME-alone"
    if docker exec "$NAME-alone" zkServer.sh status > "$scratch/last" 2>&1; then fail "one of three has no quorum"; fi
    docker rm -fv "$NAME-alone" > /dev/null

    step "start-up"
    docker logs --timestamps "$NAME" 2>&1 | grep -E 'data in|ready on'
}

try_variables() {
    step "variables of the official image"
    start -e ZOO_TICK_TIME=1500 -e ZOO_MAX_CLIENT_CNXNS=7 -e ZOO_4LW_COMMANDS_WHITELIST='conf,ruok' -e ZOO_MY_ID=5 \
        -e ZOO_SERVERS='server.5=localhost:2888:3888;2181' -e ZOO_CFG_EXTRA='minSessionTimeout=3500' \
        -e SERVER_JVMFLAGS='-Xmx1g -Dzookeeper.snapCount=5000' "$IMAGE"
    eventually serves
    for line in tickTime=1500 maxClientCnxns=7 minSessionTimeout=3500 dataDir=/data/version-2 dataLogDir=/datalog/version-2; do
        conf | grep -q "^$line" || fail "conf does not show $line"
    done
    equal imok "$(docker exec "$NAME" bash -c 'echo ruok | nc -w 3 localhost 2181')"
    equal 5 "$(docker exec "$NAME" cat /data/myid)"

    step "a zoo.cfg of one's own wins"
    printf '%s\n' dataDir=/data clientPort=2181 tickTime=1234 4lw.commands.whitelist=conf > "$scratch/zoo.cfg"
    start -v "$scratch/zoo.cfg:/conf/zoo.cfg:ro" -e ZOO_TICK_TIME=1500 "$IMAGE"
    eventually serves
    conf | grep -q '^tickTime=1234' || fail "another tickTime"
}

try_users() {
    step "root's empty directories are handed over"
    start -v "$scratch/data:/data" -v "$scratch/datalog:/datalog" "$IMAGE"
    eventually serves
    runs_as 1000 1000
    equal 1000 "$(docker exec "$NAME" stat -c %u /data)"

    step "--user, any uid of group 0, no capabilities, nothing writable but the volumes"
    start --user 1000 "$IMAGE"
    eventually serves
    start --user 123456:0 --cap-drop ALL --security-opt no-new-privileges --read-only --tmpfs /conf "$IMAGE"
    eventually serves
    runs_as 123456 0
    start --read-only --tmpfs /conf -e ZOO_4LW_COMMANDS_WHITELIST='*' "$IMAGE"
    eventually serves
    runs_as 1000 1000
    docker exec "$NAME" bash -c 'echo envi | nc -w 3 127.0.0.1 2181' | grep -q '^user.name=zookeeper' || fail "envi"
}

# certificate NAME OPTION...: NAME.pem with its key, for any user of a container.
certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" "${@:2}" -keyout "$scratch/$1.key" -out "$scratch/$1.crt" 2> /dev/null
    cat "$scratch/$1.key" "$scratch/$1.crt" > "$scratch/$1.pem"
    chmod a+r "$scratch/$1.pem" "$scratch/$1.crt"
}

try_tls() {
    step "a server with a TLS port only is healthy"
    certificate ca
    certificate server -CA "$scratch/ca.crt" -CAkey "$scratch/ca.key" -addext subjectAltName=DNS:localhost
    local trust=ssl.trustStore.location=/conf/ca.pem key=ssl.keyStore.location=/conf/server.pem
    start -v "$scratch/server.pem:/conf/server.pem:ro" -v "$scratch/ca.crt:/conf/ca.pem:ro" \
        -e ZOO_SERVERS=server.1=localhost:2888:3888 -e ZOO_CFG_EXTRA="secureClientPort=2281 $trust $key" \
        -e CLIENT_JVMFLAGS="-Dzookeeper.$trust -Dzookeeper.$key" "$IMAGE"
    eventually is_healthy
}

try_takeover() {
    step "volumes that a real server wrote"
    local fixture=$PWD/tests/fixtures/standalone-3.9.5
    docker volume create "$NAME-data" > /dev/null
    docker volume create "$NAME-datalog" > /dev/null
    docker run --rm --user 0 --entrypoint bash -v "$fixture:/from:ro" -v "$NAME-data:/data" -v "$NAME-datalog:/datalog" "$IMAGE" \
        -c 'mkdir /data/version-2 /datalog/version-2 && cp $(find /from -name "snapshot.*") /data/version-2 &&
            cp $(find /from -name "log.*") /datalog/version-2 && echo 1 > /data/myid && chown -R 1000:1000 /data /datalog'
    start -v "$NAME-data:/data" -v "$NAME-datalog:/datalog" \
        -e SERVER_JVMFLAGS=-Dzookeeper.extendedTypesEnabled=true "$IMAGE"
    eventually serves
    equal "[acl, app, big, cont, last, m, roll, ttl, ttl-seq-0000000004, zookeeper]" "$(cli "$NAME" ls /)"
    docker rm -fv "$NAME" > /dev/null
    docker volume rm "$NAME-data" "$NAME-datalog" > /dev/null
}

# --- compose files

compose_of() {
    local project=$1 file=deploy/compose/$1.yml
    shift
    [[ $project != own ]] || file=docker-compose.yml
    ZOOKEEPER_IMAGE=${CLASSIC_IMAGE:-$IMAGE} "${compose[@]}" -p "pyzoo-try-$project" -f "$file" "$@"
}

# remove PROJECT: with its volumes, also those without a name, which a container that was made anew took over.
remove() {
    local project=$1 volumes
    volumes=$(compose_of "$project" ps --all --quiet 2> /dev/null |
        xargs --no-run-if-empty docker inspect --format '{{range .Mounts}}{{println .Name}}{{end}}')
    compose_of "$project" down --volumes > /dev/null 2>&1
    xargs --no-run-if-empty docker volume rm --force <<< "$volumes" > /dev/null 2>&1
}

# single_shell COMMAND...: what the shell of the one server prints last.
single_shell() {
    compose_of single exec -T zookeeper bash -c 'zkCli.sh "$@" 2>&1' zkCli "$@" | tail -1
}

single_serves() {
    compose_of single exec -T zookeeper zkServer.sh status
}

try_single_compose() {
    step "one server by compose, made anew on the same volumes"
    compose_of single up -d > /dev/null 2>&1
    eventually single_serves
    equal "Created /kept" "$(single_shell create /kept value)"
    compose_of single rm --stop --force -v > /dev/null 2>&1
    compose_of single up -d > /dev/null 2>&1
    eventually single_serves
    equal "[kept, zookeeper]" "$(single_shell ls /)"
    remove single
}

# leader PROJECT SERVICE...: the service that leads.
leader() {
    local project=$1 service
    shift
    for service; do
        if compose_of "$project" exec -T "$service" zkServer.sh status 2> /dev/null | grep -q '^Mode: leader$'; then
            echo "$service"
            return
        fi
    done
    return 1
}

# all_well PROJECT ASKED SERVICE...: all serve, and one of them leads.
all_well() {
    local project=$1 asked=$2
    shift 2
    compose_of "$project" exec -T "$asked" pyzoo status "$(IFS=,; echo "$*")"
}

try_ensemble() {
    local project=$1
    shift
    step "an ensemble of $*: $project"
    local NETWORK=pyzoo-try-${project}_default
    compose_of "$project" up -d > /dev/null 2>&1
    eventually all_well "$project" zoo1 "$@"
    equal "Created /all" "$(cli "zoo1,zoo2,zoo3" create /all 1)"

    step "its leader is killed: the others go on, and it comes back"
    local killed asked=zoo1
    killed=$(leader "$project" zoo1 zoo2 zoo3)
    [[ $killed != zoo1 ]] || asked=zoo2
    compose_of "$project" kill "$killed" > /dev/null 2>&1
    eventually leader "$project" zoo1 zoo2 zoo3
    equal "Created /meanwhile" "$(cli "zoo1,zoo2,zoo3" create /meanwhile 1)"
    compose_of "$project" up -d > /dev/null 2>&1
    eventually all_well "$project" "$asked" "$@"
    equal "[all, meanwhile, zookeeper]" "$(cli "$killed" ls /)"
}

try_own_compose() {
    local NETWORK=pyzoo-try-own_default
    try_ensemble own zoo1 zoo2 zoo3 observer
    equal "[all, meanwhile, zookeeper]" "$(cli observer ls /)"

    step "made anew on the same volumes"
    compose_of own rm --stop --force -v > /dev/null 2>&1
    compose_of own up -d > /dev/null 2>&1
    eventually all_well own zoo1 zoo1 zoo2 zoo3 observer
    equal "[all, meanwhile, zookeeper]" "$(cli observer ls /)"
    docker stats --no-stream --format '{{.Name}} {{.MemUsage}}'
    remove own
}

classic_is_well() {
    docker run --rm --network "$NETWORK" "$IMAGE" pyzoo status zoo1,zoo2,zoo3
}

# move SERVICE IMAGE: the service goes on with another image, on its volumes.
move() {
    CLASSIC_IMAGE=$2 compose_of classic up -d --no-deps "$1" > /dev/null 2>&1
    eventually classic_is_well
}

try_migration() {
    step "an ensemble of $OFFICIAL moves to pyzoo, one member at a time, and one member back"
    local NETWORK=pyzoo-try-classic_default service
    CLASSIC_IMAGE=$OFFICIAL compose_of classic up -d > /dev/null 2>&1
    eventually classic_is_well
    equal "Created /official" "$(cli zoo1 create /official 1)"
    for service in zoo1 zoo2 zoo3; do
        move "$service" "$IMAGE"
        equal "Created /$service" "$(cli zoo1,zoo2,zoo3 create "/$service" 1)"
    done
    move zoo2 "$OFFICIAL"
    for service in zoo1 zoo2 zoo3; do
        equal "[official, zoo1, zoo2, zoo3, zookeeper]" "$(cli "$service" ls /)"
    done
    remove classic
}

# --- Kubernetes

# of_manifest EXPRESSION: the words that Python makes of `container` and `variables`, ending with zero bytes.
of_manifest() {
    docker run --rm -i -e EXPRESSION="$1" "$IMAGE" python -c '
import os, sys, yaml
found = {each["kind"]: each for each in yaml.safe_load_all(sys.stdin)}
[container] = found["StatefulSet"]["spec"]["template"]["spec"]["containers"]
variables = found["ConfigMap"]["data"]
sys.stdout.write("".join(word + "\0" for word in eval(os.environ["EXPRESSION"])))
' < deploy/kubernetes/pyzoo.yaml
}

# passes CONTAINER PROBE...: whether the probe's command succeeds there.
passes() {
    docker exec "$@" > /dev/null 2>&1
}

try_kubernetes() {
    step "the containers of the manifests, with their command, variables, users and probes"
    local pods=(pyzoo-0 pyzoo-1 pyzoo-2) pod command variables liveness readiness
    mapfile -d "" command < <(of_manifest 'container["command"]')
    mapfile -d "" variables < <(of_manifest '[w for name in variables for w in ("-e", f"{name}={variables[name]}")]')
    mapfile -d "" liveness < <(of_manifest 'container["livenessProbe"]["exec"]["command"]')
    mapfile -d "" readiness < <(of_manifest 'container["readinessProbe"]["exec"]["command"]')
    for pod in "${pods[@]}"; do
        docker run -d --name "pyzoo-try-$pod" --hostname "$pod" --network "$NETWORK" \
            --network-alias "$pod.pyzoo-headless.zookeeper.svc.cluster.local" "${variables[@]}" \
            --user 1000:1000 --cap-drop ALL --security-opt no-new-privileges --read-only \
            --tmpfs /conf:uid=1000 --tmpfs /logs:uid=1000 --tmpfs /tmp \
            --entrypoint "${command[0]}" "$IMAGE" "${command[@]:1}" > /dev/null
        eventually passes "pyzoo-try-$pod" "${liveness[@]}"
        if [[ $pod = pyzoo-0 ]] && passes "pyzoo-try-$pod" "${readiness[@]}"; then fail "ready without a quorum"; fi
    done
    for pod in "${pods[@]}"; do
        eventually passes "pyzoo-try-$pod" "${readiness[@]}"
    done
    equal "Created /kubernetes" "$(cli pyzoo-try-pyzoo-0 create /kubernetes)"
    equal "[kubernetes, zookeeper]" "$(cli pyzoo-try-pyzoo-2 ls /)"
    equal 2 "$(docker exec pyzoo-try-pyzoo-1 cat /data/myid)"
    docker rm -fv "${pods[@]/#/pyzoo-try-}" > /dev/null
}

# --- all

if [[ -z $IMAGE ]]; then
    step "build"
    IMAGE=pyzoo
    # shellcheck disable=SC2086 # words
    docker build --target server --tag "$IMAGE" ${DOCKER_ARGS:-} .
fi
trap clean_up EXIT
docker image inspect --format '{{.Size}} bytes' "$IMAGE"
docker run --rm "$IMAGE" pyzoo --version
docker network create "$NETWORK" > /dev/null

try_one_server
try_variables
try_users
try_tls
try_takeover
docker rm -fv "$NAME" > /dev/null 2>&1 || true
try_kubernetes
docker tag "$IMAGE" pyzoo # what our own compose files name
try_single_compose
try_ensemble classic zoo1 zoo2 zoo3
remove classic
try_migration
try_own_compose
echo "all is well"
