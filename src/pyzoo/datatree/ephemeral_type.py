"""What the owner field of a node says about its kind (EphemeralType)."""

from typing import Final

from mypy_extensions import i32, i64

from pyzoo.errors import StorageError

PERSISTENT: Final = 0
EPHEMERAL: Final = 1
CONTAINER: Final = 2
TTL: Final = 3

CONTAINER_OWNER: Final = -0x8000000000000000
MAX_TTL: Final = 0xFFFFFFFFFF
"""The longest time to live, in ms."""

_EXTENDED: Final = 0xFF
_TTL_BASE: Final = -0x0100000000000000


def kind_of(owner: i64, extended_types: bool, emulate_353_ttl: bool) -> i32:
    """The kind of a node with this owner.

    Raises StorageError for an owner that is marked as extended with an unknown feature: such data is from a
    server that knows more.
    """
    if owner == 0:
        return PERSISTENT
    if extended_types and owner < 0:
        if emulate_353_ttl and owner != CONTAINER_OWNER:
            return TTL
        if (owner >> 56) & 0xFF == _EXTENDED:
            if (owner >> 40) & 0xFFFF != 0:
                pattern: int = owner
                raise StorageError(
                    f"ephemeral owner {pattern & 0xFFFFFFFFFFFFFFFF:#x} has an unknown extended type; "
                    "it needs a newer release, or extendedTypesEnabled must be off"
                )
            return TTL
    if owner == CONTAINER_OWNER:
        return CONTAINER
    return EPHEMERAL


def ttl_owner(ttl: i64) -> i64:
    """The owner of a TTL node; ttl in ms, 1 to MAX_TTL."""
    return _TTL_BASE | ttl


def ttl_of(owner: i64) -> i64:
    """The time to live of a TTL node, in ms."""
    return owner & MAX_TTL
