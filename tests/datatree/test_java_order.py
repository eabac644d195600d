"""Orders of Java's collections, against tables that are simulated link by link."""

from hypothesis import given
from hypothesis import strategies as st

from pyzoo.datatree.children import Children
from pyzoo.datatree.java_order import ephemerals_copy_order, id_set_order, string_hash
from pyzoo.datatree.node import DataNode
from pyzoo.jute.primitives import InputArchive
from pyzoo.jute.records import Id, read_vector_of_ustring
from tests.support.large_trees import plain_node


class SimulatedHashMap:
    """HashMap with chains: the way Java does it, not the way a listing is computed."""

    def __init__(self, buckets: int) -> None:
        self.table: list[list[str]] = [[] for _ in range(buckets)]
        self.size = 0

    def chain(self, key: str) -> list[str]:
        value = string_hash(key) & 0xFFFFFFFF
        return self.table[(value ^ (value >> 16)) & (len(self.table) - 1)]

    def add(self, key: str) -> None:
        if key in self.chain(key):
            return
        self.chain(key).append(key)
        self.size += 1
        if self.size > 0.75 * len(self.table):
            keys = self.keys()
            self.table = [[] for _ in range(2 * len(self.table))]
            for old in keys:
                self.chain(old).append(old)

    def remove(self, key: str) -> None:
        self.chain(key).remove(key)
        self.size -= 1

    def keys(self) -> list[str]:
        return [key for chain in self.table for key in chain]


names = st.text(alphabet="abc0123é-", min_size=1, max_size=12)


def test_string_hash_is_javas() -> None:
    assert string_hash("") == 0
    assert string_hash("hello") == 99162322
    assert string_hash("polygenelubricants") == -2147483648
    assert string_hash("\U0001f600") == 1772899


@given(st.lists(st.tuples(st.booleans(), names), max_size=120))
def test_children_are_listed_as_a_java_hash_set_would(steps: list[tuple[bool, str]]) -> None:
    children = Children(3)
    nodes: dict[str, DataNode] = {}
    simulated = SimulatedHashMap(8)
    for add, name in steps:
        node = nodes.pop(name, None)
        if add:
            node = nodes[name] = node or plain_node("/p/" + name)
            if name not in simulated.keys():
                children.add(node)
                simulated.add(name)
        elif node is not None:
            node.leave()
            children.discard(node)
            simulated.remove(name)
    assert simulated.keys() == children.listing()
    assert simulated.keys() == read_vector_of_ustring(InputArchive(children.encoded()))


@given(st.lists(names, unique=True, max_size=60))
def test_a_cloned_set_has_the_smallest_table_that_fits(paths: list[str]) -> None:
    wanted = int(len(paths) / 0.75 + 1)
    buckets = 1
    while buckets < wanted:
        buckets *= 2
    simulated = SimulatedHashMap(buckets)
    for path in paths:
        simulated.add(path)
    assert simulated.keys() == ephemerals_copy_order(paths)


def test_ids_are_listed_by_bucket() -> None:
    ids = [Id("digest", f"u{at}:x") for at in range(8)]
    one_by_one: list[Id] = []
    for id in ids:
        one_by_one = id_set_order(one_by_one, [id])
    assert one_by_one == id_set_order([], ids)
    assert sorted(map(repr, ids)) == sorted(map(repr, one_by_one))


def test_a_known_id_changes_nothing() -> None:
    ids = id_set_order([], [Id("ip", "127.0.0.1"), Id("digest", "a:b")])
    assert ids == id_set_order(ids, [Id("digest", "a:b")])


def test_many_ids_added_one_by_one_are_as_added_at_once() -> None:
    ids = [Id("digest", f"user{at}:x") for at in range(60)]
    one_by_one: list[Id] = []
    for id in ids:
        one_by_one = id_set_order(one_by_one, [id])
    assert one_by_one == id_set_order([], ids)
