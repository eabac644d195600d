# shellcheck shell=sh
# What findings of mypyc begin with: a temporary folder, $work, with mypyc 2.4.1 in an environment, $work/venv.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q mypy==2.4.1 setuptools
