#!/bin/sh
# An attribute called `_thread`, in a class compiled by mypyc.
#
# Seen with mypy 2.4.1 (CPython 3.11) and gcc: mypyc names the field of the C struct after the attribute with one more underscore before it,
# and `__thread` is a keyword of GNU C. mypy and mypyc accept the class, and gcc refuses what mypyc has written. `_worker`
# compiles. A guess would be that names of attributes are free, for other modules say `self._thread` everywhere.
set -eu
. "$(dirname "$0")/lib/mypyc.sh"
cd "$work"
build() {
    sed "s/NAME/$1/" > "$2.py" <<'EOF'
class Owner:
    def __init__(self) -> None:
        self.NAME = 1
EOF
    "$work/venv/bin/mypyc" "$2.py" > "$2.txt" 2>&1 && echo compiled || { grep -q "error: .*__thread" "$2.txt" && echo "refused by gcc"; }
}
keyword=$(build _thread refused_one)
other=$(build _worker compiled_one)
echo "_thread: $keyword"
echo "_worker: $other"
[ "$keyword" = "refused by gcc" ]
[ "$other" = "compiled" ]
