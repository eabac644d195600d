"""Awkward values that many tests try: paths, ACLs, credentials."""

from typing import Final

from interop import requests as rq

#: Relative to a node: each is appended to its path.
_SUFFIXES: Final[list[bytes]] = [
    b"", b"/", b"//", b"//a", b"/a/", b"/.", b"/..", b"/./a", b"/../a", b"/...", b"/a..b", b"/.a", b"/a.",
    b"/\x00", b"/a\x00b", b"/\x01", b"/\x1f", b"/\x20", b"/ ", b"/\x7e", b"/\x7f", b"/\xc2\x80", b"/\xc2\x9f",
    b"/\xc2\xa0",
    "/\u00e9".encode(), "/\u4e2d\u6587".encode(), "/\ud7ff".encode(), "/\ue000".encode(), "/\uf8ff".encode(),
    "/\uf900".encode(), "/\uffef".encode(), "/\ufff0".encode(), "/\ufffd".encode(), "/\uffff".encode(),
    "/\U0001f600".encode(), "/\ud83d\ude00".encode("utf-8", "surrogatepass"), b"/\xff\xfe", b"/\xc0\x80",
    b"/\xe4\xb8", b"/a/b/c",
    b"/missing", b"/missing/child",
]  # fmt: skip

#: Whole paths.
AWKWARD_PATHS: Final[list[rq.Text]] = [
    None, "", "/", "//", "a", "a/b", ".", "..", "/.", "/..", "/./", "/../", "foo/bar", " ", "/ ", "\x00",
    "/\x00", "\n", "/\n",
    "/zookeeper", "/zookeeper/", "/zookeeper/quota", "/zookeeper/config", "/zookeeper/nothing", "zookeeper",
    "/zookeeper/quota/", b"\xff", b"/\xff", "/\U0001f600".encode(), "/" + "x" * 3000, "/" + "y/" * 500,
]  # fmt: skip

ACLS: Final[dict[str, list[rq.AclEntry] | None]] = {
    "null": None,
    "empty": [],
    "open": [(31, "world", "anyone")],
    "twice": [(31, "world", "anyone"), (31, "world", "anyone")],
    "nearly-twice": [(31, "world", "anyone"), (30, "world", "anyone"), (31, "world", "anyone")],
    "no-perms": [(0, "world", "anyone")],
    "all-bits": [(-1, "world", "anyone")],
    "beyond-all": [(32, "world", "anyone"), (31, "world", "anyone")],
    "world-nobody": [(31, "world", "nobody")],
    "world-empty": [(31, "world", "")],
    "world-null": [(31, "world", None)],
    "null-scheme": [(31, None, "anyone")],
    "null-both": [(31, None, None)],
    "empty-scheme": [(31, "", "anyone")],
    "unknown-scheme": [(31, "nosuch", "anyone")],
    "World": [(31, "World", "anyone")],
    "super": [(31, "super", "")],
    "sasl": [(31, "sasl", "somebody")],
    "x509": [(31, "x509", "CN=a")],
    "auth": [(31, "auth", "")],
    "auth-ignored-id": [(7, "auth", "whatever:1")],
    "auth-null-id": [(7, "auth", None)],
    "auth-and-world": [(1, "world", "anyone"), (31, "auth", "")],
    "auth-twice": [(1, "auth", ""), (1, "auth", "")],
    "auth-and-copy": [(31, "auth", ""), (31, "digest", "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=")],
    "good-then-bad": [(31, "world", "anyone"), (31, "digest", "bad")],
    "world-null-behind-bad": [(31, "digest", "bad"), (31, "world", None)],
}

ACLS.update(
    {
        f"digest-{identity!r}": [(31, "digest", identity), (31, "world", "anyone")]
        for identity in [
            None,
            "",
            ":",
            "::",
            "a",
            "a:",
            ":b",
            "a:b",
            "a:b:",
            "a:b::",
            "a:b:c",
            "::b",
            ":b:",
            " : ",
            "a: ",
            "\n:\n",
            b"\xff:\xfe",
            "\U0001f600:x",
            "a\x00:b",
        ]
    }
)

ACLS.update({
    f"ip-{identity!r}": [(31, "ip", identity), (31, "world", "anyone")]
    for identity in [
        None, "", "127.0.0.1", "127.0.0.1/8", "127.0.0.1/0", "127.0.0.1/32", "127.0.0.1/33", "127.0.0.1/-1",
        "127.0.0.1/",
        "127.0.0.1/+8", "127.0.0.1/08", "127.0.0.1/a", "127.0.0.1/8/8", "01.2.3.4", "+1.2.3.4", "-1.2.3.4",
        "256.1.1.1",
        "1.2.3", "1.2.3.4.5", "1.2.3.4.", ".1.2.3.4", "1..2.3", "a.b.c.d", "1.2.3. 4", "localhost", "::",
        "::1", "1::", "::/0",
        "::1/128", "::1/129", "-1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3",
        "12345::", "g::",
        "::1.2.3.4", "fe80::1%eth0", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8", ":::", ":1",
        "1:", "/", "/8",
        "ffff::", "+f::", "ABCD::", "0::0", "::1/", "::1/+8", "127.0.0.1/2147483648", "٣.1.1.1",
    ]
})  # fmt: skip


def below(node: str) -> list[bytes]:
    """Awkward paths that begin with a node's path."""
    return [node.encode() + suffix for suffix in _SUFFIXES]
