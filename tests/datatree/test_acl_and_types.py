"""The ACL cache and the kinds of nodes."""

import pytest

from pyzoo.datatree.acl import OPEN_ACL_UNSAFE, UNRESOLVED_ACL, ACLCache
from pyzoo.datatree.ephemeral_type import (
    CONTAINER,
    CONTAINER_OWNER,
    EPHEMERAL,
    MAX_TTL,
    PERSISTENT,
    TTL,
    kind_of,
    ttl_of,
    ttl_owner,
)
from pyzoo.errors import StorageError
from pyzoo.jute.records import ACL

READ_ONLY = [ACL(1, "world", "anyone")]
DIGEST = [ACL(31, "digest", "u:h"), ACL(1, "world", "anyone")]


def test_the_open_acl_is_always_minus_one() -> None:
    cache = ACLCache()
    assert cache.acl_id_for(None) == -1
    assert cache.acl_id_for([ACL(31, "world", "anyone")]) == -1
    assert cache.acl_for(-1) == OPEN_ACL_UNSAFE
    assert len(cache) == 0


def test_equal_acls_share_a_number_until_the_last_use_is_gone() -> None:
    cache = ACLCache()
    first = cache.acl_id_for(DIGEST)
    assert first == cache.acl_id_for(list(DIGEST))
    cache.remove_use(first)
    assert cache.acl_for(first) == DIGEST
    cache.remove_use(first)
    assert cache.acl_for(first) == UNRESOLVED_ACL
    assert cache.acl_id_for(DIGEST) == first + 1


def test_a_loaded_acl_without_users_is_purged_and_numbers_go_on() -> None:
    cache = ACLCache()
    cache.put(5, DIGEST)
    cache.put(9, READ_ONLY)
    assert cache.add_use(5) == 5
    cache.purge_unused()
    assert cache.items() == [(5, DIGEST)]
    assert cache.acl_id_for(READ_ONLY) == 10


def test_a_loaded_number_of_the_open_acl_becomes_minus_one() -> None:
    cache = ACLCache()
    cache.put(2, [ACL(31, "world", "anyone")])
    assert cache.add_use(2) == -1
    assert cache.items() == []


def test_a_number_that_nothing_explains_lets_nobody_in() -> None:
    cache = ACLCache()
    assert cache.add_use(77) == 77
    assert [entry.perms for entry in cache.acl_for(77)] == [0]
    cache.remove_use(77)


def test_what_a_fuzzy_snapshot_had_of_an_acl_before_its_create_counts_as_a_use() -> None:
    """The ACLs stand before the nodes in a snapshot, so one that came meanwhile has a number that is given again."""
    cache = ACLCache()
    loaded = cache.add_use(1)
    explained = cache.acl_id_for(DIGEST)
    assert loaded == explained
    cache.remove_use(loaded)
    assert cache.acl_for(explained) == DIGEST


def signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


@pytest.mark.parametrize(
    ("owner", "off", "on"),
    [
        (0, PERSISTENT, PERSISTENT),
        (0x8000000000000000, CONTAINER, CONTAINER),
        (0xFF00000000000001, EPHEMERAL, TTL),
        (0x100000000000001, EPHEMERAL, EPHEMERAL),
        (0x8000000000000001, EPHEMERAL, EPHEMERAL),
    ],
)
def test_the_owner_tells_the_kind(owner: int, off: int, on: int) -> None:
    assert kind_of(signed(owner), False, False) == off
    assert kind_of(signed(owner), True, False) == on


def test_an_unknown_extended_type_is_an_error_only_when_they_are_on() -> None:
    owner = signed(0xFF00010000000001)
    assert kind_of(owner, False, False) == EPHEMERAL
    with pytest.raises(StorageError, match="0xff00010000000001"):
        kind_of(owner, True, False)


def test_old_ttl_owners_are_any_negative_number() -> None:
    assert kind_of(-5, True, True) == TTL
    assert kind_of(CONTAINER_OWNER, True, True) == CONTAINER


@pytest.mark.parametrize("ttl", [1, 60000, MAX_TTL])
def test_a_ttl_survives_in_the_owner(ttl: int) -> None:
    assert kind_of(ttl_owner(ttl), True, False) == TTL
    assert ttl_of(ttl_owner(ttl)) == ttl
    assert ttl_owner(1) == signed(0xFF00000000000001)
