"""What is pure: paths, ACLs, quotas, dumps, errors."""

import pytest
from kazoo.protocol.states import ZnodeStat

from pyzoo import errors as codes
from pyzoo.errors import KeeperError, MalformedPath
from pyzoo.shell.errors import keeper_text
from pyzoo.shell.paths import with_chroot, without_chroot
from pyzoo.shell.quotas import StatsTrack
from pyzoo.shell.render import hex_dump, stat_json, stat_lines
from pyzoo.subtrees.acl_text import Acl, parse_acl
from pyzoo.subtrees.paths import check_path
from pyzoo.subtrees.values import data_json


@pytest.mark.parametrize("path", ["/", "/a", "/a/b.c", "/...", "/ü/日", "/a b"])
def test_paths_that_nodes_may_have(path: str) -> None:
    check_path(path)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("", "Path length must be > 0"),
        ("a", "Path must start with / character"),
        ("/a/", "Path must not end with / character"),
        ("/a//b", 'Invalid path string "/a//b" caused by empty node name specified @3'),
        ("/a/../b", 'Invalid path string "/a/../b" caused by relative paths not allowed @4'),
        ("/a/.", 'Invalid path string "/a/." caused by relative paths not allowed @3'),
        ("/a\x01", 'Invalid path string "/a\x01" caused by invalid character @2'),
        ("/\x00", 'Invalid path string "/\x00" caused by null character not allowed @1'),
        ("/a\uf000", 'Invalid path string "/a\uf000" caused by invalid character @2'),
    ],
)
def test_paths_that_no_node_may_have(path: str, error: str) -> None:
    with pytest.raises(MalformedPath) as raised:
        check_path(path)
    assert error == str(raised.value)


def test_a_sequential_node_may_have_only_its_number_for_a_name() -> None:
    check_path("/a/", sequential=True)


def test_a_chroot_comes_and_goes() -> None:
    assert ["/a", "/app/a", "/app"] == [with_chroot("", "/a"), with_chroot("/app", "/a"), with_chroot("/app", "/")]
    inside = [without_chroot("/app", path) for path in ("/app", "/app/a", "/apple", "/zookeeper/config")]
    assert ["/", "/a", "/apple", "/zookeeper/config"] == inside


def test_acls_are_cut_at_the_first_and_the_last_colon() -> None:
    faults: list[str] = []
    entries = parse_acl("world:anyone:r,ip:::1:cd,digest:a:b=:rwcda,nothing,world:anyone:xr,", faults.append)
    expected = [Acl(1, "world", "anyone"), Acl(12, "ip", "::1"), Acl(31, "digest", "a:b="), Acl(1, "world", "anyone")]
    assert expected == entries
    assert ["nothing does not have the form scheme:id:perm", "Unknown perm type: x"] == faults
    assert "digest:a:b=:cdrwa" == str(entries[2])


@pytest.mark.parametrize(
    "text", ["count=5,bytes=1000", "count=-1,bytes=7=;byteHardLimit=-1;countHardLimit=6", "count=4,bytes=16"]
)
def test_a_quota_is_written_as_it_was_read(text: str) -> None:
    assert text == str(StatsTrack.parse(text.encode()))


def test_a_hard_limit_counts_like_a_soft_one() -> None:
    quota, used = StatsTrack({"countHardLimit": 5, "bytes": 0}), StatsTrack({"count": 6, "bytes": 0})
    assert quota.is_exceeded_by(used, "count", "countHardLimit")
    assert not quota.is_exceeded_by(used, "bytes", "byteHardLimit")


def test_a_dump_has_sixteen_bytes_a_row() -> None:
    rows = hex_dump(bytes(range(0x3A, 0x4B))).splitlines()
    assert "|00000000| 3a 3b 3c 3d 3e 3f 40 41 42 43 44 45 46 47 48 49 |:;<=>?@ABCDEFGHI|" == rows[3]
    assert "|00000010| 4a                                              |J               |" == rows[4]
    assert "" == hex_dump(b"")


def test_a_stat_is_printed_with_hex_ids_and_for_scripts_with_iso_times() -> None:
    stat = ZnodeStat(0x1C, 0x1D, 1000, 1500, 2, 3, 4, -1, 5, 6, 0x1E)
    lines = stat_lines(stat)
    assert ["cZxid = 0x1c", "pZxid = 0x1e", "ephemeralOwner = 0xffffffffffffffff"] == [lines[0], lines[4], lines[8]]
    assert lines[1].startswith("ctime = Thu Jan 01 ")
    value = stat_json(stat)
    assert ("1970-01-01T00:00:01.500Z", 2, "0xffffffffffffffff") == (
        value["mtime"],
        value["dataVersion"],
        value["ephemeralOwner"],
    )


def test_data_that_is_no_text_is_marked() -> None:
    assert {"data": "ü"} == data_json("ü".encode())
    assert {"data": "/w==", "encoding": "base64"} == data_json(b"\xff")
    assert {"data": None} == data_json(None)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (KeeperError(codes.NONODE, "/a"), "Node does not exist: /a"),
        (KeeperError(codes.INVALIDACL), "Acl is not valid : null"),
        (KeeperError(codes.QUOTAEXCEEDED, "/a"), "Quota has exceeded : /a"),
        (KeeperError(codes.NOWATCHER, "/a"), "KeeperErrorCode = No such watcher for /a"),
        (KeeperError(codes.RECONFIGDISABLED), "KeeperErrorCode = Reconfig is disabled"),
        (KeeperError(-77, "/a"), "KeeperErrorCode = Unknown error -77 for /a"),
    ],
)
def test_errors_are_told_in_zkclis_words(error: KeeperError, text: str) -> None:
    assert text == keeper_text(error)
