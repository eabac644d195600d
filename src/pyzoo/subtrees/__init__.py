"""SUBTREES AS PEOPLE WRITE THEM: paths, ACLs and data as text, and the document that an export is.

Pure, and below the tree: the operator's shell, the console and tests say the same things with the same words.
"""
