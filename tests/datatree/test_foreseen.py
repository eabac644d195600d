"""What was found of a node before its transaction is applied."""

from pyzoo.datatree.foreseen import Foreseen, node_in
from pyzoo.datatree.tree import DataTree
from pyzoo.jute.records import CreateTxn, DeleteTxn, TxnHeader


def test_a_node_that_is_gone_has_to_be_looked_up_again() -> None:
    tree = DataTree()
    tree.process_txn(TxnHeader(1, 1, 1, 1, 1), CreateTxn("/a", b"", None, False, 1))
    node = tree.nodes["/a"]
    foreseen = Foreseen(b"/a", node)
    assert node is node_in(foreseen)
    tree.process_txn(TxnHeader(1, 2, 2, 2, 2), DeleteTxn("/a"))
    assert node_in(foreseen) is None


def test_a_node_that_was_not_there_has_to_be_looked_up() -> None:
    assert node_in(Foreseen(b"/a", None)) is None
    assert node_in(None) is None
