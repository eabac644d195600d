#!/usr/bin/env bash
# A cluster of kazoo.testing with the pyOpenSSL that kazoo's extra `test` brings, which asks for no release in particular.
#
# Guess: it can be made with the newest one.
# Seen with kazoo 2.11.0: with pyOpenSSL 25.3.0 it can, with a warning; with 26.4.0 its certificates cannot be made, and nothing starts.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
for version in 25.3.0:made "26.4.0:AttributeError: 'X509' object has no attribute 'add_extensions'"; do
    expected=${version#*:}
    version=${version%%:*}
    python3 -m venv "$work/$version"
    "$work/$version/bin/pip" install --quiet kazoo==2.11.0 "pyopenssl==$version" pyjks==20.0.0
    seen=$("$work/$version/bin/python" -W ignore -c '
from kazoo.testing.common import ZookeeperCluster
try:
    ZookeeperCluster(install_path="nowhere")
    print("made")
except AttributeError as error:
    print(f"AttributeError: {error}")')
    echo "pyOpenSSL $version: $seen"
    [[ $seen == "$expected" ]] || failed=1
done
exit "$failed"
