"""FORMATS AND FILES: logs and snapshots as Apache ZooKeeper writes them, and how they are read.

`log_format` and the bytes in `snapshot/` are pure and compiled; `disk` is the only module that calls the operating
system. The rule: nothing that was acknowledged is ever overwritten, dropped or skipped without saying so.
"""
