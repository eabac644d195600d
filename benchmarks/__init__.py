"""Benchmarks: pyzoo beside Apache ZooKeeper, on one machine, driven by one load generator.

Nothing here imports pyzoo: the servers are processes and the client is `zkload.c`. Nothing here judges
either: figures and ratios go into a table, and no time is asserted.
"""
