"""Snapshots: what stands in them, as a file and on the wire, and the files that a directory has of them."""
