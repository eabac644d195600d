"""Transaction ids: the epoch in the high 32 bits, the counter in the low 32."""


def epoch_of(zxid: int) -> int:
    """The epoch of the leader that made this transaction; 0 on a server that never had a quorum."""
    return zxid >> 32


def zxid_text(zxid: int) -> str:
    """The form that ZooKeeper prints: lower-case hex of the 64-bit pattern with 0x."""
    return hex(zxid & 0xFFFFFFFFFFFFFFFF)


def counter_of(zxid: int) -> int:
    """The number of this transaction in its epoch; 0 stands for the beginning of the epoch."""
    return zxid & 0xFFFFFFFF


def first_zxid(epoch: int) -> int:
    """The beginning of an epoch, which is no transaction."""
    return epoch << 32
