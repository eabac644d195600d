"""Construct definitions of every record: the single source of the codec.

`types` has jute's primitive types, `records` the records of zookeeper.jute grouped as there. Construct is for
describing and for judging the generated codec in tests; no server imports this package at run time.
"""
