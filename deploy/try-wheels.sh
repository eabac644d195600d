#!/usr/bin/env bash
# Installs each wheel of a directory where there is no compiler, runs the quick start with it, and has mypy check a project that uses it.
#
#   deploy/try-wheels.sh DIRECTORY [MYPY]
set -euo pipefail
wheels=$(realpath "$1")
mypy=$(realpath "$(command -v "${2:-mypy}")")
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

fail() {
    echo "$0: $*" >&2
    exit 1
}

# A project with strict types; kazoo has none of its own.
mkdir "$work/project"
cat >"$work/project/good.py" <<'EOF'
from collections.abc import Iterator

import pytest

from pyzoo.testing import EmbeddedServer, LocalEnsemble


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(properties={"snapCount": 1000}) as server:
        yield server


def leader_of(ensemble: LocalEnsemble) -> str | None:
    leader = ensemble.leader()
    return None if leader is None else leader.connect_string


def test_it_is_somewhere(server: EmbeddedServer) -> None:
    assert server.connect_string == f"127.0.0.1:{server.port}"
EOF
echo 'from pyzoo.testing import EmbeddedServer
EmbeddedServer(port="2181")' >"$work/project/bad.py"

# What the quick start does: a server, the shell, a client, a test with the plugin.
quick_start() {
    local python=$1 said=$work/said
    "$python" -m pyzoo serve --port 0 --data-dir "$work/data" >"$said" &
    server=$!
    until grep -q "ready on" "$said"; do
        kill -0 "$server" || fail "the server did not start: $(cat "$said")"
        sleep 0.1
    done
    local address
    address=$(sed -n 's/.*ready on //p' "$said")
    "$python" -m pyzoo cli -server "$address" create /hello world >/dev/null 2>&1
    "$python" -m pyzoo cli -server "$address" get /hello 2>/dev/null | grep -qx world || fail "the shell does not find /hello"
    kill "$server"
    wait "$server" || true
    server=
    rm -r "$work/data"
    (cd "$work/project" && "$python" -m pytest -q -p no:cacheprovider good.py)
}

for wheel in "$wheels"/*.whl; do
    kind=compiled
    case $wheel in *-py3-none-any.whl) kind=plain ;; esac
    echo "--- $(basename "$wheel")"
    environment=$work/$kind
    python3 -m venv "$environment"
    # A compiler that anybody calls would be an error.
    CC=/nowhere/cc "$environment/bin/pip" install --quiet --only-binary :all: "$wheel" pytest
    "$environment/bin/pyzoo" --version | grep "$kind" || fail "$wheel is not $kind"
    quick_start "$environment/bin/python"
    if (cd "$work/project" && "$mypy" --strict --python-executable "$environment/bin/python" good.py bad.py) >"$work/types"; then
        fail "a port that is a string is no error of types with $wheel"
    fi
    # That one, and no other.
    [ "$(grep -c ": error:" "$work/types")" = 1 ] && grep -q "^bad.py.*arg-type" "$work/types" ||
        fail "not the error that was expected: $(cat "$work/types")"
done
