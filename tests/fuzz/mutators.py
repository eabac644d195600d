"""Mutations that keep the lengths of frames and steps true, so that what is behind them is reached.

A mutator takes an input, the longest result and a random source, and leaves the bytes inside a part to the fuzzer.
"""

import random
from collections.abc import Callable

from tests.fuzz.pieces import frames, join_frames, join_steps, steps

Mutate = Callable[[bytes, int], bytes]
"""The fuzzer's own mutation, of bytes to at most so many bytes."""
Mutator = Callable[[bytes, int, random.Random, Mutate], bytes]

_MOST_PARTS = 64
_BLIND = 0.15
"""The share of mutations that know of no parts."""


def _shuffled(parts: list[bytes], chance: random.Random, words: list[bytes]) -> None:
    """Repeat, drop, swap or add a part."""
    kind = chance.randrange(4)
    at = chance.randrange(len(parts))
    if kind == 0 and len(parts) < _MOST_PARTS:
        parts.insert(chance.randrange(len(parts) + 1), parts[at])
    elif kind == 1 and len(parts) > 1:
        del parts[at]
    elif kind == 2:
        other = chance.randrange(len(parts))
        parts[at], parts[other] = parts[other], parts[at]
    elif len(parts) < _MOST_PARTS and words:
        parts.insert(chance.randrange(len(parts) + 1), chance.choice(words))


def framed(head: int, words: list[bytes]) -> Mutator:
    """For `head` bytes and frames behind them; `words` are payloads that an input may gain."""

    def mutate(data: bytes, most: int, chance: random.Random, inner: Mutate) -> bytes:
        if chance.random() < _BLIND or len(data) <= head:
            return inner(data, most)
        first, parts = data[:head], frames(data[head:])
        for _ in range(1 + chance.randrange(3)):
            if not parts or chance.random() < 0.4:
                _shuffled(parts or [b""], chance, words) if parts else parts.append(chance.choice(words or [b""]))
            else:
                at = chance.randrange(len(parts))
                parts[at] = inner(parts[at], max(len(parts[at]) + 64, 16))
        if chance.random() < 0.1:
            first = inner(first, head).ljust(head, b"\0")[:head]
        return (first + join_frames(parts))[:most]

    return mutate


def stepped(head: int, words: list[bytes]) -> Mutator:
    """The same for steps; the word is a piece, and its code is drawn."""

    def mutate(data: bytes, most: int, chance: random.Random, inner: Mutate) -> bytes:
        if chance.random() < _BLIND or len(data) <= head:
            return inner(data, most)
        first = data[:head]
        parts = [bytes([code]) + piece for code, piece in steps(data[head:])]
        added = [bytes([chance.randrange(256)]) + word for word in words]
        for _ in range(1 + chance.randrange(3)):
            if not parts:
                parts.append(chance.choice(added) if added else b"\0")
            elif chance.random() < 0.5:
                _shuffled(parts, chance, added)
            else:
                at = chance.randrange(len(parts))
                parts[at] = inner(parts[at], min(max(len(parts[at]) + 64, 16), 0xFFFF)) or b"\0"
        return (first + join_steps([(part[0], part[1:]) for part in parts]))[:most]

    return mutate
