#!/bin/sh
# Native integers that mypyc turns into Python objects and back, in places that look like plain arithmetic.
#
# Seen with mypy 2.4.1 (CPython 3.11). In `x if condition else y` an i64 is made an object, and turned back into a number, when the other
# side is a `len` or a constant; written as a statement nothing is made. The variable of `for _ in range(n)` is an object too, made anew
# in each round; with any other name it is not. Neither mypy nor mypyc reports anything. A guess would be that a function whose values are
# all i64 makes no objects.
set -eu
. "$(dirname "$0")/lib/mypyc.sh"
cd "$work"
cat > numbers_in.py <<'EOF'
from mypy_extensions import i64


def length_by_expression(text: str, at: i64) -> i64:
    return at if at >= 0 else len(text)


def length_by_statement(text: str, at: i64) -> i64:
    if at >= 0:
        return at
    return len(text)


def constant_by_expression(at: i64) -> i64:
    return at if at >= 0 else 0


def constant_by_statement(at: i64) -> i64:
    if at >= 0:
        return at
    return 0


def rounds_without_a_name(count: i64) -> i64:
    total: i64 = 0
    for _ in range(count):
        total += 2
    return total


def rounds_with_a_name(count: i64) -> i64:
    total: i64 = 0
    for number in range(count):
        total += 2
    return total
EOF
"$work/venv/bin/mypyc" numbers_in.py > build.txt 2>&1 || { cat build.txt; exit 1; }
cat > look.py <<'EOF'
import pathlib
import re

[source] = pathlib.Path("build").glob("__native*.c")
for name, body in re.findall(r"^int64_t CPyDef_(\w+)\([^;]*?\) \{\n(.*?)^\}\n", source.read_text(), re.S | re.M):
    print(f"{name}: {len(re.findall(r'PyLong_FromLongLong|CPyTagged_StealAsObject', body))}")
EOF
found=$("$work/venv/bin/python" look.py)
echo "places where a number becomes an object:"
echo "$found"
[ "$found" = "length_by_expression: 2
length_by_statement: 0
constant_by_expression: 1
constant_by_statement: 0
rounds_without_a_name: 2
rounds_with_a_name: 0" ]
