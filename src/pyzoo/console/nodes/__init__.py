"""THE TREE AS A VISITOR SEES IT: nodes, pages of children, walks below a path, what is written of them and into them.

Every look goes through the ACL of the node with the ids of the visitor, as the reads of a client do. What may be long
is done in slices, and everybody else goes on between them.
"""
