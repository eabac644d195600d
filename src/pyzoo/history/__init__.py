"""What logs and snapshots tell of the past: who changed what and when, the tree as it was, and what became of it.

Everything is read from the files that a server has, also while it writes them; nothing here has a clock, a thread or a
file of its own. The rule: what the files do not tell for certain is not told, and where they end it is said.
"""
