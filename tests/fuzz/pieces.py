"""How the bytes of an input are cut: into settings and the rest, into arrivals, into steps."""

from collections.abc import Iterator

_MULTIPLIER = 6364136223846793005
_MASK = (1 << 64) - 1


def head_and_rest(data: bytes) -> tuple[int, bytes]:
    """The first byte, which chooses, and what it is for."""
    return (data[0], data[1:]) if data else (0, b"")


def arrivals(data: bytes, how: int) -> Iterator[bytes]:
    """`data` in pieces as a network may deliver it: whole for 0, byte by byte for 1, else as `how` draws it."""
    if how == 0:
        if data:
            yield data
        return
    state = how
    at = 0
    while at < len(data):
        state = (state * _MULTIPLIER + 1442695040888963407) & _MASK
        size = 1 if how == 1 else 1 + (state >> 33) % (1 << (how % 8))
        yield data[at : at + size]
        at += size


STEP_HEAD = 3


def steps(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Pieces with a byte and two bytes of length before them; the last one may be shorter than it says."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at + 1 : at + STEP_HEAD], "big")
        yield data[at], data[at + STEP_HEAD : at + STEP_HEAD + size]
        at += STEP_HEAD + size


def join_steps(parts: list[tuple[int, bytes]]) -> bytes:
    """What `steps` takes apart."""
    return b"".join(bytes([code]) + len(piece).to_bytes(2, "big") + piece for code, piece in parts)


FRAME_HEAD = 4
MOST_OF_A_FRAME = 1 << 16


def frames(data: bytes) -> list[bytes]:
    """Payloads of frames; a length that is not true ends with what there is."""
    found = []
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + FRAME_HEAD], "big")
        found.append(data[at + FRAME_HEAD : at + FRAME_HEAD + min(size, MOST_OF_A_FRAME)])
        at += FRAME_HEAD + min(size, MOST_OF_A_FRAME)
    return found


def join_frames(payloads: list[bytes]) -> bytes:
    """What `frames` takes apart."""
    return b"".join(len(payload).to_bytes(FRAME_HEAD, "big") + payload for payload in payloads)
