"""JAAS files: the JDK and pyzoo take the same ones, and read the same out of them."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from interop.conftest import required
from interop.java import java
from interop.processes import environment_of_pyzoo

SOURCE = Path(__file__).parent / "java_client" / "JaasFiles.java"
#: What JaasFiles.java does, in a process of pyzoo's.
SUBJECT = """
import getpass, os, sys
from pyzoo.config.jaas import parse_jaas
from pyzoo.errors import ConfigError
properties = {"user.name": getpass.getuser(), "user.home": os.path.expanduser("~")}
for path in sys.argv[1:]:
    try:
        modules = parse_jaas(open(path, encoding="utf-8", newline="").read(), path, properties).get("Server", ())
    except ConfigError:
        print("refused")
    else:
        text = "".join(
            " ".join([each.name, each.flag, *(f"{name}={value}" for name, value in sorted(each.options.items()))]) + ";"
            for each in modules
        )
        print(text.encode().hex())
"""
FILES = [
    'Server { M required user_bob="x"; };',
    "Server { M required user_bob=x; };",
    "Server { M required user_bob=1x; };",
    "Server { M required user_bob=x1; };",
    "Server { M required user_bob=12; };",
    "Server { M required user_bob=-; };",
    "Server { M required user_bob=a-b_c.d$e*f; };",
    "Server { M required user_bob='x'; };",
    "Server { M required keyTab=/etc/zk.keytab\n a=b; };",
    "Server { M required keyTab=etc/zk.keytab\n ; };",
    "# comment\nServer { M required a=b; };",
    "Server { M required a=b; # comment\n };",
    "// c\nServer { /* x */ M required a=b; /* y\n z */ };",
    "Server { M required a=b; }",
    "Server { M required a=b };",
    "Server { M REQUIRED a=b; };",
    "Server { M sometimes a=b; };",
    "Server { M required a=b; N optional c=d; N sufficient; M requisite; };",
    "Server { };",
    "",
    "Server {",
    '"Server" { "M" "required" "a"="b"; };',
    '"a b" { M required a=b; };',
    'Server { M required a="x\\"y\\\\z\\n\\t\\101\\q"; };',
    'Server { M required a="x\ny"; };',
    'Server { M required a="" b=c; };',
    'Server { M required a="${user.name}" b="${/}" c="${nope}"; };',
    'Server { M required a="${user.name}"; };',
    'Server { M required a="${/}x${user.name}y"; };',
    'Server { M required a="${nope}"; };',
    'Server { M required a="${"; };',
    'Server { M required a="${{x}}"; };',
    'Server { M required a="$x{y"; };',
    "Server { M required a=b; }; Server { M required a=c; };",
    "Server { M required a=b a=c; };",
    "Server { M required a=b, c=d; };",
    "Server { M required a = b\n c =d; } ;",
    "x { M required; }; other { N required; };",
    'Server { M required user_\xfc="\xf6"; };',
    "\xdcnter { M required; };",
    'Server { com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true keyTab="/k" principal="z/h@R"; };',
    "Server { M required a=true/*c*/b=c; };",
    'Server { M required a="b"c="d"; };',
    "Server M required a=b; };",
    'Server { M required a="b" };\n};',
    "-a { M required; };",
    "Server { M required -a=b; };",
    "Server { 1M required; };",
    "Server { M.1 required a.b-c=d; };",
    "Server { M required a=@b; };",
    "Server { M required a=b@c; };",
    "Server { M required a=b:c; };",
    'Server { M required a="b\\',
    'Server { M required a="b',
    "\ufeffServer { M required a=b; };",
    'Server { M required a="\\400\\18\\0x"; };',
    "Server { M required; }; garbage",
    "Server { M required; }; ;",
    "; Server { M required; };",
    "Server { M required a=.5; };",
    "Server { M required a=b.; };",
    "Server { M required a=5.5.5; };",
    "Server { M required a=; };",
    "Server { M required =b; };",
    "Server { M required a; };",
    "Server { M required a==b; };",
    'Server { M required a="x" // c\n; };',
    'Server\r{ M required a="x\ry"; };',
    "{ M required a=b; };",
    "other { M required; }; { N required a=b; };",
    'Server { M required a="\\r\\f\\v\\a\\b"; };',
    'Server { M required a="tab\there"; };',
    'Server { M required "a b"="c"; };',
    'Server { M required a="${user.home"; };',
    'Server { M required a="${user.name}${nope}"; };',
    "Server { M required a=b\xa0c; };",
    "Server { M required a=b\u20acc; };",
    "Server { M required a=/b; };\n};",
    "Server { M required a=b/c\n; };",
]


def read_by(command: Sequence[str], paths: Sequence[Path]) -> list[str]:
    """A line for each file."""
    said = subprocess.run(
        [*command, *map(str, paths)], capture_output=True, text=True, check=True, env=environment_of_pyzoo()
    )
    return said.stdout.splitlines()


def test_jaas_files(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.conf" for number in range(len(FILES))]
    for path, text in zip(paths, FILES, strict=True):
        path.write_bytes(text.encode())
    java_reads = read_by([str(required(java)), str(SOURCE)], paths)
    pyzoo_reads = read_by([sys.executable, "-c", SUBJECT], paths)
    assert len(FILES) == len(java_reads)
    assert [] == [
        (text, bytes.fromhex(ours) if ours != "refused" else ours, theirs)
        for text, theirs, ours in zip(FILES, java_reads, pyzoo_reads, strict=True)
        if theirs != ours
    ]
