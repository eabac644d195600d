"""What clients are told when the database is replaced by a snapshot.

A watch fires when its node, or its list of children, is not what it was. After that all connections are closed: a
client whose session is in the snapshot comes back, sets its watches again and goes on; others find theirs expired.
So nobody goes on with a view of the old database without knowing. (Apache's server keeps the connections, and
forgets their watches.)
"""

from pyzoo.datatree.node import DataNode
from pyzoo.datatree.tree import DataTree
from pyzoo.datatree.watches import NODE_CHILDREN_CHANGED, NODE_CREATED, NODE_DATA_CHANGED, NODE_DELETED


def tell_watchers(old: DataTree, new: DataTree, zxid: int) -> None:
    """Fire the watches of `old` whose nodes `new` has not, or has otherwise."""
    for path in old.data_watches.paths():
        before, after = old.get_node(path), new.get_node(path)
        if before is not None and after is None:
            old.data_watches.trigger(path, NODE_DELETED, zxid, old.acl_of(before))
        elif before is None and after is not None:
            old.data_watches.trigger(path, NODE_CREATED, zxid, new.acl_of(after))
        elif before is not None and after is not None and _is_other_data(before, after):
            old.data_watches.trigger(path, NODE_DATA_CHANGED, zxid, new.acl_of(after))
    for path in old.child_watches.paths():
        before, after = old.get_node(path), new.get_node(path)
        if before is not None and after is None:
            old.child_watches.trigger(path, NODE_DELETED, zxid, old.acl_of(before))
        elif before is not None and after is not None and _has_other_children(before, after):
            old.child_watches.trigger(path, NODE_CHILDREN_CHANGED, zxid, new.acl_of(after))


def _is_other_data(before: DataNode, after: DataNode) -> bool:
    return before.czxid != after.czxid or before.mzxid != after.mzxid or before.data != after.data


def _has_other_children(before: DataNode, after: DataNode) -> bool:
    return before.czxid != after.czxid or before.pzxid != after.pzxid or before.cversion != after.cversion
