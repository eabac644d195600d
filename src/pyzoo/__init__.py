"""pyzoo: an Apache ZooKeeper server in Python.

The rooms, lowest first: errors and zxid; config; jute (records); datatree (the replicated state);
persistence (files); server (requests and roles); runtime (where trio lives); testing and cli.
A room imports only from rooms below it; docs/architecture.md tells the way of a request.
"""

__version__ = "0.1.0"
