"""Arithmetic of transaction ids: the epoch in the high 32 bits, the counter in the low 32."""

from typing import Final

COUNTER_MASK: Final = 0xFFFFFFFF


def epoch_of(zxid: int) -> int:
    """The epoch of the leader that made this transaction; 0 on a server that never had a quorum."""
    return zxid >> 32


def counter_of(zxid: int) -> int:
    """The place of the transaction within its epoch, 0 to 0xffffffff."""
    return zxid & COUNTER_MASK


def make_zxid(epoch: int, counter: int) -> int:
    """Join an epoch and a counter."""
    return (epoch << 32) | (counter & COUNTER_MASK)


def zxid_text(zxid: int) -> str:
    """The form that ZooKeeper prints: lower-case hex of the 64-bit pattern with 0x."""
    return hex(zxid & 0xFFFFFFFFFFFFFFFF)
