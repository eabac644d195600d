"""What stands where in a snapshot; ints and longs are big-endian, ustring and buffer have their length before them.

The body, which a file and the wire have in common (SerializeUtils, DataTree.serialize):

    sessions    int count | (long id, int timeout ms)*
    ACL map     int count | (long id, vector<ACL>)*
    nodes       (ustring path, buffer data, long acl id, StatPersisted)*, the root as "", parents first
    ustring "/"

A file (FileSnap, SnapStream):

    header      int magic "ZKSN" | int version 2 | long dbid -1
    body
    seal        long Adler-32 of everything before it | ustring "/"
    digest      long zxid | int version 2 | long tree digest, and a seal      (unless digests are off)
    last zxid   long, and a seal                                              (3.9)

The wire, behind a SNAP packet (Learner.syncWithLeader):

    body
    ustring "BenWasHere"
"""

from typing import Final

MAGIC: Final = 0x5A4B534E
VERSION: Final = 2
DBID: Final = -1
HEADER_LENGTH: Final = 16

SESSION_LENGTH: Final = 12
NODE_REST_LENGTH: Final = 68
"""Of the ACL number and StatPersisted, behind the data of a node."""
END_OF_SECTION: Final = b"\x00\x00\x00\x01/"
"""Ends the nodes and every seal: the ustring "/"."""

SEAL_LENGTH: Final = 13
DIGEST_LENGTH: Final = 20
LAST_ZXID_LENGTH: Final = 8

SIGNATURE: Final = b"\x00\x00\x00\x0aBenWasHere"

SLICE_NODES: Final = 500
"""How many nodes a writer takes in one step, beside which the tree may change."""
