#!/bin/sh
# A `*tuple` with a further argument after it, in the call of a base class's __init__, compiled by mypyc.
#
# Seen with mypy 2.4.1 (CPython 3.11): `super().__init__("first", *pair, "last")` in a compiled class does not spread the tuple.
# Every parameter after the first gets the whole tuple, and "last" gets lost, without an error where the types allow it. The same
# source run by Python passes four arguments. Neither mypy nor mypyc reports anything; a guess would be that mypyc refuses what it
# cannot compile.
set -eu
. "$(dirname "$0")/lib/mypyc.sh"
mkdir "$work/plain" "$work/compiled"
cat > "$work/plain/starred.py" <<'EOF'
class Base:
    def __init__(self, first: object, second: object, third: object, last: object = "default") -> None:
        self.seen = [first, second, third, last]


class Child(Base):
    def __init__(self, pair: tuple[int, int]) -> None:
        super().__init__("first", *pair, "last")
EOF
cp "$work/plain/starred.py" "$work/compiled"
cd "$work/compiled"
"$work/venv/bin/mypyc" starred.py > build.txt 2>&1 || { cat build.txt; exit 1; }
seen() {
    cd "$1"
    "$work/venv/bin/python" -c 'import starred; print(starred.Child((1, 2)).seen)' 2>&1 | tail -1
}
plain=$(seen "$work/plain")
compiled=$(seen "$work/compiled")
echo "plain:    $plain"
echo "compiled: $compiled"
[ "$plain" = "['first', 1, 2, 'last']" ]
[ "$compiled" = "['first', (1, 2), (1, 2), (1, 2)]" ]
