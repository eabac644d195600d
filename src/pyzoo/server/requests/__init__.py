"""The way of a request: prepared, logged, committed, answered."""
