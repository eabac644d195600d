"""Orders that come from Java's hash tables, which clients can see.

A table of 2^k buckets is walked from bucket 0 up; a bucket keeps the order in which its keys came. Java's
conversion of a crowded bucket into a tree is not modelled.
"""

from typing import Final

from librt.vecs import vec
from mypy_extensions import i32, i64

from pyzoo.jute.records import Id

CHILDREN_BUCKETS: Final = 8
SESSION_BUCKETS: Final = 16
ID_BUCKETS: Final = 16

_MASK: Final = 0xFFFFFFFF


def _hash(text: str, start: i64) -> i64:
    """String.hashCode of text[start:] as an unsigned value."""
    value: i64 = 0
    size: i64 = len(text)
    for at in range(start, size):
        unit: i64 = ord(text[at])
        if unit > 0xFFFF:
            # Java's strings are UTF-16: such a character is two units.
            unit -= 0x10000
            value = (value * 31 + 0xD800 + (unit >> 10)) & _MASK
            unit = 0xDC00 + (unit & 0x3FF)
        value = (value * 31 + unit) & _MASK
    return value


def string_hash(text: str) -> i32:
    """Java's String.hashCode, a signed 32-bit value."""
    value = _hash(text, 0)
    return i32(value - 0x100000000 if value > 0x7FFFFFFF else value)


def bucket_of(text: str, start: i64, buckets: i64) -> i64:
    """The bucket of the string text[start:] in a HashMap with this many buckets."""
    value = _hash(text, start)
    return (value ^ (value >> 16)) & (buckets - 1)


def bucket_of_bytes(content: bytes, start: i64, end: i64, buckets: i64) -> i64:
    """The same for the string that is content[start:end], in UTF-8 or as jute has it."""
    value: i64 = 0
    for at in range(start, end):
        unit: i64 = content[at]
        if unit > 0x7F:
            return bucket_of(content[start:end].decode("utf-8", "surrogatepass"), 0, buckets)
        value = (value * 31 + unit) & _MASK
    return (value ^ (value >> 16)) & (buckets - 1)


def grown(buckets: i64, size: i64) -> i64:
    """The number of buckets of a HashMap after one more key has made its size `size`."""
    return buckets * 2 if size * 4 > buckets * 3 else buckets


def copy_buckets(size: i64) -> i64:
    """The number of buckets of a HashSet that was cloned with `size` keys (HashMap.putMapEntries)."""
    wanted = size * 4 // 3 + 1
    buckets: i64 = 1
    while buckets < wanted:
        buckets *= 2
    return buckets


def table_order(texts: list[str], start: i64, buckets: i64) -> list[str]:
    """The texts in the order of a HashMap whose keys are text[start:], put in the order given."""
    return part_order(texts, start, buckets, 0, buckets)


def part_order(texts: list[str], start: i64, buckets: i64, first: i64, span: i64) -> list[str]:
    """The same where all the texts are known to be in the `span` buckets from `first` on."""
    count: i64 = len(texts)
    places = vec[i64]([0] * count)
    for at in range(count):
        places[at] = bucket_of(texts[at], start, buckets) - first
    order = by_bucket(places, count, span)
    return [texts[order[at]] for at in range(count)]


def by_bucket(buckets: vec[i64], count: i64, span: i64) -> vec[i64]:
    """The first `count` places have these buckets, 0 to `span` - 1: which is the first in the table, which the next."""
    # First how many each bucket has, then where the next one of it belongs.
    next_of = vec[i64]([0] * (span + 1))
    for at in range(count):
        next_of[buckets[at] + 1] += 1
    for bucket in range(1, span):
        next_of[bucket] += next_of[bucket - 1]
    order = vec[i64]([0] * count)
    for at in range(count):
        bucket = buckets[at]
        order[next_of[bucket]] = at
        next_of[bucket] += 1
    return order


def ephemerals_copy_order(paths: list[str]) -> list[str]:
    """The order of a cloned set of ephemerals (DataTree.getEphemerals), which got the paths in the order given."""
    return table_order(paths, 0, copy_buckets(len(paths)))


def _id_hash(id: Id) -> i64:
    """Id.hashCode, spread as a ConcurrentHashMap does."""
    scheme = _hash(id.scheme or "", 0)
    value = (37 * ((37 * 17 + scheme) & _MASK) + _hash(id.id or "", 0)) & _MASK
    return (value ^ (value >> 16)) & 0x7FFFFFFF


def _split(chain: list[Id], buckets: i64) -> tuple[list[Id], list[Id]]:
    """One bucket divided by the doubling of a table of `buckets` (ConcurrentHashMap.transfer).

    The longest tail that goes to one side keeps its order; what is before it is turned around.
    """
    bits = [_id_hash(one) & buckets for one in chain]
    tail = len(chain) - 1
    while tail > 0 and bits[tail - 1] == bits[tail]:
        tail -= 1
    low: list[Id] = []
    high: list[Id] = []
    for at in range(len(chain)):
        side = high if bits[at] else low
        if at < tail:
            side.insert(0, chain[at])
        else:
            side.append(chain[at])
    return low, high


def id_set_order(ids: list[Id], gained: list[Id]) -> list[Id]:
    """The ids of a connection in their set's order after `gained` came; `ids` are in that order already."""
    buckets: i64 = ID_BUCKETS
    size: i64 = len(ids)
    while size * 4 >= buckets * 3:
        buckets *= 2
    table: list[list[Id]] = [[] for _ in range(buckets)]
    for one in ids:
        table[_id_hash(one) & (buckets - 1)].append(one)
    for one in gained:
        chain = table[_id_hash(one) & (buckets - 1)]
        if one in chain:
            continue
        chain.append(one)
        size += 1
        if size * 4 >= buckets * 3:
            halves = [_split(full, buckets) for full in table]
            table = [low for low, _ in halves] + [high for _, high in halves]
            buckets *= 2
    return [one for chain in table for one in chain]
