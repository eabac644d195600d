"""Interoperability tests: real Apache ZooKeeper servers and real clients beside pyzoo.

Nothing here imports pyzoo. The servers are processes, the wire is raw sockets, and the codec is a second,
deliberately small one, so that a mistake in pyzoo's own codec cannot hide in its tests.
"""
