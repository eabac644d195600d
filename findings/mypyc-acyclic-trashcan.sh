#!/bin/sh
# How mypyc frees objects of a class with @mypyc_attr(acyclic=True).
#
# Seen with mypy 2.4.1 (CPython 3.11), in the C that mypyc writes: the type of such a class lacks Py_TPFLAGS_HAVE_GC, so that its
# objects have no header for the garbage collector, but its deallocator is wrapped into CPython's trashcan as that of any class, which
# keeps its list in that very header. A guess would be that leaving the collector out is all that the attribute does.
set -eu
. "$(dirname "$0")/lib/mypyc.sh"
cd "$work"
cat > chain.py <<'EOF'
from mypy_extensions import mypyc_attr

@mypyc_attr(acyclic=True)
class Plain:
    def __init__(self) -> None:
        self.value: object = None

class Usual:
    def __init__(self) -> None:
        self.value: object = None
EOF
"$work/venv/bin/mypyc" chain.py > said.txt 2>&1
c=build/__native.c
deallocator() { sed -n "/^$1_dealloc(/,/^}/p" "$c"; }
flags() { sed -n "/^static PyTypeObject CPyType_$1_template_ = {/,/^}/p" "$c" | grep tp_flags; }
for class in Plain Usual; do
    trashcan=no collector=no
    deallocator "$class" | grep -q CPy_TRASHCAN_BEGIN && trashcan=yes
    flags "$class" | grep -q Py_TPFLAGS_HAVE_GC && collector=yes
    echo "$class: trashcan $trashcan, header of the collector $collector"
done > found.txt
cat found.txt
grep -qx "Plain: trashcan yes, header of the collector no" found.txt
grep -qx "Usual: trashcan yes, header of the collector yes" found.txt
